package fakejira

import (
	"encoding/json"
	"slices"
	"time"
)

// Issue is an issue as it stands.
type Issue struct {
	ID  string `json:"id"`
	Key string `json:"key"`
	// Fields as they were set, by field id: summary, description, labels,
	// project, issuetype …
	Fields     map[string]any `json:"fields"`
	Status     string         `json:"status"`   // name
	Comments   []Comment      `json:"comments"` // oldest first
	Links      []Link         `json:"links"`    // with either end here, oldest first
	Properties []Property     `json:"properties"`
	Created    time.Time      `json:"created"`
	Updated    time.Time      `json:"updated"`
}

// Text returns a field if it is a string, else "".
func (i Issue) Text(field string) string {
	s, _ := i.Fields[field].(string)
	return s
}

// Labels returns the labels.
func (i Issue) Labels() []string {
	list, _ := i.Fields["labels"].([]any)
	out := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Comment is a comment of an issue.
type Comment struct {
	ID         string     `json:"id"`
	Body       string     `json:"body"`
	Properties []Property `json:"properties"`
	// Visibility as it was sent, nil if it was not; it hides nothing here.
	Visibility json.RawMessage `json:"visibility,omitempty"`
	Created    time.Time       `json:"created"`
	Updated    time.Time       `json:"updated"`
}

// Property is an entity property of an issue or a comment.
type Property struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// jiraIssue is the stored form.
type jiraIssue struct {
	id, key    string
	fields     map[string]any
	status     string // id; "" is the first
	comments   []*Comment
	properties []Property
	created    time.Time
	updated    time.Time
	writes     []time.Time // within the longest of WriteLimits
}

// public needs the lock.
func (j *Fake) public(i *jiraIssue) Issue {
	out := Issue{
		ID: i.id, Key: i.key, Fields: cloneJSON(i.fields).(map[string]any), Status: i.statusOf().name, Links: j.linksOf(i.key),
		Properties: slices.Clone(i.properties), Created: i.created, Updated: i.updated,
	}
	for _, c := range i.comments {
		comment := *c
		comment.Properties = slices.Clone(c.Properties)
		out.Comments = append(out.Comments, comment)
	}
	return out
}

// cloneJSON copies a decoded JSON value.
func cloneJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = cloneJSON(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = cloneJSON(item)
		}
		return out
	default:
		return v
	}
}
