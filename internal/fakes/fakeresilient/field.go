package fakeresilient

import (
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/casepush/casepush/internal/fakes"
)

// Field is a field of incidents.
type Field struct {
	Name      string
	Prefix    string // "properties" for a custom field
	InputType string // text, textarea, select, multiselect, number, boolean, datepicker, datetimepicker
	Required  string // always, close or ""
	ReadOnly  bool
	Values    []Value // of select and multiselect
}

// Value is one that a field can have.
type Value struct {
	Value any // json.Number or string
	Label string
}

func number(n string) json.Number { return json.Number(n) }

// DefaultFields are those of a small organization: what every one has, and the
// custom fields custom1, kibana_case_id, priority_score, approved, teams,
// region, notes and reviewed.
func DefaultFields() []Field {
	return []Field{
		{Name: "name", InputType: "text", Required: "always"},
		{Name: "discovered_date", InputType: "datetimepicker", Required: "always"},
		{Name: "description", InputType: "textarea"},
		{Name: "incident_type_ids", InputType: "multiselect", Values: []Value{{number("17"), "Malware"}, {number("19"), "Phishing"}, {number("22"), "Denial of Service"}}},
		{Name: "severity_code", InputType: "select", Values: []Value{{number("50"), "Low"}, {number("51"), "Medium"}, {number("52"), "High"}}},
		{Name: "plan_status", InputType: "select", Values: []Value{{"A", "Active"}, {"C", "Closed"}}},
		{Name: "resolution_id", InputType: "select", Required: "close", Values: []Value{{number("53"), "Unresolved"}, {number("54"), "Duplicate"}, {number("55"), "Not an Issue"}}},
		{Name: "resolution_summary", InputType: "textarea", Required: "close"},
		{Name: "create_date", InputType: "datetimepicker", ReadOnly: true},
		{Name: "end_date", InputType: "datetimepicker", ReadOnly: true},
		{Name: "start_date", InputType: "datetimepicker"},
		{Name: "id", InputType: "number", ReadOnly: true},
		{Name: "reporter", InputType: "text"},
		{Name: "city", InputType: "text"},
		{Name: "confirmed", InputType: "boolean"},
		{Name: "custom1", Prefix: "properties", InputType: "text"},
		{Name: "kibana_case_id", Prefix: "properties", InputType: "text"},
		{Name: "priority_score", Prefix: "properties", InputType: "number"},
		{Name: "approved", Prefix: "properties", InputType: "boolean"},
		{Name: "teams", Prefix: "properties", InputType: "multiselect", Values: []Value{{number("301"), "SOC"}, {number("302"), "CERT"}}},
		{Name: "region", Prefix: "properties", InputType: "select", Values: []Value{{number("401"), "EMEA"}, {number("402"), "APAC"}}},
		{Name: "notes", Prefix: "properties", InputType: "textarea"},
		{Name: "reviewed", Prefix: "properties", InputType: "datepicker"},
	}
}

// lookup returns the field of a name; a prefix may stand before it.
func (f *Fake) lookup(prefix, name string) (Field, bool) {
	for _, d := range f.opts.Fields {
		if d.Name == name && d.Prefix == prefix || d.Prefix != "" && d.Prefix+"."+d.Name == name {
			return d, true
		}
	}
	return Field{}, false
}

// anywhere is lookup at the top, then among the custom fields.
func (f *Fake) anywhere(name string) (Field, bool) {
	if d, ok := f.lookup("", name); ok {
		return d, true
	}
	return f.lookup("properties", name)
}

// store makes the stored form of a value that was sent; problem says why it
// cannot be.
func (f *Fake) store(d Field, v any) (stored any, problem string) {
	if v == nil {
		return nil, ""
	}
	ok := false
	switch d.InputType {
	case "text":
		stored, ok = v.(string)
		if s, _ := v.(string); tooLong(s, f.opts.MaxName) {
			return nil, "The value of the field " + d.Name + " is too long."
		}
	case "textarea":
		return f.storeText(d, v)
	case "select":
		stored, ok = d.choose(v)
	case "multiselect":
		var list []any
		list, ok = v.([]any)
		chosen := make([]any, len(list))
		for i, item := range list {
			if chosen[i], ok = d.choose(item); !ok {
				break
			}
		}
		stored, ok = chosen, ok || len(list) == 0 && list != nil
	case "boolean":
		stored, ok = v.(bool)
	default:
		stored, ok = v.(json.Number)
	}
	if !ok {
		return nil, "Invalid value for the field " + d.Name + "."
	}
	return stored, ""
}

func (f *Fake) storeText(d Field, v any) (any, string) {
	t := Text{Format: "text"}
	switch v := v.(type) {
	case string:
		t.Content = v
	case map[string]any:
		format, _ := v["format"].(string)
		content, ok := v["content"].(string)
		if format != "text" && format != "html" || !ok {
			return nil, "Invalid text for the field " + d.Name + "."
		}
		t = Text{format, content}
	default:
		return nil, "Invalid text for the field " + d.Name + "."
	}
	if tooLong(t.Content, f.opts.MaxText) {
		return nil, "The value of the field " + d.Name + " is too long."
	}
	return f.keep(t), ""
}

func tooLong(s string, most int) bool { return most > 0 && fakes.UTF16Len(s) > most }

// choose returns the value that is meant: by value, label or handle.
func (d Field) choose(v any) (any, bool) {
	if h, ok := v.(map[string]any); ok {
		if v, ok = h["id"]; !ok {
			v = h["name"]
		}
	}
	for _, known := range d.Values {
		if v == known.Value || v == known.Label {
			return known.Value, true
		}
	}
	return nil, false
}

// same compares stored values: no text is an empty one.
func same(a, b any) bool {
	text := func(v any) (string, bool) {
		switch v := v.(type) {
		case nil:
			return "", true
		case string:
			return v, true
		case *Text:
			return v.Content, true
		}
		return "", false
	}
	if x, ok := text(a); ok {
		y, ok := text(b)
		return ok && x == y
	}
	return reflect.DeepEqual(a, b)
}

// render is the metadata of a field.
func (d Field) render(id int) map[string]any {
	values := []any{}
	for _, v := range d.Values {
		values = append(values, map[string]any{"value": v.Value, "label": v.Label, "enabled": true, "properties": nil})
	}
	out := map[string]any{
		"id": id, "name": d.Name, "text": d.Name, "prefix": nil, "input_type": d.InputType, "read_only": d.ReadOnly, "values": values, "type_id": 0,
	}
	if d.Prefix != "" {
		out["prefix"] = d.Prefix
	}
	if d.Required != "" {
		out["required"] = d.Required
	}
	return out
}

func (f *Fake) fields(w http.ResponseWriter, _ *http.Request) {
	list := []any{}
	for i, d := range f.opts.Fields {
		list = append(list, d.render(i+1))
	}
	fakes.WriteJSON(w, http.StatusOK, list)
}

func (f *Fake) field(w http.ResponseWriter, r *http.Request) {
	for i, d := range f.opts.Fields {
		if d.Name == r.PathValue("field") {
			fakes.WriteJSON(w, http.StatusOK, d.render(i+1))
			return
		}
	}
	refuse(w, http.StatusNotFound, "Unable to find field "+r.PathValue("field")+".")
}
