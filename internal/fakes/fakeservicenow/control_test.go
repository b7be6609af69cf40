package fakeservicenow

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakestest"
)

// fetch returns an answer with its body read.
func fetch(t *testing.T, f *Fake, target, user string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://fake"+target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		req.SetBasicAuth(user, "any")
	}
	resp, err := fakes.Transport{Handler: f}.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func TestHibernation(t *testing.T) {
	f := New(Options{})
	if status, b := fakestest.CallRaw(t, f, "PUT", "/__hibernating", "true"); status != 200 || strings.TrimSpace(string(b)) != "true" {
		t.Fatalf("control: %d %s", status, b)
	}
	for _, method := range []string{"POST", "GET"} {
		status, b := fakestest.CallRaw(t, f, method, incidents, sample)
		if status != 200 || !strings.Contains(string(b), "Instance Hibernating page") {
			t.Errorf("%s: %d %s", method, status, b)
		}
	}
	if resp, _ := fetch(t, f, incidents, ""); resp.Header.Get("Content-Type") != "text/html;charset=UTF-8" {
		t.Errorf("header: %v", resp.Header)
	}
	f.SetHibernating(false)
	if status, _ := fakestest.Call(t, f, "GET", incidents, ""); status != 200 || len(f.Incidents("")) != 0 || len(f.Journal().Writes()) != 0 {
		t.Errorf("awake: %d, %d incidents", status, len(f.Incidents("")))
	}
	for method, body := range map[string]string{"PUT": `{}`, "POST": `true`} {
		if status, _ := fakestest.CallRaw(t, f, method, "/__hibernating", body); status != 400 && status != 405 {
			t.Errorf("%s %s: %d", method, body, status)
		}
	}
}

func TestLoginPage(t *testing.T) {
	f := New(Options{})
	if status, _ := fakestest.CallRaw(t, f, "PUT", "/__login", "true"); status != 200 {
		t.Fatalf("control: %d", status)
	}
	resp, _ := fetch(t, f, incidents, "")
	place := resp.Header.Get("Location")
	if resp.StatusCode != 302 || !strings.HasPrefix(place, "http://fake/login.do?sysparm_url=") {
		t.Fatalf("redirect: %d %q", resp.StatusCode, place)
	}
	if resp, body := fetch(t, f, strings.TrimPrefix(place, "http://fake"), ""); resp.StatusCode != 200 || !strings.Contains(body, "Log in") {
		t.Errorf("login page: %d %s", resp.StatusCode, body)
	}
	f.SetLoginPage(false)
	if resp, _ := fetch(t, f, incidents, ""); resp.StatusCode != 200 {
		t.Errorf("later: %d", resp.StatusCode)
	}
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time begins at a full hour
		f := New(Options{RequestsPerHour: 2})
		<-time.After(20*time.Minute + 500*time.Millisecond)
		for range 2 {
			if resp, _ := fetch(t, f, incidents, "ann"); resp.StatusCode != 200 || resp.Header.Get("X-RateLimit-Limit") != "2" || resp.Header.Get("Retry-After") != "" {
				t.Errorf("within: %d %v", resp.StatusCode, resp.Header)
			}
		}
		resp, body := fetch(t, f, incidents, "ann")
		want := map[string]string{"Retry-After": "2400", "X-RateLimit-Limit": "2", "X-RateLimit-Reset": "946688400"}
		for name, value := range want {
			if got := resp.Header.Get(name); resp.StatusCode != 429 || got != value {
				t.Errorf("over: %d %s %q, want %q", resp.StatusCode, name, got, value)
			}
		}
		if len(resp.Header.Get("X-RateLimit-Rule")) != 32 || !strings.Contains(body, `"Rate limit of 2 requests per hour for Table API exceeded"`) {
			t.Errorf("over: %v %s", resp.Header, body)
		}
		if resp, _ := fetch(t, f, incidents, "bob"); resp.StatusCode != 200 {
			t.Errorf("another user: %d", resp.StatusCode)
		}
		<-time.After(40 * time.Minute)
		if resp, _ := fetch(t, f, incidents, "ann"); resp.StatusCode != 200 {
			t.Errorf("the next hour: %d", resp.StatusCode)
		}
	})
	if resp, _ := fetch(t, New(Options{}), incidents, ""); resp.Header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("without a rule: %v", resp.Header)
	}
}

