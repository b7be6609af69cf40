package fakes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/fakes/fakestest"
)

const sampleIssue = `{"fields":{"summary":"Phishing","project":{"key":"HMS"},"issuetype":{"id":"10001"},"labels":["kibana-case-1"]}}`

func addRule(t *testing.T, f fakes.Fake, rules ...fakes.Rule) {
	t.Helper()
	if _, err := f.Faults().Add(rules...); err != nil {
		t.Fatal(err)
	}
}

// try sends a create and returns the answer or the error of the transport.
func try(ctx context.Context, t *testing.T, h http.Handler) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "POST", "http://fake/rest/api/2/issue", strings.NewReader(sampleIssue))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return fakes.Transport{Handler: h}.RoundTrip(req)
}

func TestRuleEffects(t *testing.T) {
	for name, tc := range map[string]struct {
		rule     fakes.Rule
		status   int // 0: no answer
		issues   int
		readFail bool
		check    func(*http.Response) bool
	}{
		"status in its place": {rule: fakes.Rule{Status: 503, RetryAfter: "7", Body: `{"a":1}`}, status: 503, check: func(r *http.Response) bool {
			return r.Header.Get("Retry-After") == "7" && r.Header.Get("Content-Type") == "application/json"
		}},
		"status after acting":    {rule: fakes.Rule{Status: 502, Act: true, Body: "<html>"}, status: 502, issues: 1, check: func(r *http.Response) bool { return strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") }},
		"answer dropped":         {rule: fakes.Rule{DropAnswer: true}, issues: 1},
		"reset before acting":    {rule: fakes.Rule{Reset: true}},
		"answer broken off":      {rule: fakes.Rule{TruncateBody: 4}, status: 201, issues: 1, readFail: true},
		"redirect":               {rule: fakes.Rule{Status: 302, Header: map[string]string{"Location": "http://elsewhere/"}}, status: 302, check: func(r *http.Response) bool { return r.Header.Get("Location") == "http://elsewhere/" }},
		"header added":           {rule: fakes.Rule{Header: map[string]string{"X-Ratelimit-Nearlimit": "true"}}, status: 201, issues: 1, check: func(r *http.Response) bool { return r.Header.Get("X-Ratelimit-Nearlimit") == "true" }},
		"another path":           {rule: fakes.Rule{Status: 500, Path: "/rest/api/2/search*"}, status: 201, issues: 1},
		"another method":         {rule: fakes.Rule{Status: 500, Method: "GET"}, status: 201, issues: 1},
		"another body":           {rule: fakes.Rule{Status: 500, Contains: "no such text"}, status: 201, issues: 1},
		"body, glob, any case":   {rule: fakes.Rule{Status: 500, Method: "post", Path: "/rest/**", Contains: "kibana-case-1"}, status: 500},
		"a star is one segment":  {rule: fakes.Rule{Status: 500, Path: "/rest/*"}, status: 201, issues: 1},
		"dots are no wild cards": {rule: fakes.Rule{Status: 500, Path: "/rest/api/2/issu."}, status: 201, issues: 1},
		"regular expression":     {rule: fakes.Rule{Status: 500, Path: "regexp:issu.$"}, status: 500},
		"one to skip":            {rule: fakes.Rule{Status: 500, Skip: 1}, status: 201, issues: 1},
	} {
		t.Run(name, func(t *testing.T) {
			j := fakejira.New(fakejira.Options{})
			addRule(t, j, tc.rule)
			resp, err := try(t.Context(), t, j)
			switch {
			case tc.status == 0 && !errors.Is(err, io.EOF):
				t.Errorf("answer %v, error %v; want a closed connection", resp, err)
			case tc.status != 0 && (err != nil || resp.StatusCode != tc.status):
				t.Fatalf("answer %v, error %v; want %d", resp, err, tc.status)
			}
			if resp != nil {
				_, err := io.ReadAll(resp.Body)
				if errors.Is(err, io.ErrUnexpectedEOF) != tc.readFail {
					t.Errorf("reading the body: %v", err)
				}
			}
			if tc.check != nil && !tc.check(resp) {
				t.Errorf("header %v", resp.Header)
			}
			if n := len(j.Issues()); n != tc.issues {
				t.Errorf("%d issues, want %d", n, tc.issues)
			}
			entry := j.Journal().Requests()[0]
			if entry.Status != tc.status || entry.Acted != (tc.issues == 1) {
				t.Errorf("journal: %+v", entry)
			}
		})
	}
}

func TestRuleTimesAndOrder(t *testing.T) {
	j := fakejira.New(fakejira.Options{})
	addRule(t, j, fakes.Rule{Status: 429, Times: 2, Skip: 1}, fakes.Rule{Status: 503, Times: 1})
	var got []int
	for range 5 {
		resp, err := try(t.Context(), t, j)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, resp.StatusCode)
	}
	want := []int{503, 429, 429, 201, 201}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("statuses %v, want %v", got, want)
		}
	}
	list := j.Faults().List()
	if list[0].Fired != 2 || list[0].Seen != 5 || list[1].Fired != 1 {
		t.Errorf("counters: %+v", list)
	}
}

