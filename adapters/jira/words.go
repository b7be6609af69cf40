package jira

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// words returns what Jira says in the body of a refusal: its messages, then
// what is wrong with each field, sorted. "" if it says nothing. httpclient bounds
// and redacts them.
func words(body []byte) string {
	var answer struct {
		ErrorMessages []string                   `json:"errorMessages"`
		Errors        map[string]json.RawMessage `json:"errors"`
		Message       string                     `json:"message"` // of Atlassian's gateways
	}
	// A part that has another shape leaves the rest readable.
	_ = json.Unmarshal(body, &answer)
	said := slices.Clone(answer.ErrorMessages)
	for _, field := range slices.Sorted(maps.Keys(answer.Errors)) {
		said = append(said, fmt.Sprintf("field %q: %s", field, plain(answer.Errors[field])))
	}
	if len(said) == 0 && answer.Message != "" {
		said = append(said, answer.Message)
	}
	return strings.Join(said, "; ")
}

// plain is a JSON string's text, or the JSON of anything else.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
