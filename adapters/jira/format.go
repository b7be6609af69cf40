package jira

import (
	"fmt"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// maxOtherFields is Kibana's bound.
const maxOtherFields = 20

// kibanaError has Kibana's words, which people search for.
type kibanaError string

// Error returns them unchanged.
func (e kibanaError) Error() string { return string(e) }

const (
	tooManyOther = "A maximum of 20 fields in otherFields can be defined at a time."
	badOther     = "The following properties cannot be defined inside otherFields: %s."
)

// forbiddenOther are the keys that Kibana does not allow inside otherFields.
var forbiddenOther = []string{
	fieldSummary, fieldDescription, "externalId", fieldIssueType, fieldPriority, fieldLabels, fieldParent, fieldOther,
}

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
	var o *wire.Object
	var err error
	switch v := v.(type) {
	case string:
		o, err = wire.ParseObject([]byte(v))
	case map[string]any:
		o, err = wire.SortedObject(v)
	default:
		err = fmt.Errorf("want JSON text, got %T", v)
	}
	if err == nil {
		err = checkOther(o.Keys())
	}
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", fieldOther, err)
	}
	return o, nil
}

func checkOther(keys []string) error {
	if len(keys) > maxOtherFields {
		return kibanaError(tooManyOther)
	}
	var bad []string
	for _, k := range keys {
		if slices.Contains(forbiddenOther, k) {
			bad = append(bad, k)
		}
	}
	if bad != nil {
		return kibanaError(fmt.Sprintf(badOther, strings.Join(bad, ", ")))
	}
	return nil
}
