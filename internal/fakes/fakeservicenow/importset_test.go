package fakeservicenow

import (
	"fmt"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/fakes/fakestest"
)

const (
	importITSM = "/api/now/import/x_elas2_inc_int_elastic_incident"
	importSIR  = "/api/now/import/x_elas2_sir_int_elastic_si_incident"
)

// item is the first of an import's answer, which must be 201.
func item(t *testing.T, f *Fake, target, body string) map[string]any {
	t.Helper()
	status, v := fakestest.Call(t, f, "POST", target, body)
	if status != 201 {
		t.Fatalf("import: %d %v", status, v)
	}
	return results(t, v)[0]
}

func TestImport(t *testing.T) {
	for target, want := range map[string]struct{ table, number, transformMap string }{
		importITSM: {TableIncident, "INC0010001", "Elastic Incident"},
		importSIR:  {TableSecurityIncident, "SIR0010001", "Elastic SI Incident"},
	} {
		f := New(Options{})
		got := item(t, f, target, `{"assignment_group":"soc","short_description":"loses","u_short_description":"s","u_correlation_id":"case-1","u_work_notes":null,"u_unheard_of":"x"}`)
		id, _ := got["sys_id"].(string)
		if got["status"] != "inserted" || got["table"] != want.table || got["display_value"] != want.number || got["transform_map"] != want.transformMap ||
			got["record_link"] != "http://fake/api/now/table/"+want.table+"/"+id {
			t.Errorf("insert: %v", got)
		}
		in, _ := f.Incident(id)
		if in.Fields["short_description"] != "s" || in.Fields["assignment_group"] != "soc" || in.Fields["correlation_id"] != "case-1" || len(in.Journal) != 0 {
			t.Errorf("record: %+v", in)
		}
		for body, status := range map[string]string{
			`{"elastic_incident_id":"` + id + `","u_work_notes":"n"}`:                             "updated",
			`{"elastic_incident_id":"` + id + `","u_short_description":"s","u_close_notes":null}`: "ignored",
			`{"elastic_incident_id":"unknown","u_short_description":"second"}`:                    "error",
		} {
			if got := item(t, f, target, body); got["status"] != status || status == "error" && (got["error_message"] != "Target record not found" || got["sys_id"] != nil) {
				t.Errorf("%s: %v", body, got)
			}
		}
		if in, _ := f.Incident(id); len(in.Notes("work_notes")) != 1 || len(f.Incidents("")) != 1 {
			t.Errorf("after updates: %+v", f.Incidents(""))
		}
		if status, _ := fakestest.Call(t, f, "POST", target, `{"u_short_description":`); status != 400 {
			t.Errorf("broken JSON: %d", status)
		}
	}
}

func TestImportErrorsAreCreated(t *testing.T) {
	f := New(Options{Mandatory: []string{"caller_id"}, Closed: ClosedRefuses})
	if got := item(t, f, importITSM, `{"u_short_description":"s"}`); got["status"] != "error" || got["error_message"] != "Data Policy Exception: The following fields are mandatory: Caller" {
		t.Errorf("mandatory: %v", got)
	}
	id := made(t, f, TableIncident, `{"caller_id":"x"}`)
	f.Edit(id, map[string]string{"state": "7"})
	if got := item(t, f, importITSM, `{"elastic_incident_id":"`+id+`","u_work_notes":"n"}`); got["status"] != "error" {
		t.Errorf("closed: %v", got)
	}
	if n := len(f.Journal().Writes()); n != 1 {
		t.Errorf("%d writes, want the one create", n)
	}
}

