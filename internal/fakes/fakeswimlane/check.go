package fakeswimlane

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/casepush/casepush/internal/fakes"
)

// checkValues says what is wrong with the values of a create or patch, nil if
// nothing. What is not null is looked at.
func (a *App) checkValues(values map[string]any) *refusal {
	for _, id := range slices.Sorted(maps.Keys(values)) {
		if id == "$type" {
			continue
		}
		field, ok := a.field(id)
		switch {
		case !ok:
			return refused(fieldNotFound, id)
		case field.ReadOnly:
			return refused(modelValidation, field.Name)
		case values[id] == nil:
			continue
		}
		if wrong := field.check(values[id]); wrong != nil {
			return wrong
		}
	}
	return nil
}

// check says what is wrong with a value.
func (f Field) check(v any) *refusal {
	ok := true
	switch f.FieldType {
	case "text":
		var text string
		text, ok = v.(string)
		if f.MaxLength > 0 && fakes.UTF16Len(text) > f.MaxLength {
			return refused(modelValidation, f.Name)
		}
	case "numeric":
		_, ok = v.(json.Number)
	case "valuesList":
		ok = f.chosen(v)
	case "comments": // has a route of its own
		ok = false
	}
	if !ok {
		return refused(wrongType, f.Name)
	}
	return nil
}

// chosen reports whether v chooses values of the list.
func (f Field) chosen(v any) bool {
	list, several := v.([]any)
	if several != (f.SelectionType == "multi") {
		return false
	}
	if !several {
		list = []any{v}
	}
	for _, item := range list {
		m, _ := item.(map[string]any)
		known := slices.ContainsFunc(f.Values, func(have Value) bool { return m["id"] == have.ID && m["value"] == have.Name })
		if !known || m["$type"] != selectionType || len(m) != 3 {
			return false
		}
	}
	return true
}

// checkWhole says what is wrong with all values of a record as it will be:
// what is required is there, and what is unique is in no other one. It needs
// the lock.
func (f *Fake) checkWhole(app *App, values map[string]any, except *record) *refusal {
	for _, field := range app.Fields {
		v := values[field.ID]
		if field.Required && (v == nil || v == "") {
			return refused(requiredMissing, field.Name)
		}
		if !field.Unique || v == nil {
			continue
		}
		for _, other := range f.records {
			if other != except && other.appID == app.ID && other.values[field.ID] == v {
				return refused(duplicateFieldValue, field.Name)
			}
		}
	}
	return nil
}
