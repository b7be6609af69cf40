package fakeservicenow

import (
	"net/http"
	"slices"

	"github.com/casepush/casepush/internal/fakes"
)

// sighting is an observable as it is sent.
type sighting struct {
	Value string `json:"value"`
	Type  string `json:"type"`
}

// addObservable takes one.
func (f *Fake) addObservable(w http.ResponseWriter, r *http.Request) {
	var one sighting
	if refused := decode(r, &one); refused != nil {
		refused.send(w)
		return
	}
	if added, ok := f.observe(w, r, []sighting{one}); ok {
		answer(w, http.StatusOK, added[0])
	}
}

// addObservables takes a list.
func (f *Fake) addObservables(w http.ResponseWriter, r *http.Request) {
	var list []sighting
	if refused := decode(r, &list); refused != nil {
		refused.send(w)
		return
	}
	if added, ok := f.observe(w, r, list); ok {
		answer(w, http.StatusOK, added)
	}
}

// observe adds observables to a security incident, all or none. One that it
// has already is answered alike and not added again.
func (f *Fake) observe(w http.ResponseWriter, r *http.Request, list []sighting) ([]map[string]string, bool) {
	refused := f.mayObserve(list)
	f.mu.Lock()
	defer f.mu.Unlock()
	rec := f.find(TableSecurityIncident, r.PathValue("id"))
	if refused == nil && (rec == nil || f.rights.Denied(RightRead)) {
		refused = noRecord()
	}
	if refused == nil && f.rights.Denied(RightWrite) {
		refused = operationFailed("ACL Exception Update Failed due to security constraints")
	}
	if refused != nil {
		refused.send(w)
		return nil, false
	}
	added := make([]map[string]string, 0, len(list))
	for _, s := range list {
		o := Observable{Value: s.Value, Type: s.Type}
		if f.observables[o] == "" {
			f.observables[o] = f.newID()
		}
		o.SysID = f.observables[o]
		if !slices.Contains(rec.observables, o) {
			rec.observables = append(rec.observables, o)
		}
		added = append(added, map[string]string{"value": o.Value, "observable_sys_id": o.SysID})
	}
	fakes.Acted(r)
	return added, true
}

func (f *Fake) mayObserve(list []sighting) *refusal {
	if _, ok := f.installed(func(a application) bool { return a.target == TableSecurityIncident }); !ok {
		return &refusal{status: http.StatusBadRequest, message: "Requested URI does not represent any resource"}
	}
	if slices.ContainsFunc(list, func(s sighting) bool { return s.Value == "" || s.Type == "" }) {
		return &refusal{http.StatusBadRequest, "Invalid observable", "value and type are required"}
	}
	return f.mayImport()
}