func TestRights(t *testing.T) {
	f := New(Options{})
	id := made(t, f, TableSecurityIncident, `{"work_notes":"n"}`)
	const (
		table      = "/api/now/table/sn_si_incident"
		notFound   = "No Record found|Record doesn't exist or ACL restricts the record retrieval"
		noUpdate   = "Operation Failed|ACL Exception Update Failed due to security constraints"
		noInsert   = "Operation Failed|ACL Exception Insert Failed due to security constraints"
		observable = "/api/x_elas2_sir_int/elastic_api/incident/"
	)
	for _, tc := range []struct {
		right, method, target, body string
		status                      int
		words                       string
	}{
		{RightCreate, "POST", table, `{}`, 403, noInsert},
		{RightWrite, "PATCH", table + "/" + id, `{"priority":"1"}`, 403, noUpdate},
		{RightWrite, "POST", observable + id + "/observables", `{"value":"x","type":"URL"}`, 403, noUpdate},
		{RightDelete, "DELETE", table + "/" + id, ``, 403, "Operation Failed|ACL Exception Delete Failed due to security constraints"},
		{RightRead, "GET", table + "/" + id, ``, 404, notFound},
		{RightRead, "PATCH", table + "/" + id, `{}`, 404, notFound},
		{RightRead, "GET", "/api/now/v1/table/sn_si_incident", ``, 404, notFound},
		{RightRead, "POST", observable + id + "/observables", `{"value":"x","type":"URL"}`, 404, notFound},
		{RightJournal, "GET", "/api/now/table/sys_journal_field", ``, 403, "Insufficient rights|Insufficient rights to query records"},
		{RightDictionary, "GET", "/api/now/table/sys_choice", ``, 403, "Insufficient rights to query records|"},
		{RightImport, "POST", importSIR, `{}`, 403, "User Not Authorized|Failed API level ACL Validation"},
		{RightImport, "GET", "/api/x_elas2_sir_int/elastic_api/health", ``, 403, "User Not Authorized|Failed API level ACL Validation"},
	} {
		if status, b := fakestest.CallRaw(t, f, "PUT", "/__permissions", `{"`+tc.right+`":false}`); status != 200 {
			t.Fatalf("control: %d %s", status, b)
		}
		if status, v := fakestest.Call(t, f, tc.method, tc.target, tc.body); status != tc.status || failure(v) != tc.words {
			t.Errorf("without %q: %s %s: %d %q, want %d %q", tc.right, tc.method, tc.target, status, failure(v), tc.status, tc.words)
		}
		if err := f.Permit(map[string]bool{tc.right: true}); err != nil {
			t.Fatal(err)
		}
		if tc.method == "GET" {
			if status, v := fakestest.Call(t, f, tc.method, tc.target, ""); status != 200 {
				t.Errorf("with %q: %d %v", tc.right, status, v)
			}
		}
	}
	for method, body := range map[string]string{"PUT": `{"fly":true}`, "POST": `{}`} {
		if status, _ := fakestest.CallRaw(t, f, method, "/__permissions", body); status != 400 && status != 405 {
			t.Errorf("%s %s: %d", method, body, status)
		}
	}
	if _, v := fakestest.Call(t, f, "GET", "/__permissions", ""); v["write"] != true || v["fly"] != nil {
		t.Errorf("control: %v", v)
	}
}

// Rows that may not be read are left out of the page, after it was cut and
// maybe counted. The record shows them all the same.
func TestFilteredRows(t *testing.T) {
	for acl, counted := range map[JournalACL]string{JournalFiltered: "1", JournalUncounted: "0"} {
		f := New(Options{Journal: acl})
		id := made(t, f, TableIncident, `{"work_notes":"n"}`)
		if err := f.Permit(map[string]bool{RightJournal: false}); err != nil {
			t.Fatal(err)
		}
		resp, body := fetch(t, f, "/api/now/table/sys_journal_field", "")
		if resp.StatusCode != 200 || body != "{\"result\":[]}\n" || resp.Header.Get("X-Total-Count") != counted {
			t.Errorf("journal: %d %s %v, want %s counted", resp.StatusCode, body, resp.Header, counted)
		}
		_, v := fakestest.Call(t, f, "GET", incidents+"/"+id+"?sysparm_display_value=true", "")
		if got, _ := result(t, v)["work_notes"].(string); !strings.HasSuffix(got, "\nn\n\n") {
			t.Errorf("display value: %q", got)
		}
	}
}

func TestHiddenJournal(t *testing.T) {
	f := New(Options{HiddenFields: []string{"work_notes"}})
	id := made(t, f, TableIncident, `{"work_notes":"n","comments":"c"}`)
	_, v := fakestest.Call(t, f, "GET", "/api/now/table/sys_journal_field", "")
	if rows := results(t, v); len(rows) != 1 || rows[0]["value"] != "c" {
		t.Errorf("rows: %v", rows)
	}
	_, v = fakestest.Call(t, f, "GET", incidents+"/"+id+"?sysparm_display_value=true", "")
	if _, shown := result(t, v)["work_notes"]; shown {
		t.Errorf("record: %v", v)
	}
}

func TestPageForPeople(t *testing.T) {
	f := New(Options{})
	id := made(t, f, TableSecurityIncident, `{"short_description":"<b>title</b>","state":"16","work_notes":"a note"}`)
	resp, body := fetch(t, f, "/nav_to.do?uri=sn_si_incident.do?sys_id="+id, "")
	for _, want := range []string{"SIR0010001", "&lt;b&gt;title&lt;/b&gt;", "Analysis", "a note"} {
		if resp.StatusCode != 200 || !strings.Contains(body, want) {
			t.Errorf("%d: %q is not in %s", resp.StatusCode, want, body)
		}
	}
	for _, target := range []string{"/nav_to.do?uri=incident.do?sys_id=" + id, "/nav_to.do?uri=sn_si_incident.do?sys_id=x", "/nav_to.do"} {
		if resp, _ := fetch(t, f, target, ""); resp.StatusCode != 404 {
			t.Errorf("%s: %d", target, resp.StatusCode)
		}
	}
}

func TestState(t *testing.T) {
	f := New(Options{})
	made(t, f, TableIncident, `{"work_notes":"n"}`)
	_, v := fakestest.Call(t, f, "GET", "/__state", "")
	list, _ := v["incidents"].([]any)
	none, _ := v["security_incidents"].([]any)
	if len(list) != 1 || none == nil || len(none) != 0 {
		t.Fatalf("%v", v)
	}
	in := list[0].(map[string]any)
	if journal, _ := in["journal"].([]any); in["number"] != "INC0010001" || len(journal) != 1 {
		t.Errorf("%v", in)
	}
}
