package fakeservicenow

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/casepush/casepush/internal/fakes/fakestest"
)

// failure is the two texts of a refusal, with a bar between.
func failure(v map[string]any) string {
	e, _ := v["error"].(map[string]any)
	message, _ := e["message"].(string)
	detail, _ := e["detail"].(string)
	return message + "|" + detail
}

func TestCutsSilently(t *testing.T) {
	f := New(Options{Lengths: map[string]int{"description": 9}})
	id := made(t, f, TableIncident, `{"short_description":"`+strings.Repeat("x", 159)+`🦊","description":"`+strings.Repeat("🦊", 5)+`","correlation_id":"`+strings.Repeat("x", 101)+`"}`)
	in, _ := f.Incident(id)
	for name, want := range map[string]int{"short_description": 159, "description": 4, "correlation_id": 100} {
		if got := utf8.RuneCountInString(in.Fields[name]); got != want {
			t.Errorf("%s: %d characters, want %d", name, got, want)
		}
	}
}

func TestValuesBecomeTexts(t *testing.T) {
	f := New(Options{})
	id := made(t, f, TableIncident, `{"impact":1,"knowledge":true,"category":null,"description":["a", 1],"sys_created_by":"me","number":"X"}`)
	in, _ := f.Incident(id)
	for name, want := range map[string]string{
		"impact": "1", "knowledge": "true", "category": "", "description": `["a", 1]`, "sys_created_by": nobody, "number": "INC0010001",
		"urgency": "3", "priority": "3", "state": "1", "incident_state": "1", "active": "true",
	} {
		if in.Fields[name] != want {
			t.Errorf("%s: %q, want %q", name, in.Fields[name], want)
		}
	}
}

func TestJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time begins at 2000-01-01 00:00:00 UTC
		f := New(Options{})
		id := made(t, f, TableIncident, `{"short_description":"s","comments":"first"}`)
		<-time.After(time.Second)
		as := []string{"Authorization", "Basic YW5uOmFueQ=="} // ann
		for _, body := range []string{`{"work_notes":"line\none"}`, `{"work_notes":"line\none"}`, `{"comments":""}`} {
			fakestest.Call(t, f, "PATCH", incidents+"/"+id, body, as...)
		}
		query := "/api/now/table/sys_journal_field?sysparm_query=element_id=" + id + "^element=work_notes"
		_, v := fakestest.Call(t, f, "GET", query, "")
		rows := results(t, v)
		if len(rows) != 2 || rows[0]["value"] != "line\none" || rows[0]["name"] != "incident" || rows[0]["sys_created_on"] != "2000-01-01 00:00:01" || rows[0]["sys_created_by"] != "ann" {
			t.Errorf("rows: %v", rows)
		}
		_, v = fakestest.Call(t, f, "GET", incidents+"/"+id+"?sysparm_display_value=true", "")
		const note = "1999-12-31 16:00:01 - ann (Work notes)\nline\none\n\n"
		got := result(t, v)
		if got["work_notes"] != note+note || got["comments"] != "1999-12-31 16:00:00 - casepush (Additional comments)\nfirst\n\n" || got["sys_updated_on"] != "1999-12-31 16:00:01" {
			t.Errorf("display values: %q %q %q", got["work_notes"], got["comments"], got["sys_updated_on"])
		}
		if got["sys_mod_count"] != "2" {
			t.Errorf("%v changes, want 2: an empty note is none", got["sys_mod_count"])
		}
		entry := "/api/now/table/sys_journal_field/" + rows[0]["sys_id"].(string)
		for _, method := range []string{"PATCH", "DELETE"} {
			if status, v := fakestest.Call(t, f, method, entry, `{"value":"other"}`); status != 403 {
				t.Errorf("%s an entry: %d %v", method, status, v)
			}
		}
		f.Delete(id)
		if _, v := fakestest.Call(t, f, "GET", query, ""); len(results(t, v)) != 0 {
			t.Errorf("of a deleted incident: %v", v)
		}
	})
}

