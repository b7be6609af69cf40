package fakeservicenow

import (
	"fmt"
	"sync"
	"testing"

	"github.com/casepush/casepush/internal/fakes/fakestest"
	"github.com/casepush/casepush/internal/secret"
)

const (
	incidents = "/api/now/v2/table/incident"
	sample    = `{"short_description":"Phishing","description":"Seen on HMS-PC07.","correlation_id":"case-1","caller_id":"moneypenny","severity":null}`
)

// result is the one record of an answer.
func result(t *testing.T, v map[string]any) map[string]any {
	t.Helper()
	r, ok := v["result"].(map[string]any)
	if !ok {
		t.Fatalf("no record in %v", v)
	}
	return r
}

// results are the records of an answer.
func results(t *testing.T, v map[string]any) []map[string]any {
	t.Helper()
	list, ok := v["result"].([]any)
	if !ok {
		t.Fatalf("no list in %v", v)
	}
	out := make([]map[string]any, 0, len(list))
	for _, item := range list {
		out = append(out, item.(map[string]any))
	}
	return out
}

// made makes an incident and returns its sys_id.
func made(t *testing.T, f *Fake, table, body string) string {
	t.Helper()
	status, v := fakestest.Call(t, f, "POST", "/api/now/v2/table/"+table, body)
	if status != 201 {
		t.Fatalf("create: %d %v", status, v)
	}
	return result(t, v)["sys_id"].(string)
}

func TestCreateReadUpdateDelete(t *testing.T) {
	for table, number := range map[string]string{TableIncident: "INC0010001", TableSecurityIncident: "SIR0010001"} {
		t.Run(table, func(t *testing.T) {
			f := New(Options{})
			id := made(t, f, table, sample)
			target := "/api/now/v2/table/" + table + "/" + id
			status, v := fakestest.Call(t, f, "PATCH", target, `{"urgency":1,"unheard_of":"x","sys_id":"mine","work_notes":"looked at"}`)
			if got := result(t, v); status != 200 || got["urgency"] != "1" || got["work_notes"] != "" || got["unheard_of"] != nil || got["sys_mod_count"] != "1" {
				t.Errorf("update: %d %v", status, got)
			}
			status, v = fakestest.Call(t, f, "GET", target+"?sysparm_fields=number,sys_id,caller_id,none", "")
			got := result(t, v)
			caller, _ := got["caller_id"].(map[string]any)
			if status != 200 || got["number"] != number || got["sys_id"] != id || len(got) != 3 || caller["value"] != "moneypenny" || caller["link"] != "http://fake/api/now/table/sys_user/moneypenny" {
				t.Errorf("read: %d %v", status, got)
			}
			if in, ok := f.Incident(number); !ok || len(in.Notes("work_notes")) != 1 || in.Fields["severity"] != "" {
				t.Errorf("state: %+v", in)
			}
			if status, _ := fakestest.Call(t, f, "DELETE", target, ""); status != 204 || len(f.Incidents("")) != 0 {
				t.Errorf("delete: %d", status)
			}
			if status, v := fakestest.Call(t, f, "GET", target, ""); status != 404 || v["status"] != "failure" {
				t.Errorf("gone: %d %v", status, v)
			}
			if got := len(f.Journal().Writes()); got != 3 {
				t.Errorf("writes in the journal: %d, want 3", got)
			}
		})
	}
}

func TestBasicAuthentication(t *testing.T) {
	f := New(Options{Users: map[string]secret.String{"kibana": secret.New("pw")}})
	for credentials, want := range map[string]int{"": 401, "Basic a2liYW5hOnB3": 200, "Basic a2liYW5hOng=": 401, "Bearer x": 401, "Basic eDpwdw==": 401} {
		header := []string{"Authorization", credentials}
		if credentials == "" {
			header = nil
		}
		if status, v := fakestest.Call(t, f, "GET", incidents, "", header...); status != want {
			t.Errorf("%q: %d %v, want %d", credentials, status, v, want)
		}
	}
}

// For the race detector: everything at once.
func TestConcurrentUse(t *testing.T) {
	f := New(Options{RequestsPerHour: 1_000_000})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 5 {
				_, v := fakestest.Call(t, f, "POST", incidents, fmt.Sprintf(`{"correlation_id":"case-%d-%d"}`, i, n))
				made, _ := v["result"].(map[string]any)
				id, _ := made["sys_id"].(string)
				fakestest.Call(t, f, "PATCH", incidents+"/"+id, `{"work_notes":"n"}`)
				fakestest.Call(t, f, "GET", incidents+"?sysparm_query=correlation_idSTARTSWITHcase", "")
				f.Edit(id, map[string]string{"comments": "c"})
				f.RevokeTokens()
				f.Incidents("")
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, in := range f.Incidents(TableIncident) {
		if seen[in.Number] || seen[in.SysID] || len(in.Journal) != 2 {
			t.Errorf("%s %s: %d entries", in.Number, in.SysID, len(in.Journal))
		}
		seen[in.Number], seen[in.SysID] = true, true
	}
	if len(seen) != 80 {
		t.Errorf("%d names, want 80", len(seen))
	}
}
