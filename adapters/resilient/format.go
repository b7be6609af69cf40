package resilient

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// maxAdditional is Kibana's bound.
const maxAdditional = 50

// kibanaError has Kibana's words, which people search for.
type kibanaError string

// Error returns them unchanged.
func (e kibanaError) Error() string { return string(e) }

const (
	tooManyAdditional = "A maximum of 50 fields in additionalFields can be defined at a time."
	badAdditional     = "The following properties cannot be defined inside additionalFields: %s."
)

// forbiddenAdditional are the keys that Kibana does not allow inside
// additionalFields.
var forbiddenAdditional = []string{fieldName, fieldDescription, "externalId", fieldTypes, fieldSeverity, fieldAdditional}

// format makes the incident's fields of the case's connector fields, in the
// order in which Kibana has them. Null and absent ones make none.
func format(_ connector.Definition, c connector.CaseInfo) (connector.Formatted, error) {
	var out connector.Formatted
	steps := []struct {
		name string
		read func(any) (any, error)
	}{{fieldTypes, readTypes}, {fieldSeverity, readSeverity}, {fieldAdditional, readAdditional}}
	for _, step := range steps {
		v, err := step.read(c.Fields[step.name])
		if err != nil {
			return connector.Formatted{}, fmt.Errorf("case connector field %q: %w", step.name, err)
		}
		if v != nil {
			out.Fields = append(out.Fields, connector.Field{Name: step.name, Value: v})
		}
	}
	return out, nil
}

// readTypes reads the ids of incident types: texts, which Kibana makes numbers
// of.
func readTypes(v any) (any, error) {
	var list []any
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []any:
		list = v
	case []string:
		for _, s := range v {
			list = append(list, s)
		}
	default:
		return nil, fmt.Errorf("want a list of ids, got %T", v)
	}
	ids := make([]string, 0, len(list))
	for _, item := range list {
		id, err := readID(item)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// readSeverity reads the id of a severity.
func readSeverity(v any) (any, error) {
	if v == nil || v == "" {
		return nil, nil
	}
	return readID(v)
}

// readID reads a whole number, in text or not.
func readID(v any) (string, error) {
	var s string
	switch v := v.(type) {
	case string:
		s = strings.TrimSpace(v)
	case json.Number:
		s = v.String()
	case float64:
		s = strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return "", fmt.Errorf("want an id, got %T", v)
	}
	if !isNumber(s) {
		return "", fmt.Errorf("want an id, which is a number, got %q", s)
	}
	return s, nil
}

// readAdditional checks additionalFields and returns its JSON text, because a
// map would lose the order of the keys.
func readAdditional(v any) (any, error) {
	if v == nil || v == "" {
		return nil, nil
	}
	o, err := parseAdditional(v)
	if err != nil {
		return nil, err
	}
	b, err := o.MarshalJSON()
	return string(b), err
}

// parseAdditional reads and judges additionalFields: JSON text as Kibana stores
// it, or the object itself.
func parseAdditional(v any) (*wire.Object, error) {
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
	if err != nil {
		return nil, err
	}
	return o, checkAdditional(o.Keys())
}

func checkAdditional(keys []string) error {
	if len(keys) > maxAdditional {
		return kibanaError(tooManyAdditional)
	}
	var bad []string
	for _, k := range keys {
		if slices.Contains(forbiddenAdditional, k) {
			bad = append(bad, k)
		}
	}
	if bad != nil {
		return kibanaError(fmt.Sprintf(badAdditional, strings.Join(bad, ", ")))
	}
	return nil
}
