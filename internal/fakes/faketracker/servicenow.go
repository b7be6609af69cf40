package faketracker

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakeservicenow"
	"github.com/casepush/casepush/internal/secret"
)

// serviceNowKind is what differs between the ways into ServiceNow.
type serviceNowKind struct {
	name, typeID, table string
	tableAPI            bool
	fields              string // of the case's connector
	create, update      fakes.Rule
}

// ServiceNowTable is ITSM through the Table API.
func ServiceNowTable() Kind {
	return serviceNowKind{
		name: "servicenow-table", typeID: ".servicenow", table: fakeservicenow.TableIncident, tableAPI: true,
		fields: `{"impact":"2","severity":"1","urgency":"2","category":"software","subcategory":null}`,
		create: fakes.Rule{Method: http.MethodPost, Path: "**/table/incident"},
		update: fakes.Rule{Method: http.MethodPatch, Path: "**/table/incident/*"},
	}.kind()
}

// ServiceNowImport is ITSM through the Elastic application's import set, where
// every write is a POST to the same address.
func ServiceNowImport() Kind {
	imports := fakes.Rule{Method: http.MethodPost, Path: "**/import/*"}
	return serviceNowKind{
		name: "servicenow-import", typeID: ".servicenow", table: fakeservicenow.TableIncident,
		fields: `{"impact":"2","severity":"1","urgency":"2","category":"software","subcategory":null}`,
		create: imports, update: imports,
	}.kind()
}

// ServiceNowSecOps is SecOps through its application, with the observables of
// the case's alerts.
func ServiceNowSecOps() Kind {
	imports := fakes.Rule{Method: http.MethodPost, Path: "**/import/*"}
	k := serviceNowKind{
		name: "servicenow-secops", typeID: ".servicenow-sir", table: fakeservicenow.TableSecurityIncident,
		fields: `{"destIp":true,"sourceIp":true,"malwareHash":true,"malwareUrl":null,"priority":"1","category":null,"subcategory":null}`,
		create: imports, update: imports,
	}.kind()
	k.Alerts = []map[string]any{
		{"destination": map[string]any{"ip": "192.0.2.1"}, "source": map[string]any{"ip": "192.0.2.2"}},
		{"destination": map[string]any{"ip": "192.0.2.1"}, "file": map[string]any{"hash": map[string]any{"sha256": strings.Repeat("ab", 32)}}},
	}
	k.Observables = []string{"192.0.2.1", "192.0.2.2", strings.Repeat("ab", 32)}
	return k
}

func (s serviceNowKind) kind() Kind {
	return Kind{
		Name: s.name,
		New: func(o Options) Tracker {
			return serviceNow{fakeservicenow.New(fakeservicenow.Options{
				SearchDelay: o.SearchDelay, Seed: o.Seed, JournalSize: o.JournalSize,
			}), s.table}
		},
		Definition: s.definition,
		CaseFields: json.RawMessage(s.fields),
		Can:        Abilities{Find: true, Count: true, Read: true, Retire: true},
		Create:     s.create, Comment: s.update,
		Reads:        byMethod,
		Unrepeatable: serviceNowAdds,
		Titles:       Targets{Title: "short_description", Description: "description", Comments: "work_notes"},
	}
}

func (s serviceNowKind) definition(url string, t Times) connector.Definition {
	return connector.Definition{
		Name: "SOC ServiceNow", Type: s.typeID,
		Config:   map[string]any{"apiUrl": url, "usesTableApi": s.tableAPI},
		Secrets:  map[string]secret.String{"username": secret.New("casepush"), "password": secret.New("p")},
		Delivery: map[string]any{"find_delay": t.FindDelay.String(), "settle_time": t.SettleTime.String()},
	}
}

// serviceNowAdds: a create is a POST to the table, or an import that names no
// incident; a comment is an update of a journal field.
func serviceNowAdds(method, path, body string) bool {
	imports := strings.Contains(path, "/import/")
	switch method {
	case http.MethodPost:
		return !imports || !strings.Contains(body, `"elastic_incident_id"`) || strings.Contains(body, `work_notes"`)
	case http.MethodPatch, http.MethodPut:
		return strings.Contains(body, `work_notes"`)
	}
	return false
}

type serviceNow struct {
	*fakeservicenow.Fake
	table string
}

// Incidents implements [Tracker].
func (s serviceNow) Incidents() []Incident {
	records := s.Fake.Incidents(s.table)
	list := make([]Incident, len(records))
	for i, r := range records {
		in := Incident{
			ID: r.SysID, Name: r.Number, Title: r.Fields["short_description"], Description: r.Fields["description"],
		}
		// What is written over the mark of a duplicate is none.
		if mark := r.Fields["correlation_id"]; mark != "" && !strings.HasPrefix(mark, "retired:") {
			in.Marks, in.Case = []string{mark}, mark
		}
		in.Comments = r.Notes("work_notes")
		for _, o := range r.Observables {
			in.Observables = append(in.Observables, o.Value)
		}
		in.Updated, _ = time.Parse(time.DateTime, r.Fields["sys_updated_on"]) // to the second
		list[i] = in
	}
	return list
}
