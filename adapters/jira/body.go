package jira

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/casepush/casepush/internal/connector"
)

// issueOptions is what a create or update adds to the incident.
type issueOptions struct {
	issueType        string // id; "" sends none
	correlationLabel string
	alwaysLabels     bool // send labels even if the incident has none: create
}

// ownFields are those which issueBody places itself.
var ownFields = []string{fieldSummary, fieldDescription, fieldLabels, fieldIssueType, fieldPriority, fieldParent, fieldOther}

// issueBody makes the body of a create or update, with Kibana's keys in
// Kibana's order; fields that Kibana does not know (targets of a mapping) stand
// before otherFields. It is nil if the incident has nothing to send.
func (j *jira) issueBody(in connector.Incident, opt issueOptions) ([]byte, error) {
	fields := &object{}
	steps := []func(*object, connector.Incident, issueOptions) error{
		setSummary, j.setProject, setIssueType, setDescription, setLabels, setPriority, setParent, setUnknown, setOther,
	}
	for _, step := range steps {
		if err := step(fields, in, opt); err != nil {
			return nil, err
		}
	}
	if len(fields.keys) == 1 { // the project alone changes nothing
		return nil, nil
	}
	body := &object{}
	if err := body.encode("fields", fields); err != nil {
		return nil, err
	}
	return body.MarshalJSON()
}

func setSummary(o *object, in connector.Incident, _ issueOptions) error {
	s, err := text(in, fieldSummary)
	if err != nil || s == "" {
		return err
	}
	return o.encode("summary", summaryLine(s))
}

func (j *jira) setProject(o *object, _ connector.Incident, _ issueOptions) error {
	return o.encode("project", map[string]string{"key": j.settings.projectKey})
}

func setIssueType(o *object, in connector.Incident, opt issueOptions) error {
	if _, err := text(in, fieldIssueType); err != nil || opt.issueType == "" {
		return err
	}
	return o.encode("issuetype", map[string]string{"id": opt.issueType})
}

func setDescription(o *object, in connector.Incident, _ issueOptions) error {
	s, err := text(in, fieldDescription)
	if err != nil || s == "" {
		return err
	}
	return o.encode("description", s)
}

func setLabels(o *object, in connector.Incident, opt issueOptions) error {
	v, _ := in.Get(fieldLabels)
	if v == nil && !opt.alwaysLabels {
		return nil
	}
	tags, err := texts(v)
	if err != nil {
		return fmt.Errorf("field %q: %w", fieldLabels, err)
	}
	return o.encode("labels", labels(tags, opt.correlationLabel))
}

func setPriority(o *object, in connector.Incident, _ issueOptions) error {
	s, err := text(in, fieldPriority)
	if err != nil || s == "" {
		return err
	}
	return o.encode("priority", map[string]string{"name": s})
}

func setParent(o *object, in connector.Incident, _ issueOptions) error {
	s, err := text(in, fieldParent)
	if err != nil || s == "" {
		return err
	}
	return o.encode("parent", map[string]string{"key": s})
}

func setUnknown(o *object, in connector.Incident, _ issueOptions) error {
	for _, f := range in.Fields {
		if f.Value == nil || slices.Contains(ownFields, f.Name) {
			continue
		}
		if err := o.encode(f.Name, f.Value); err != nil {
			return err
		}
	}
	return nil
}

// setOther spreads otherFields over the rest: it may replace project and
// issuetype, as in Kibana.
func setOther(o *object, in connector.Incident, _ issueOptions) error {
	v, _ := in.Get(fieldOther)
	if v == nil || v == "" {
		return nil
	}
	other, err := otherFields(v)
	if err != nil {
		return err
	}
	for _, key := range other.keys {
		o.set(key, other.values[key])
	}
	return nil
}

// text returns the named field's text, "" if it is absent or nil.
func text(in connector.Incident, name string) (string, error) {
	v, _ := in.Get(name)
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	}
	return "", fmt.Errorf("field %q: want a text, got %T", name, v)
}

// texts returns a list of texts; nil is an empty one.
func texts(v any) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []string:
		return v, nil
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("want a list of texts, got one with %T", e)
			}
			out = append(out, s)
		}
		return out, nil
	}
	return nil, fmt.Errorf("want a list of texts, got %T", v)
}
