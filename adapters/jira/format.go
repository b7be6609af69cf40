package jira

import (
	"fmt"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// freeFields are Kibana's rules for otherFields.
var freeFields = wire.FreeFields{Key: fieldOther, Most: 20, Forbidden: []string{
	fieldSummary, fieldDescription, "externalId", fieldIssueType, fieldPriority, fieldLabels, fieldParent, fieldOther,
}}

// format makes the incident's fields of the case's connector fields, in the
// order in which Jira gets them. Null and absent ones make none; labels come
// by the mapping, from the case's tags.
func format(_ connector.Definition, c connector.CaseInfo) (connector.Formatted, error) {
	var out []connector.Field
	for _, name := range []string{fieldIssueType, fieldPriority, fieldParent} {
		switch v := c.Fields[name].(type) {
		case nil:
		case string:
			if v != "" {
				out = append(out, connector.Field{Name: name, Value: v, Source: connector.Digest(v)})
			}
		default:
			return connector.Formatted{}, fmt.Errorf("case connector field %q: want a text or null, got %T", name, v)
		}
	}
	v := c.Fields[fieldOther]
	if v == nil || v == "" {
		return connector.Formatted{Fields: out}, nil
	}
	o, err := otherFields(v)
	if err != nil {
		return connector.Formatted{}, fmt.Errorf("case connector %w", err)
	}
	// JSON text, because a map would lose the order of the keys.
	b, err := o.MarshalJSON()
	if err != nil {
		return connector.Formatted{}, fmt.Errorf("case connector field %q: %w", fieldOther, err)
	}
	out = append(out, connector.Field{Name: fieldOther, Value: string(b), Source: connector.Digest(string(b))})
	return connector.Formatted{Fields: out}, nil
}

// otherFields reads and judges otherFields: JSON text as Kibana stores it, or
// the object itself.
func otherFields(v any) (*wire.Object, error) {
	o, err := freeFields.Parse(v)
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", fieldOther, err)
	}
	return o, nil
}
