package fakewebhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
)

// Incident is an incident as it stands.
type Incident struct {
	ID        string `json:"id"`        // "1001"
	Reference string `json:"reference"` // "INC-1001", what people call it
	Fields
	Comments []Comment `json:"comments"` // oldest first
}

// Fields are what clients set.
type Fields struct {
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Severity    string   `json:"severity"`
	Status      string   `json:"status"`
	CaseID      string   `json:"case_id"`
	Tags        []string `json:"tags"`
}

// Comment is a comment of an incident.
type Comment struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

func (i *Incident) clone() Incident {
	out := *i
	out.Tags, out.Comments = slices.Clone(i.Tags), slices.Clone(i.Comments)
	return out
}

// decodeFields sets what a body has, and leaves the rest alone.
func decodeFields(body []byte, fields *Fields) *refusal {
	out := *fields
	out.Tags = slices.Clone(fields.Tags)
	if r := decode(body, &out); r != nil {
		return r
	}
	if strings.TrimSpace(out.Title) == "" {
		return refuse(422, "title: must not be blank")
	}
	*fields = out
	return nil
}

// decodeComment reads a comment's text.
func decodeComment(body []byte) (string, *refusal) {
	var c struct {
		Text string `json:"text"`
	}
	if r := decode(body, &c); r != nil {
		return "", r
	}
	if strings.TrimSpace(c.Text) == "" {
		return "", refuse(422, "text: must not be blank")
	}
	return c.Text, nil
}

// decode reads one JSON object.
func decode(body []byte, v any) *refusal {
	if !json.Valid(body) || !strings.HasPrefix(strings.TrimSpace(string(body)), "{") {
		return refuse(400, "the body is no JSON object")
	}
	err := fakes.DecodeOne(body, v)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return refuse(422, fmt.Sprintf("%s: must be %s", wrong.Field, wrong.Type))
	case err != nil:
		return refuse(422, strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}
