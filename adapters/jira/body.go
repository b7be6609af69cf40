package jira

import (
	"fmt"
	"slices"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
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
	fields := &wire.Object{}
	steps := []func(*wire.Object, connector.Incident, issueOptions) error{
		setSummary, j.setProject, setIssueType, setDescription, setLabels, setPriority, setParent, setUnknown, setOther,
	}
	for _, step := range steps {
		if err := step(fields, in, opt); err != nil {
			return nil, err
		}
	}
	if fields.Len() == 1 { // the project alone changes nothing
		return nil, nil
	}
	body := &wire.Object{}
	if err := body.Encode("fields", fields); err != nil {
		return nil, err
	}
	return body.MarshalJSON()
}

func setSummary(o *wire.Object, in connector.Incident, _ issueOptions) error {
	s, err := text(in, fieldSummary)
	if err != nil || s == "" {
		return err
	}
	return o.Encode("summary", summaryLine(s))
}

func (j *jira) setProject(o *wire.Object, _ connector.Incident, _ issueOptions) error {
	return o.Encode("project", map[string]string{"key": j.settings.projectKey})
}

func setIssueType(o *wire.Object, in connector.Incident, opt issueOptions) error {
	if _, err := text(in, fieldIssueType); err != nil || opt.issueType == "" {
		return err
	}
	return o.Encode("issuetype", map[string]string{"id": opt.issueType})
}

func setDescription(o *wire.Object, in connector.Incident, _ issueOptions) error {
	s, err := text(in, fieldDescription)
	if err != nil || s == "" {
		return err
	}
	return o.Encode("description", s)
}

func setLabels(o *wire.Object, in connector.Incident, opt issueOptions) error {
	v, _ := in.Get(fieldLabels)
	if v == nil && !opt.alwaysLabels {
		return nil
	}
	tags, err := wire.Texts(v)
	if err != nil {
		return fmt.Errorf("field %q: %w", fieldLabels, err)
	}
	return o.Encode("labels", labels(tags, opt.correlationLabel))
}

func setPriority(o *wire.Object, in connector.Incident, _ issueOptions) error {
	s, err := text(in, fieldPriority)
	if err != nil || s == "" {
		return err
	}
	return o.Encode("priority", map[string]string{"name": s})
}

func setParent(o *wire.Object, in connector.Incident, _ issueOptions) error {
	s, err := text(in, fieldParent)
	if err != nil || s == "" {
		return err
	}
	return o.Encode("parent", map[string]string{"key": s})
}

func setUnknown(o *wire.Object, in connector.Incident, _ issueOptions) error {
	for _, f := range in.Fields {
		if f.Value == nil || slices.Contains(ownFields, f.Name) {
			continue
		}
		if err := o.Encode(f.Name, f.Value); err != nil {
			return err
		}
	}
	return nil
}

// setOther spreads otherFields over the rest: it may replace project and
// issuetype, as in Kibana.
func setOther(o *wire.Object, in connector.Incident, _ issueOptions) error {
	v, _ := in.Get(fieldOther)
	if v == nil || v == "" {
		return nil
	}
	other, err := otherFields(v)
	if err != nil {
		return err
	}
	o.Spread(other)
	return nil
}

// text returns the named field's text, "" if it is absent or nil.
func text(in connector.Incident, name string) (string, error) {
	v, _ := in.Get(name)
	s, err := wire.Text(v)
	if err != nil {
		return "", fmt.Errorf("field %q: %w", name, err)
	}
	return s, nil
}
