package fakeresilient

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

func (f *Fake) create(w http.ResponseWriter, r *http.Request) {
	format, ok := textFormat(w, r)
	var body map[string]any
	if !ok || !decode(w, r, &body) {
		return
	}
	now := time.Now()
	i := &incident{vers: 1, fields: map[string]any{}, properties: map[string]any{}, created: now, updated: now}
	if problem := f.fill(i, body); problem != "" {
		refuse(w, http.StatusBadRequest, problem)
		return
	}
	if i.fields["plan_status"] == nil {
		i.fields["plan_status"] = "A"
	}
	if i.fields["incident_type_ids"] == nil {
		i.fields["incident_type_ids"] = []any{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i.id = f.newID()
	f.incidents = append(f.incidents, i)
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusOK, f.show(i, format))
}

// fill sets what the body of a create has, and says what is wrong with it.
func (f *Fake) fill(i *incident, body map[string]any) string {
	for _, key := range slices.Sorted(maps.Keys(body)) {
		if key != "properties" {
			if problem := f.fillOne(i, "", key, body[key]); problem != "" {
				return problem
			}
			continue
		}
		custom, ok := body[key].(map[string]any)
		if !ok {
			return "properties must be an object."
		}
		for _, name := range slices.Sorted(maps.Keys(custom)) {
			if problem := f.fillOne(i, "properties", name, custom[name]); problem != "" {
				return problem
			}
		}
	}
	for _, d := range f.opts.Fields {
		if v := i.get(d); d.Required == "always" && (v == nil || v == "") {
			return "The field " + d.Name + " is required."
		}
	}
	return ""
}

func (f *Fake) fillOne(i *incident, prefix, name string, v any) string {
	d, ok := f.lookup(prefix, name)
	if !ok || d.ReadOnly {
		return "Unrecognized field " + name + "."
	}
	stored, problem := f.store(d, v)
	if problem == "" {
		i.set(d, stored)
	}
	return problem
}

func (f *Fake) get(w http.ResponseWriter, r *http.Request) {
	format, ok := textFormat(w, r)
	if !ok {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := f.findOr404(w, r); i != nil {
		fakes.WriteJSON(w, http.StatusOK, f.show(i, format))
	}
}

// session is what the key is shown of its organizations.
func (f *Fake) session(w http.ResponseWriter, _ *http.Request) {
	orgs := []any{}
	for _, o := range f.opts.Orgs {
		orgs = append(orgs, map[string]any{
			"id": o.ID, "name": o.Name, "uuid": o.UUID, "cloud_account": o.CloudAccount, "enabled": !o.Disabled,
			"perms": nil, "effective_permissions": []any{}, "role_handles": []any{},
		})
	}
	fakes.WriteJSON(w, http.StatusOK, map[string]any{"orgs": orgs, "user_display_name": "API key"})
}