func TestProbabilityFollowsTheSeed(t *testing.T) {
	run := func(seed uint64) (hits []bool, n int) {
		j := fakejira.New(fakejira.Options{Seed: seed})
		addRule(t, j, fakes.Rule{Status: 500, Probability: 0.5})
		for range 64 {
			resp, err := try(t.Context(), t, j)
			if err != nil {
				t.Fatal(err)
			}
			hits = append(hits, resp.StatusCode == 500)
			if resp.StatusCode == 500 {
				n++
			}
		}
		return hits, n
	}
	a, n := run(7)
	b, _ := run(7)
	for i := range a {
		if a[i] != b[i] {
			t.Fatal("the same seed gave other faults")
		}
	}
	if n < 16 || n > 48 {
		t.Errorf("%d of 64 requests failed at probability 0.5", n)
	}
}

func TestDelayEndsWithTheClient(t *testing.T) {
	for name, late := range map[string]bool{"nothing done": false, "done all the same": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := fakejira.New(fakejira.Options{})
				addRule(t, j, fakes.Rule{Delay: fakes.Duration(time.Minute), ActLate: late, Times: 1})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				if _, err := try(ctx, t, j); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
				<-time.After(time.Hour) // of the bubble
				if n := len(j.Issues()); (n == 1) != late {
					t.Errorf("%d issues", n)
				}
				if late && j.Issues()[0].Created.Sub(start) != time.Minute {
					t.Errorf("created %v after the request", j.Issues()[0].Created.Sub(start))
				}
			})
		})
	}
}

func TestDelayPassesInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := fakejira.New(fakejira.Options{})
		addRule(t, j, fakes.Rule{Delay: fakes.Duration(time.Second), DelayAnswer: fakes.Duration(2 * time.Second)})
		start := time.Now()
		if resp, err := try(t.Context(), t, j); err != nil || resp.StatusCode != 201 {
			t.Fatal(resp, err)
		}
		if time.Since(start) != 3*time.Second || j.Issues()[0].Created.Sub(start) != time.Second {
			t.Errorf("answered after %v, created after %v", time.Since(start), j.Issues()[0].Created.Sub(start))
		}
	})
}