func TestDisplayValues(t *testing.T) {
	f := New(Options{})
	id := made(t, f, TableIncident, `{"caller_id":"moneypenny"}`)
	read := func(parameters string) map[string]any {
		_, v := fakestest.Call(t, f, "GET", incidents+"/"+id+"?sysparm_fields=state,caller_id,closed_by&"+parameters, "")
		return result(t, v)
	}
	all := read("sysparm_display_value=all")
	state, caller := all["state"].(map[string]any), all["caller_id"].(map[string]any)
	if state["display_value"] != "New" || state["value"] != "1" || caller["value"] != "moneypenny" || caller["link"] == nil {
		t.Errorf("all: %v", all)
	}
	shown := read("sysparm_display_value=true")
	if caller, _ := shown["caller_id"].(map[string]any); shown["state"] != "New" || caller["display_value"] != "moneypenny" || shown["closed_by"] != "" {
		t.Errorf("true: %v", shown)
	}
	if plain := read("sysparm_exclude_reference_link=true"); plain["caller_id"] != "moneypenny" || plain["state"] != "1" {
		t.Errorf("without links: %v", plain)
	}
}

func TestClosing(t *testing.T) {
	const end = `{"state":"7","close_code":"Closed/Resolved by Caller","close_notes":"Closed by Caller"}`
	for _, tc := range []struct {
		closed      Closed
		status      int
		title       string
		notes       int
		stillClosed bool
	}{
		{ClosedTakes, 200, "again", 1, false},
		{ClosedRefuses, 403, "s", 0, true},
		{ClosedKeeps, 200, "s", 1, true},
	} {
		f := New(Options{Closed: tc.closed})
		id := made(t, f, TableIncident, `{"short_description":"s"}`)
		target := incidents + "/" + id
		status, v := fakestest.Call(t, f, "PATCH", target, `{"state":"6","close_code":"x"}`)
		if want := "Operation Failed|Data Policy Exception: The following fields are mandatory: Resolution notes"; status != 403 || failure(v) != want {
			t.Errorf("resolve without notes: %d %v", status, v)
		}
		if status, v := fakestest.Call(t, f, "PATCH", target, end); status != 200 || result(t, v)["active"] != "false" || result(t, v)["closed_at"] == "" || result(t, v)["incident_state"] != "7" {
			t.Fatalf("close: %d %v", status, v)
		}
		status, v = fakestest.Call(t, f, "PATCH", target, `{"short_description":"again","work_notes":"n","state":"2"}`)
		in, _ := f.Incident(id)
		if status != tc.status || in.Fields["short_description"] != tc.title || len(in.Notes("work_notes")) != tc.notes || in.Fields["state"] == "7" != tc.stillClosed {
			t.Errorf("update of a closed one: %d %v %v", status, failure(v), in)
		}
		if tc.status == 403 && !strings.Contains(failure(v), "Operation Failed|Operation against file 'incident' was aborted by Business Rule") {
			t.Errorf("words: %q", failure(v))
		}
	}
}

func TestMandatory(t *testing.T) {
	f := New(Options{Mandatory: []string{"caller_id", "category"}})
	status, v := fakestest.Call(t, f, "POST", incidents, `{"short_description":"s"}`)
	if want := "Operation Failed|Data Policy Exception: The following fields are mandatory: Caller"; status != 403 || failure(v) != want {
		t.Errorf("%d %q", status, failure(v))
	}
	made(t, f, TableIncident, `{"caller_id":"x"}`)
}

func TestRefusals(t *testing.T) {
	f := New(Options{NoSecurityIncidents: true})
	id := made(t, f, TableIncident, sample)
	for _, tc := range []struct {
		method, target, body string
		header               []string
		status               int
		words                string
	}{
		{"POST", incidents, `{"short_description":`, nil, 400, "Exception while reading request|The payload is not valid JSON."},
		{"POST", incidents, `[]`, nil, 400, "Exception while reading request|The payload is not valid JSON."},
		{"POST", incidents, `{}`, []string{"Content-Type", ""}, 400, "Invalid headers|Accept and Content-Type are required"},
		{"PATCH", incidents + "/" + id, `{}`, []string{"Accept", ""}, 400, "Invalid headers|Accept and Content-Type are required"},
		{"POST", incidents, `{}`, []string{"Content-Type", "text/plain"}, 415, "Unsupported media type|Only application/json is played here"},
		{"POST", incidents, `{}`, []string{"Accept", "application/xml"}, 406, "Not acceptable|Only application/json is played here"},
		{"GET", "/api/now/table/sn_si_incident", ``, nil, 400, "Invalid table sn_si_incident|Table sn_si_incident does not exist"},
		{"POST", "/api/now/table/none", `{}`, nil, 400, "Invalid table none|Table none does not exist"},
		{"PATCH", "/api/now/table/none/" + id, `{}`, nil, 400, "Invalid table none|Table none does not exist"},
		{"GET", "/api/now/table/none/" + id, ``, nil, 400, "Invalid table none|Table none does not exist"},
		{"GET", incidents + "/INC0010001", ``, nil, 404, "No Record found|Record doesn't exist or ACL restricts the record retrieval"},
		{"PATCH", incidents + "/none", `{}`, nil, 404, "No Record found|Record doesn't exist or ACL restricts the record retrieval"},
		{"DELETE", incidents + "/none", ``, nil, 404, "No Record found|Record doesn't exist or ACL restricts the record retrieval"},
		{"POST", "/api/now/table/sys_journal_field", `{}`, nil, 403, "Operation Failed|ACL Exception Insert Failed due to security constraints"},
		{"POST", incidents + "/" + id, `{}`, nil, 405, "Method POST is not supported for the requested resource|"},
		{"GET", "/api/now/none", ``, nil, 400, "Requested URI does not represent any resource|"},
		{"GET", "/api/x_elas2_sir_int/elastic_api/health", ``, nil, 400, "Requested URI does not represent any resource|"},
	} {
		status, v := fakestest.Call(t, f, tc.method, tc.target, tc.body, tc.header...)
		if status != tc.status || failure(v) != tc.words || v["status"] != "failure" {
			t.Errorf("%s %s: %d %q, want %d %q", tc.method, tc.target, status, failure(v), tc.status, tc.words)
		}
	}
	if status, _ := fakestest.CallRaw(t, f, "GET", "/stats.do", ""); status != 404 {
		t.Errorf("another page: %d", status)
	}
	if n := len(f.Journal().Writes()); n != 1 {
		t.Errorf("%d writes, want 1", n)
	}
}

