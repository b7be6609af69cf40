package fakeservicenow

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/fakes/fakestest"
)

// titles are the short descriptions of what a query finds, in its order.
func titles(t *testing.T, f *Fake, query string, more ...string) []string {
	t.Helper()
	target := incidents + "?sysparm_fields=short_description&sysparm_query=" + url.QueryEscape(query) + strings.Join(more, "")
	status, v := fakestest.Call(t, f, "GET", target, "")
	if status != 200 {
		t.Fatalf("%s: %d %v", query, status, v)
	}
	out := []string{}
	for _, r := range results(t, v) {
		out = append(out, r["short_description"].(string))
	}
	return out
}

func TestQueries(t *testing.T) {
	f := New(Options{})
	for _, body := range []string{
		`{"short_description":"a","correlation_id":"Case-1","impact":"1"}`,
		`{"short_description":"b","correlation_id":"case-2","impact":"2","urgency":"1"}`,
		`{"short_description":"c^d","impact":"2","close_notes":"x"}`,
	} {
		made(t, f, TableIncident, body)
	}
	for query, want := range map[string]string{
		"correlation_id=case-1":                                  "a",
		"correlation_id=case-1^impact=2":                         "",
		"correlation_id=case-1^ORcorrelation_id=case-2":          "a b",
		"impact=2^correlation_id=case-1^ORcorrelation_id=case-2": "b",
		"impact=1^NQurgency=1":                                   "a b",
		"correlation_idSTARTSWITHcase":                           "a b",
		"correlation_idENDSWITH2":                                "b",
		"correlation_idLIKEASE-":                                 "a b",
		"correlation_idNOT LIKEase":                              "c^d",
		"correlation_idISEMPTY":                                  "c^d",
		"correlation_idISNOTEMPTY":                               "a b",
		"impactIN1,3":                                            "a",
		"impactNOT IN1,3":                                        "b c^d",
		"impact!=2":                                              "a",
		"impact>1":                                               "b c^d",
		"impact>=2^urgency<3":                                    "b",
		"impact<=1":                                              "a",
		"short_description=c^^d":                                 "c^d",
		"correlation_id=javascript:gs.getUserName()":             "c^d",
		"nonsense=1":                                             "a b c^d",
		"impact=2^nonsense=1^ORcorrelation_id=case-2":            "b",
		"correlation_id~case-1":                                  "a b c^d",
		"":                                                       "a b c^d",
	} {
		got := titles(t, f, query)
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"ORDERBYshort_description":                   "a b c^d",
		"ORDERBYDESCshort_description":               "c^d b a",
		"ORDERBYDESCimpact^ORDERBYshort_description": "b c^d a",
	} {
		if got := strings.Join(titles(t, f, query), " "); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	if got := titles(t, f, "", "&impact=1"); strings.Join(got, " ") != "a" {
		t.Errorf("a column as a parameter: %q", got)
	}
}

func TestInvalidQueriesThatReturnNoRows(t *testing.T) {
	f := New(Options{InvalidQuery: ReturnsNoRows})
	made(t, f, TableIncident, sample)
	for _, query := range []string{"nonsense=1", "correlation_id=case-1^ORDERBYnonsense", "correlation_id~case-1"} {
		if got := titles(t, f, query); len(got) != 0 {
			t.Errorf("%q: %q", query, got)
		}
	}
	if got := titles(t, f, "correlation_id=case-1"); len(got) != 1 {
		t.Errorf("valid: %q", got)
	}
}

// A column that cannot be read can still be written; a query for it finds
// strangers.
func TestHiddenFields(t *testing.T) {
	f := New(Options{HiddenFields: []string{"correlation_id"}})
	made(t, f, TableIncident, `{"short_description":"a","correlation_id":"case-1"}`)
	made(t, f, TableIncident, `{"short_description":"b"}`)
	if got := titles(t, f, "correlation_id=case-1"); len(got) != 2 {
		t.Errorf("found: %q", got)
	}
	in := f.Incidents(TableIncident)[0]
	_, v := fakestest.Call(t, f, "GET", incidents+"/"+in.SysID, "")
	if _, shown := result(t, v)["correlation_id"]; shown || in.Fields["correlation_id"] != "case-1" {
		t.Errorf("shown: %v, stored: %q", shown, in.Fields["correlation_id"])
	}
}

func TestPages(t *testing.T) {
	f := New(Options{BaseURL: "https://hms.service-now.example/"})
	for i := range 5 {
		made(t, f, TableIncident, fmt.Sprintf(`{"short_description":"%d"}`, i))
	}
	get := func(target string) (*http.Response, string) { return fetch(t, f, target, "") }
	const from = "<https://hms.service-now.example" + incidents + "?"
	resp, body := get(incidents + "?sysparm_fields=short_description&sysparm_query=ORDERBYnumber&sysparm_limit=2&sysparm_offset=2")
	if body != "{\"result\":[{\"short_description\":\"2\"},{\"short_description\":\"3\"}]}\n" || resp.Header.Get("X-Total-Count") != "5" {
		t.Errorf("page: %s, total %q", body, resp.Header.Get("X-Total-Count"))
	}
	links := strings.Split(resp.Header.Get("Link"), ",")
	for i, want := range []string{`offset=0&`, `offset=0&`, `offset=4&`, `offset=4&`} {
		rel := []string{"first", "prev", "next", "last"}[i]
		if len(links) != 4 || !strings.HasPrefix(links[i], from) || !strings.Contains(links[i], want) || !strings.HasSuffix(links[i], `;rel="`+rel+`"`) {
			t.Errorf("links: %q, want %s with %s", links, rel, want)
		}
	}
	if resp, body := get(incidents + "?sysparm_limit=2&sysparm_offset=9&sysparm_suppress_pagination_header=true&sysparm_no_count=true"); body != "{\"result\":[]}\n" || resp.Header.Get("Link")+resp.Header.Get("X-Total-Count") != "" {
		t.Errorf("beyond the end: %s %v", body, resp.Header)
	}
	if resp, body := get("/api/now/v1/table/incident?sysparm_offset=9"); resp.StatusCode != 404 || !strings.Contains(body, "No Record found") {
		t.Errorf("empty page of v1: %d %s", resp.StatusCode, body)
	}
}

func TestSearchDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(Options{SearchDelay: time.Minute})
		id := made(t, f, TableIncident, sample)
		if got := titles(t, f, "correlation_id=case-1"); len(got) != 0 {
			t.Errorf("at once: %q", got)
		}
		if status, _ := fakestest.Call(t, f, "GET", incidents+"/"+id, ""); status != 200 {
			t.Errorf("by its id: %d", status)
		}
		<-time.After(time.Minute)
		if got := titles(t, f, "correlation_id=case-1"); len(got) != 1 {
			t.Errorf("later: %q", got)
		}
	})
}
