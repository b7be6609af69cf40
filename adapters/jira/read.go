package jira

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// ReadIncident implements [connector.Connector]. Fields have the names of the
// incident (issueType, not issuetype); one that the issue does not have is nil.
func (j *jira) ReadIncident(ctx context.Context, ref connector.Ref, fields []string) (connector.Incident, error) {
	const op = "read incident"
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = jiraName(f)
	}
	if len(names) == 0 {
		names = []string{"project"} // none would mean every field to Jira, all comments included
	}
	body, err := j.send(ctx, call{
		op: op, method: http.MethodGet, reads: true,
		path: "issue", parts: []string{ref.ID}, query: url.Values{"fields": {strings.Join(names, ",")}},
	})
	if err != nil {
		return connector.Incident{}, err
	}
	in, err := decodeIncident(body, fields)
	if err != nil {
		return connector.Incident{}, connector.BadAnswer(op, err)
	}
	return in, nil
}

// jiraName is Jira's name of an incident's field.
func jiraName(field string) string {
	if field == fieldIssueType {
		return "issuetype"
	}
	return field
}

// decodeIncident reads the named fields of an issue.
func decodeIncident(body []byte, fields []string) (connector.Incident, error) {
	var issue struct {
		Fields map[string]json.RawMessage `json:"fields"`
	}
	if err := wire.Decode(body, &issue); err != nil {
		return connector.Incident{}, err
	}
	if issue.Fields == nil { // must never pass for an issue without texts
		return connector.Incident{}, errors.New(`key "fields": missing`)
	}
	var in connector.Incident
	for _, name := range fields {
		v, err := decodeField(name, issue.Fields[jiraName(name)])
		if err != nil {
			return connector.Incident{}, err
		}
		in.Fields = append(in.Fields, connector.Field{Name: name, Value: v})
	}
	return in, nil
}

// decodeField makes of Jira's value what the incident has under this name: the
// same that a create takes.
func decodeField(name string, raw json.RawMessage) (any, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	switch name {
	case fieldSummary, fieldDescription:
		return wire.DecodeAs[string](raw)
	case fieldLabels:
		return wire.DecodeAs[[]string](raw)
	case fieldIssueType, fieldPriority, fieldParent:
		v, err := wire.DecodeAs[struct{ ID, Name, Key string }](raw)
		return map[string]string{fieldIssueType: v.ID, fieldPriority: v.Name, fieldParent: v.Key}[name], err
	}
	return wire.DecodeAs[any](raw)
}