func TestNoResponseBody(t *testing.T) {
	f := New(Options{})
	id := made(t, f, TableIncident, sample)
	if status, b := fakestest.CallRaw(t, f, "PATCH", incidents+"/"+id, `{"impact":"1"}`, "X-no-response-body", "true"); status != 200 || len(b) != 0 {
		t.Errorf("%d %q", status, b)
	}
}

// The two requests by which Kibana learns columns and choices, as it sends
// them: with carets that are not encoded.
func TestDictionaryAndChoices(t *testing.T) {
	f := New(Options{Lengths: map[string]int{"correlation_id": 50}, Mandatory: []string{"category"}})
	_, v := fakestest.Call(t, f, "GET", "/api/now/table/sys_dictionary?sysparm_query=name=task^ORname=incident^internal_type=string&active=true&array=false&read_only=false&sysparm_fields=max_length,element,column_label,mandatory", "")
	byName := map[string]map[string]any{}
	for _, r := range results(t, v) {
		byName[r["element"].(string)] = r
	}
	for name, want := range map[string]string{"short_description": "160 true Short description", "description": "4000 false Description", "correlation_id": "50 false Correlation id", "category": "40 true Category"} {
		r := byName[name]
		if r == nil || strings.Join([]string{r["max_length"].(string), r["mandatory"].(string), r["column_label"].(string)}, " ") != want {
			t.Errorf("%s: %v, want %s", name, r, want)
		}
	}
	for _, name := range []string{"work_notes", "caller_id", "dest_ip", "number"} {
		if byName[name] != nil {
			t.Errorf("%s is no string of incident that can be written", name)
		}
	}
	_, v = fakestest.Call(t, f, "GET", "/api/now/table/sys_choice?sysparm_query=name=task^ORname=incident^element=severity^ORelement=subcategory^language=en&sysparm_fields=label,value,dependent_value,element", "")
	severities, dependent := 0, 0
	for _, r := range results(t, v) {
		switch {
		case r["element"] == "severity":
			severities++
		case r["element"] == "subcategory" && r["dependent_value"] != "":
			dependent++
		default:
			t.Errorf("not asked for: %v", r)
		}
	}
	if severities != 3 || dependent == 0 {
		t.Errorf("%d severities, %d subcategories", severities, dependent)
	}
}

func TestEdit(t *testing.T) {
	f := New(Options{Closed: ClosedRefuses})
	id := made(t, f, TableIncident, sample)
	if !f.Edit(id, map[string]string{"state": "7"}) || !f.Edit("INC0010001", map[string]string{"assigned_to": "bond", "comments": "hello"}) || f.Edit("none", nil) {
		t.Error("edit")
	}
	in, _ := f.Incident(id)
	if in.Fields["assigned_to"] != "bond" || in.Fields["sys_updated_by"] != "agent" || len(in.Notes("comments")) != 1 || in.Fields["active"] != "false" {
		t.Errorf("%+v", in)
	}
	if f.Delete("none") || !f.Delete("INC0010001") || len(f.Incidents(TableIncident)) != 0 {
		t.Error("delete")
	}
}
