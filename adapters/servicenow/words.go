package servicenow

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/casepush/casepush/internal/connector"
)

// words returns what ServiceNow says in the body of a refusal: message and
// detail, as Kibana joins them. "" if it says nothing. httpclient bounds and
// redacts them; it does not know the secrets that make tokens, which [settings]
// does.
func words(body []byte) string {
	var answer struct {
		Error struct {
			Message string `json:"message"`
			Detail  string `json:"detail"`
		} `json:"error"`
	}
	// A part that has another shape leaves the rest readable.
	_ = json.Unmarshal(body, &answer)
	switch e := answer.Error; {
	case e.Message == "":
		return e.Detail
	case e.Detail == "":
		return e.Message
	default:
		return e.Message + ": " + e.Detail
	}
}

// tokenWords returns what the token endpoint says: OAuth's code and
// description, or ServiceNow's own words.
func tokenWords(body []byte) string {
	var answer struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Code == "" {
		return words(body)
	}
	if answer.Description == "" {
		return answer.Code
	}
	return answer.Code + ": " + answer.Description
}

// refusal returns what ServiceNow says, without our secrets.
func (s settings) refusal(body []byte) string { return s.redactor.Redact(words(body)) }

// maxQuote bounds ServiceNow's words inside an answer that is a success, in
// characters: the same that httpclient takes of a refusal.
const maxQuote = 500

// quote makes an error of ServiceNow's words inside an answer that is a
// success: one line, bounded, without credentials.
func (s settings) quote(text string) error {
	if strings.TrimSpace(text) == "" {
		text = "no error in error response" // Kibana's words
	}
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	head, rest := connector.Limit{Max: maxQuote, Unit: connector.Runes}.Cut(s.redactor.Redact(text))
	if rest != "" {
		head += "…"
	}
	return errors.New(head)
}

// because joins what went wrong and why, which may be unknown.
func because(what, why error) error {
	if why == nil {
		return what
	}
	return fmt.Errorf("%w: %w", what, why)
}
