package fakeservicenow

import (
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
)

// application is one of Elastic's two, which bring an import set table and a
// transform map each.
type application struct{ name, scope, staging, target, transformMap string }

func applications() []application {
	return []application{
		{"Elastic for ITSM", "x_elas2_inc_int", "x_elas2_inc_int_elastic_incident", TableIncident, "Elastic Incident"},
		{"Elastic for Security Operations", "x_elas2_sir_int", "x_elas2_sir_int_elastic_si_incident", TableSecurityIncident, "Elastic SI Incident"},
	}
}

// installed finds an application that is installed.
func (f *Fake) installed(match func(application) bool) (application, bool) {
	for _, a := range applications() {
		if _, table := f.schemas[a.target]; match(a) && table && !f.opts.NoElasticApps {
			return a, true
		}
	}
	return application{}, false
}

// health answers what Kibana asks before each write.
func (f *Fake) health(w http.ResponseWriter, r *http.Request) {
	app, ok := f.installed(func(a application) bool { return a.scope == r.PathValue("scope") })
	if !ok {
		noResource(w, r)
		return
	}
	if refused := f.mayImport(); refused != nil {
		refused.send(w)
		return
	}
	answer(w, http.StatusOK, map[string]string{"name": app.name, "scope": app.scope, "version": "1.0.3"})
}

func (f *Fake) mayImport() *refusal {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rights.Denied(RightImport) {
		return &refusal{http.StatusForbidden, "User Not Authorized", "Failed API level ACL Validation"}
	}
	return nil
}

// imported is one item of the answer to an import.
type imported struct {
	TransformMap string `json:"transform_map"`
	Table        string `json:"table"`
	DisplayName  string `json:"display_name,omitempty"`
	DisplayValue string `json:"display_value,omitempty"`
	RecordLink   string `json:"record_link,omitempty"`
	Status       string `json:"status"`
	SysID        string `json:"sys_id,omitempty"`
	ErrorMessage string `json:"error_message,omitempty"`
}

// importOne takes one row into an import set and transforms it at once. What
// goes wrong there is said in the item: the answer is 201 all the same.
func (f *Fake) importOne(w http.ResponseWriter, r *http.Request) {
	app, ok := f.installed(func(a application) bool { return a.staging == r.PathValue("staging") })
	if !ok {
		noTable(r.PathValue("staging")).send(w)
		return
	}
	if refused := f.mayImport(); refused != nil {
		refused.send(w)
		return
	}
	body, refused := fields(r)
	if refused != nil {
		refused.send(w)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.imports++
	item := f.transform(r, app, body)
	items := []imported{item}
	if f.opts.ImportNotifies {
		items = append(items, imported{TransformMap: "Notify", Table: "sysevent", DisplayName: "name", DisplayValue: "elastic.import", RecordLink: f.base(r) + "/api/now/table/sysevent/" + stableID("event"), Status: "inserted", SysID: stableID("event")})
	}
	if item.Status != "error" {
		fakes.Acted(r)
	}
	fakes.WriteJSON(w, http.StatusCreated, map[string]any{
		"import_set": fmt.Sprintf("ISET%07d", 10000+f.imports), "staging_table": app.staging, "result": items,
	})
}

// transform runs the transform map. It needs the lock.
func (f *Fake) transform(r *http.Request, app application, staged map[string]string) imported {
	item := imported{TransformMap: app.transformMap, Table: app.target, Status: "inserted"}
	id := staged["elastic_incident_id"]
	rec, refused := f.find(app.target, id), (*refusal)(nil)
	switch {
	case id == "" || f.opts.Transform == TransformInsertsAlways || rec == nil && f.opts.Transform == TransformInsertsUnknown:
		rec, refused = f.insert(app.target, mapped(staged), user(r))
	case rec == nil:
		refused = &refusal{detail: "Target record not found"}
	default:
		var changed bool
		changed, refused = f.change(rec, mapped(staged), user(r))
		item.Status = "updated"
		if !changed {
			item.Status = "ignored"
		}
	}
	if refused != nil {
		item.Status, item.ErrorMessage = "error", refused.detail
		return item
	}
	item.DisplayName, item.DisplayValue, item.SysID = "number", rec.row["number"], rec.id()
	item.RecordLink = f.base(r) + "/api/now/table/" + app.target + "/" + rec.id()
	return item
}

// mapped are the fields of the target: those of the application's own columns,
// with u_ before the name, and further ones by their names. The former win.
func mapped(staged map[string]string) map[string]string {
	out, own := map[string]string{}, map[string]string{}
	for name, value := range staged {
		if target, ok := strings.CutPrefix(name, "u_"); ok {
			own[target] = value
		} else {
			out[name] = value
		}
	}
	maps.Copy(out, own)
	return out
}
