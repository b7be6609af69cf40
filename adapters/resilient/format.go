package resilient

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// freeFields are Kibana's rules for additionalFields.
var freeFields = wire.FreeFields{Key: fieldAdditional, Most: 50, Forbidden: []string{
	fieldName, fieldDescription, "externalId", fieldTypes, fieldSeverity, fieldAdditional,
}}

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
	o, err := freeFields.Parse(v)
	if err != nil {
		return nil, err
	}
	b, err := o.MarshalJSON()
	return string(b), err
}
