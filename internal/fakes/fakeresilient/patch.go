package fakeresilient

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// patchBody is the body of a patch. A field is named by a text, or by an object
// with its name.
type patchBody struct {
	Version *int `json:"version"`
	Changes []struct {
		Field any            `json:"field"`
		Old   map[string]any `json:"old_value"`
		New   map[string]any `json:"new_value"`
	} `json:"changes"`
}

// changed is one change, understood.
type changed struct {
	field    Field
	old, new any
}

func (f *Fake) patch(w http.ResponseWriter, r *http.Request) {
	var body patchBody
	if !decode(w, r, &body) {
		return
	}
	changes, problem := f.understand(body)
	if problem != "" {
		refuse(w, http.StatusBadRequest, problem)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.findOr404(w, r)
	if i == nil {
		return
	}
	if failures, conflict := f.conflict(i, body.Version, changes); conflict {
		title, message := "Unable to save", "Another user has changed the incident."
		fakes.WriteJSON(w, http.StatusOK, status{Title: &title, Message: &message, Hints: []string{}, Failures: failures})
		return
	}
	after := &incident{fields: maps.Clone(i.fields), properties: maps.Clone(i.properties)}
	for _, c := range changes {
		after.set(c.field, c.new)
	}
	if problem := f.checkChanged(i, after); problem != "" {
		refuse(w, http.StatusBadRequest, problem)
		return
	}
	i.fields, i.properties, i.updated = after.fields, after.properties, time.Now()
	i.vers++
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusOK, status{Success: true, Hints: []string{}})
}

// understand reads the changes; problem says what is wrong with them.
func (f *Fake) understand(body patchBody) (changes []changed, problem string) {
	if len(body.Changes) == 0 {
		return nil, "No changes."
	}
	for _, c := range body.Changes {
		name, _ := c.Field.(string)
		if h, ok := c.Field.(map[string]any); ok {
			name, _ = h["name"].(string)
		}
		d, ok := f.anywhere(name)
		if !ok || d.ReadOnly {
			return nil, fmt.Sprintf("Unrecognized field %s.", name)
		}
		one := changed{field: d}
		for _, side := range []struct {
			sent map[string]any
			to   *any
		}{{c.Old, &one.old}, {c.New, &one.new}} {
			v, problem := d.typed(side.sent)
			if problem != "" {
				return nil, problem
			}
			if *side.to, problem = f.store(d, v); problem != "" {
				return nil, problem
			}
		}
		changes = append(changes, one)
	}
	return changes, ""
}

// typed takes the value out of its typed key: {"text": …}, {"id": …}.
func (d Field) typed(sent map[string]any) (v any, problem string) {
	keys := map[string][]string{
		"text": {"text"}, "textarea": {"textarea"}, "select": {"id", "text"}, "multiselect": {"ids"},
		"boolean": {"boolean"}, "number": {"object"}, "datepicker": {"date"}, "datetimepicker": {"date"},
	}[d.InputType]
	for _, key := range append(keys, "object") {
		if v, ok := sent[key]; ok {
			return v, ""
		}
	}
	if len(sent) > 0 {
		return nil, "Invalid value for the field " + d.Name + "."
	}
	return nil, ""
}

// conflict says whether the incident has changed since the client read it. It
// needs the lock.
func (f *Fake) conflict(i *incident, version *int, changes []changed) (failures []failure, conflict bool) {
	for _, c := range changes {
		have := i.get(c.field)
		if f.conflicts > 0 || !same(have, c.old) {
			failures = append(failures, failure{Field: c.field.Name, Original: plainValue(c.old), Current: plainValue(have)})
		}
		if f.conflicts > 0 {
			f.conflicts--
			return failures, true
		}
	}
	return failures, len(failures) > 0 || version != nil && *version < i.vers
}

func plainValue(v any) any {
	if t, ok := v.(*Text); ok {
		return t.Content
	}
	return v
}

// checkChanged says what is wrong with an incident after a patch.
func (f *Fake) checkChanged(before, after *incident) string {
	closes := after.fields["plan_status"] == "C" && before.fields["plan_status"] != "C"
	for _, d := range f.opts.Fields {
		v := after.get(d)
		if t, ok := v.(*Text); ok {
			v = t.Content
		}
		missing := v == nil || v == ""
		if missing && (d.Required == "always" || closes && d.Required == "close") {
			return "The field " + d.Name + " is required."
		}
	}
	if closes {
		after.fields["end_date"] = json.Number(fmt.Sprint(millis(time.Now())))
	}
	return ""
}