func TestWrongRules(t *testing.T) {
	for name, body := range map[string]string{
		"unknown key":           `{"stauts":500}`,
		"nothing to do":         `{"method":"GET"}`,
		"status out of range":   `{"status":99}`,
		"negative times":        `{"status":500,"times":-1}`,
		"negative skip":         `{"status":500,"skip":-1}`,
		"probability above 1":   `{"status":500,"probability":1.5}`,
		"delay without a unit":  `{"delay":"5"}`,
		"delay that is a count": `{"delay":5}`,
		"negative delay":        `{"delay":"-1s"}`,
		"reset and status":      `{"reset":true,"status":500}`,
		"drop and status":       `{"drop_answer":true,"status":500}`,
		"act without status":    `{"act":true,"delay":"1s"}`,
		"late without a delay":  `{"act_late":true,"status":500}`,
		"path without a slash":  `{"status":500,"path":"rest"}`,
		"broken expression":     `{"status":500,"path":"regexp:("}`,
		"two values":            `{"status":500} {"status":500}`,
		"second rule is wrong":  `[{"status":500},{"status":1}]`,
		"no JSON":               `status: 500`,
		"nothing":               ``,
	} {
		t.Run(name, func(t *testing.T) {
			j := fakejira.New(fakejira.Options{})
			status, v := fakestest.Call(t, j, "POST", "/__faults", body)
			if status != 400 || v["error"] == "" {
				t.Errorf("answer %d %v, want 400 and why", status, v)
			}
			if n := len(j.Faults().List()); n != 0 {
				t.Errorf("%d rules were added", n)
			}
		})
	}
}

func TestControlRoutes(t *testing.T) {
	j := fakejira.New(fakejira.Options{})
	status, b := fakestest.CallRaw(t, j, "POST", "/__faults", `[{"method":"POST","path":"/rest/api/2/issue","status":503,"retry_after":"3","delay":"1ms"},{"reset":true,"skip":9}]`)
	var added []fakes.Rule
	if err := json.Unmarshal(b, &added); err != nil || status != 201 || len(added) != 2 || added[0].ID == "" {
		t.Fatalf("add: %d %s %v", status, b, err)
	}
	if status, _ := fakestest.CallRaw(t, j, "POST", "/rest/api/2/issue", sampleIssue); status != 503 {
		t.Errorf("create: %d, want 503", status)
	}
	if status, b := fakestest.CallRaw(t, j, "GET", "/__faults", ""); status != 200 || !bytes.Contains(b, []byte(`"fired":1`)) || !bytes.Contains(b, []byte(`"delay":"1ms"`)) {
		t.Errorf("list: %d %s", status, b)
	}
	if status, _ := fakestest.CallRaw(t, j, "DELETE", "/__faults/"+added[0].ID, ""); status != 204 {
		t.Errorf("remove one: %d", status)
	}
	if status, _ := fakestest.CallRaw(t, j, "DELETE", "/__faults/"+added[0].ID, ""); status != 404 {
		t.Errorf("remove it again: %d", status)
	}
	if status, _ := fakestest.CallRaw(t, j, "DELETE", "/__faults", ""); status != 204 || len(j.Faults().List()) != 0 {
		t.Errorf("clear: %d", status)
	}
	if status, _ := fakestest.CallRaw(t, j, "POST", "/rest/api/2/issue", sampleIssue); status != 201 {
		t.Errorf("create: %d, want 201", status)
	}
	if _, v := fakestest.Call(t, j, "GET", "/__requests", ""); len(v["requests"].([]any)) != 2 {
		t.Errorf("requests: %v", v)
	}
	if _, v := fakestest.Call(t, j, "GET", "/__requests?writes=true", ""); len(v["requests"].([]any)) != 1 {
		t.Errorf("writes: %v", v)
	}
	if status, _ := fakestest.CallRaw(t, j, "GET", "/__requests?writes=maybe", ""); status != 400 {
		t.Errorf("writes=maybe: %d", status)
	}
	if _, v := fakestest.Call(t, j, "GET", "/__state", ""); len(v["issues"].([]any)) != 1 {
		t.Errorf("state: %v", v)
	}
	if status, _ := fakestest.CallRaw(t, j, "DELETE", "/__requests", ""); status != 204 || len(j.Journal().Requests()) != 0 {
		t.Errorf("clear the journal: %d", status)
	}
	if status, _ := fakestest.CallRaw(t, j, "GET", "/__nothing", ""); status != 404 {
		t.Errorf("unknown control route: %d", status)
	}
}