func TestTransformMapsOfOtherInstances(t *testing.T) {
	for transform, want := range map[Transform]string{TransformUpdates: "updated error", TransformInsertsUnknown: "updated inserted", TransformInsertsAlways: "inserted inserted"} {
		f := New(Options{Transform: transform})
		id := made(t, f, TableIncident, sample)
		known := item(t, f, importITSM, `{"elastic_incident_id":"`+id+`","u_short_description":"t"}`)
		unknown := item(t, f, importITSM, `{"elastic_incident_id":"none","u_short_description":"t"}`)
		if got := fmt.Sprint(known["status"], " ", unknown["status"]); got != want || len(f.Incidents("")) != 1+strings.Count(want, "inserted") {
			t.Errorf("%d: %q, want %q; %d incidents", transform, got, want, len(f.Incidents("")))
		}
	}
	f := New(Options{ImportNotifies: true})
	first := item(t, f, importITSM, `{"u_short_description":"s"}`)
	status, v := fakestest.Call(t, f, "POST", importITSM, `{"elastic_incident_id":"`+first["sys_id"].(string)+`","u_short_description":"t"}`)
	items := results(t, v)
	if status != 201 || len(items) != 2 || items[0]["status"] != "updated" || items[1]["table"] != "sysevent" || len(f.Incidents("")) != 1 {
		t.Errorf("%d %v", status, v)
	}
}

func TestElasticApplications(t *testing.T) {
	for _, installed := range []bool{true, false} {
		f := New(Options{NoElasticApps: !installed})
		for scope, name := range map[string]string{"x_elas2_inc_int": "Elastic for ITSM", "x_elas2_sir_int": "Elastic for Security Operations", "x_other": ""} {
			status, v := fakestest.Call(t, f, "GET", "/api/"+scope+"/elastic_api/health", "")
			if !installed || name == "" {
				if status != 400 {
					t.Errorf("%s: %d %v, want 400", scope, status, v)
				}
				continue
			}
			if got := result(t, v); status != 200 || got["name"] != name || got["scope"] != scope || got["version"] == "" {
				t.Errorf("%s: %d %v", scope, status, v)
			}
		}
		want := map[bool]int{true: 201, false: 400}[installed]
		if status, _ := fakestest.Call(t, f, "POST", importSIR, `{}`); status != want {
			t.Errorf("import: %d, want %d", status, want)
		}
	}
}

func TestObservables(t *testing.T) {
	f := New(Options{})
	first, second := made(t, f, TableSecurityIncident, sample), made(t, f, TableSecurityIncident, sample)
	path := func(id string) string { return "/api/x_elas2_sir_int/elastic_api/incident/" + id + "/observables" }
	status, v := fakestest.Call(t, f, "POST", path(first)+"/bulk", `[{"value":"203.0.113.7","type":"ipv4-addr"},{"value":"203.0.113.7","type":"ipv4-addr"},{"value":"http://x","type":"URL"}]`)
	list := results(t, v)
	if status != 200 || len(list) != 3 || list[0]["observable_sys_id"] != list[1]["observable_sys_id"] || list[2]["value"] != "http://x" {
		t.Errorf("bulk: %d %v", status, v)
	}
	status, v = fakestest.Call(t, f, "POST", path(second), `{"value":"203.0.113.7","type":"ipv4-addr"}`)
	if status != 200 || result(t, v)["observable_sys_id"] != list[0]["observable_sys_id"] {
		t.Errorf("single: %d %v", status, v)
	}
	for id, want := range map[string]int{first: 2, second: 1} {
		if in, _ := f.Incident(id); len(in.Observables) != want {
			t.Errorf("observables: %v, want %d", in.Observables, want)
		}
	}
	for target, body := range map[string]string{path(first) + "/bulk": `[{"value":"","type":"URL"}]`, path(first): `{"value":"x"}`, path(second) + "/bulk": `{}`} {
		if status, _ := fakestest.Call(t, f, "POST", target, body); status != 400 {
			t.Errorf("%s: %d, want 400", body, status)
		}
	}
	if status, _ := fakestest.Call(t, f, "POST", path(made(t, f, TableIncident, sample)), `{"value":"x","type":"URL"}`); status != 404 {
		t.Errorf("an ITSM incident: %d, want 404", status)
	}
}
