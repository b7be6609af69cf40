package resilient

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

// status is what the API says of a request: of a refusal, and of every patch.
type status struct {
	Success  *bool             `json:"success"`
	Title    string            `json:"title"`
	Message  string            `json:"message"`
	Hints    []json.RawMessage `json:"hints"`
	Failures []struct {
		Field json.RawMessage `json:"field"`
	} `json:"field_failures"`
}

// words returns what the API says in the body of a refusal: title, message,
// hints, then the fields that it is about. "" if it says nothing. Values are
// left out: they are texts of the case. httpclient bounds and redacts the rest.
func words(body []byte) string {
	var s status
	// A part that has another shape leaves the rest readable.
	_ = json.Unmarshal(body, &s)
	var said []string
	for _, text := range append([]string{s.Title, s.Message}, texts(s.Hints)...) {
		if text = strings.TrimSpace(text); text != "" {
			said = append(said, text)
		}
	}
	for _, f := range s.Failures {
		if name := fieldNamed(f.Field); name != "" {
			said = append(said, fmt.Sprintf("field %q", name))
		}
	}
	return strings.Join(said, "; ")
}

// words is [words] without the key, whose id httpclient takes for a user's name.
func (r *resilient) words(body []byte) string {
	return httpclient.NewRedactor(r.settings.apiKeyID, r.settings.apiKeySecret).Redact(words(body))
}

func texts(hints []json.RawMessage) []string {
	out := make([]string, len(hints))
	for i, raw := range hints {
		_ = json.Unmarshal(raw, &out[i]) // anything but a text has no words
	}
	return out
}

// fieldNamed is the name of a field handle: a text, or an object with it.
func fieldNamed(raw json.RawMessage) string {
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return name
	}
	var handle struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(raw, &handle)
	return handle.Name
}

// maxWords bounds what is shown of a success that is none, in characters.
const maxWords = 500

// said is the words of a 2xx, which httpclient does not look into: in one line,
// bounded.
func (r *resilient) said(body []byte) string {
	line := strings.FieldsFunc(r.words(body), func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsPrint(c) })
	head, rest := connector.Limit{Max: maxWords, Unit: connector.Runes}.Cut(strings.Join(line, " "))
	if rest != "" {
		head += "…"
	}
	return head
}
