package resilient

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// value is one field of an incident as the API names it.
type value struct {
	prefix string // "" if the metadata says it
	name   string
	json   json.RawMessage
	// ofCase: it is a text of the case, which is never markup. Additional fields
	// are sent as they were given.
	ofCase bool
	own    bool // one of the four that Kibana knows: see kibanaField
}

// additional returns the fields that Kibana does not know: first the targets of
// a mapping, then additionalFields. Of a name that occurs twice the last value
// counts. Fields that the caller put inside properties are custom ones.
func (r *resilient) additional(in connector.Incident) ([]value, error) {
	var out []value
	for _, f := range in.Fields {
		if isOwn(f.Name) || f.Value == nil || f.Name == fieldAdditional {
			continue
		}
		raw, err := wire.Marshal(f.Value)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", f.Name, err)
		}
		out = put(out, value{name: f.Name, json: raw, ofCase: true})
	}
	v, _ := in.Get(fieldAdditional)
	more, err := additionalFields(v)
	if err != nil {
		return nil, err
	}
	for _, a := range more {
		out = put(out, a)
	}
	if p := r.settings.correlationProperty; p != "" && slices.ContainsFunc(out, func(a value) bool { return a.name == p }) {
		return nil, fmt.Errorf("field %q: is delivery.correlation_property, which no other value may take", p)
	}
	return out, nil
}

// put appends, or replaces what has the name.
func put(list []value, v value) []value {
	for i := range list {
		if list[i].name == v.name && list[i].prefix == v.prefix {
			list[i] = v
			return list
		}
	}
	return append(list, v)
}

// additionalFields makes a list of the object or JSON text; nil and "" are none.
func additionalFields(v any) ([]value, error) {
	if v == nil || v == "" {
		return nil, nil
	}
	o, err := freeFields.Parse(v)
	if err != nil {
		return nil, err
	}
	return spread(o, "")
}

// spread lists an object's values in their order; those of an object
// "properties" as custom fields.
func spread(o *wire.Object, prefix string) ([]value, error) {
	text, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var byKey map[string]json.RawMessage
	if err := wire.Decode(text, &byKey); err != nil {
		return nil, err
	}
	var out []value
	for _, key := range o.Keys() {
		if key == apiProperties && prefix == "" {
			custom, err := wire.ParseObject(byKey[key])
			if err != nil {
				return nil, fmt.Errorf("field %q: %w", key, err)
			}
			inner, err := spread(custom, apiProperties)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
			continue
		}
		out = append(out, value{prefix: prefix, name: key, json: byKey[key]})
	}
	return out, nil
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

// typeIDs returns the incident types; there is false if the field is absent.
func typeIDs(in connector.Incident) (list []json.Number, there bool, err error) {
	v, _ := in.Get(fieldTypes)
	if v == nil {
		return nil, false, nil
	}
	texts, err := wire.Texts(v)
	if err != nil {
		return nil, false, fmt.Errorf("field %q: %w", fieldTypes, err)
	}
	list = make([]json.Number, 0, len(texts))
	for _, t := range texts {
		if !isNumber(t) {
			return nil, false, fmt.Errorf("field %q: want ids, got %q", fieldTypes, t)
		}
		list = append(list, json.Number(t))
	}
	return list, true, nil
}

// severity returns the severity's id, "" if the field is absent or empty.
func severity(in connector.Incident) (json.Number, error) {
	s, err := text(in, fieldSeverity)
	if err == nil && s != "" && !isNumber(s) {
		err = fmt.Errorf("field %q: want an id, got %q", fieldSeverity, s)
	}
	return json.Number(s), err
}
