package fakeswimlane

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// recordBody is the body of a create or patch. What clients send back of an
// answer is ignored.
type recordBody struct {
	Type          string         `json:"$type"`
	ApplicationID string         `json:"applicationId"`
	ID            string         `json:"id"`
	Values        map[string]any `json:"values"`

	IsNew    json.RawMessage `json:"isNew"`
	Comments json.RawMessage `json:"comments"`
}

// readRecord decodes the body of a request and checks it against the
// application of the path. It needs the lock.
func (f *Fake) readRecord(w http.ResponseWriter, r *http.Request) (*App, recordBody, bool) {
	var body recordBody
	if !decode(w, r, &body) {
		return nil, body, false
	}
	app := f.app(r.PathValue("app"))
	switch {
	case app == nil:
		refused(applicationNotFound, r.PathValue("app")).send(w)
		return nil, body, false
	case body.ApplicationID != app.ID || body.Values == nil || body.ID != r.PathValue("record"):
		refused(modelValidation, "applicationId, id and values").send(w)
		return nil, body, false
	}
	if wrong := app.checkValues(body.Values); wrong != nil {
		wrong.send(w)
		return nil, body, false
	}
	delete(body.Values, "$type")
	return app, body, true
}

func (f *Fake) createRecord(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	app, body, ok := f.readRecord(w, r)
	if !ok {
		return
	}
	values := withoutNulls(body.Values)
	if wrong := f.checkWhole(app, values, nil); wrong != nil {
		wrong.send(w)
		return
	}
	number := 1
	for _, other := range f.records {
		if other.appID == app.ID {
			number = max(number, other.number+1)
		}
	}
	now := time.Now()
	rec := &record{
		id: f.newID(), appID: app.ID, acronym: app.Acronym, number: number, values: values,
		comments: map[string][]Comment{}, created: now, modified: now,
	}
	for _, field := range app.Fields {
		if field.FieldType == "tracking" {
			values[field.ID] = rec.name()
		}
	}
	f.records = append(f.records, rec)
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusOK, f.render(rec))
}

func withoutNulls(values map[string]any) map[string]any {
	out := maps.Clone(values)
	maps.DeleteFunc(out, func(_ string, v any) bool { return v == nil })
	return out
}

// patchRecord sets the given values; null removes one.
func (f *Fake) patchRecord(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	app, body, ok := f.readRecord(w, r)
	if !ok {
		return
	}
	rec := f.writable(w, r)
	if rec == nil {
		return
	}
	if len(body.Comments) > 0 {
		refused(modelValidation, "comments").send(w)
		return
	}
	merged := maps.Clone(rec.values)
	maps.Copy(merged, body.Values)
	merged = withoutNulls(merged)
	if wrong := f.checkWhole(app, merged, rec); wrong != nil {
		wrong.send(w)
		return
	}
	rec.values, rec.modified = merged, time.Now()
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusOK, f.render(rec))
}

// readable returns the record of the path, or answers and returns nil. It
// needs the lock.
func (f *Fake) readable(w http.ResponseWriter, r *http.Request) *record {
	if f.app(r.PathValue("app")) == nil {
		refused(applicationNotFound, r.PathValue("app")).send(w)
		return nil
	}
	rec := f.find(r.PathValue("record"))
	if rec == nil || rec.appID != r.PathValue("app") {
		refused(recordNotFound, r.PathValue("record")).send(w)
		return nil
	}
	return rec
}

// writable is readable for a change, which the lock of another user refuses.
func (f *Fake) writable(w http.ResponseWriter, r *http.Request) *record {
	rec := f.readable(w, r)
	if rec == nil || rec.lockedBy == "" || rec.lockedBy == f.opts.UserName {
		return rec
	}
	if f.opts.LockedStatus == http.StatusBadRequest {
		refused(modelValidation, "").send(w)
	} else {
		w.WriteHeader(f.opts.LockedStatus)
	}
	return nil
}

func (f *Fake) getRecord(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if rec := f.readable(w, r); rec != nil {
		fakes.WriteJSON(w, http.StatusOK, f.render(rec))
	}
}

// getTracked finds a record by its number within the application.
func (f *Fake) getTracked(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, rec := range f.records {
		if name := r.PathValue("number"); rec.appID == r.PathValue("app") && (strconv.Itoa(rec.number) == name || rec.name() == name) {
			fakes.WriteJSON(w, http.StatusOK, f.render(rec))
			return
		}
	}
	refused(recordNotFound, r.PathValue("number")).send(w)
}

func (f *Fake) deleteRecord(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rec := f.writable(w, r)
	if rec == nil {
		return
	}
	f.records = slices.DeleteFunc(f.records, func(other *record) bool { return other == rec })
	fakes.Acted(r)
	w.WriteHeader(http.StatusNoContent)
}
