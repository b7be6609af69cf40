package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/kibana"
)

// fakesOf parses flags as the command does.
func fakesOf(t *testing.T, args ...string) (fakes.ServerOptions, error) {
	t.Helper()
	var f fakesFlags
	cmd := &cobra.Command{}
	f.add(cmd)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	return f.options()
}

// TestFakesFlags: each flag changes how a fake answers.
func TestFakesFlags(t *testing.T) {
	t.Parallel()
	opts, err := fakesOf(t, "--kibana-version", "8.6.1", "--kibana-api-key", "id:key", "--spurious-conflicts", "1",
		"--jira-email", "a@hms.example", "--jira-token", "right", "--max-summary", "5", "--max-text", "8",
		"--credentials", "servicenow=a@hms.example:right", "--credentials", "webhook=a@hms.example:right", "--credentials", "swimlane=right", "--credentials", "resilient=a@hms.example:right")
	if err != nil {
		t.Fatal(err)
	}
	c, err := opts.Fakes["kibana"].(*fakekibana.Fake).AddCase("", kibana.Case{ID: "c-1"})
	if err != nil {
		t.Fatal(err)
	}
	issue := func(summary, description string) string {
		return `{"fields":{"project":{"key":"HMS"},"issuetype":{"id":"10001"},"summary":"` + summary + `","description":"` + description + `"}}`
	}
	key, basic, bearer := "ApiKey aWQ6a2V5", "Basic YUBobXMuZXhhbXBsZTpyaWdodA==", "Bearer right"
	patch := `{"cases":[{"id":"c-1","version":"` + c.Version + `","status":"closed"}]}`
	for _, tt := range []struct {
		fake, method, path, auth, body string
		status                         int
		says                           string
	}{
		{"kibana", "GET", "/api/status", key, "", 200, "8.6.1"},
		{"kibana", "GET", "/api/cases/c-1", key, "", 200, "c-1"},
		{"kibana", "GET", "/api/cases/c-1", "ApiKey d3Jvbmc6a2V5", "", 401, ""},
		{"kibana", "PATCH", "/api/cases", key, patch, 409, ""},
		{"jira-cloud", "POST", "/rest/api/2/issue", "Basic d3Jvbmc6d3Jvbmc=", issue("one", ""), 401, ""},
		{"jira-cloud", "POST", "/rest/api/2/issue", basic, issue("one", "short"), 201, ""},
		{"jira-dc", "POST", "/rest/api/2/issue", bearer, issue("one", "short"), 201, ""},
		{"jira-dc", "POST", "/rest/api/2/issue", bearer, issue("too long", ""), 400, "summary"},
		{"jira-cloud", "POST", "/rest/api/2/issue", basic, issue("one", "much too long"), 400, "description"},
		{"servicenow", "GET", "/api/now/v2/table/incident", basic, "", 200, "result"},
		{"servicenow", "GET", "/api/now/v2/table/incident", "Basic d3Jvbmc6d3Jvbmc=", "", 401, ""},
		{"resilient", "GET", "/rest/session", basic, "", 200, "orgs"},
		{"resilient", "GET", "/rest/session", "Basic d3Jvbmc6d3Jvbmc=", "", 401, ""},
		{"webhook", "POST", "/api/incidents", basic, `{"title":"one"}`, 201, "1001"},
		{"webhook-idempotent", "POST", "/api/incidents", "Basic d3Jvbmc6d3Jvbmc=", `{"title":"one"}`, 401, ""},
		{"swimlane", "GET", "/api/app", basic, "", 401, ""},
	} {
		r := httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body))
		r.Header.Set("Authorization", tt.auth)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("kbn-xsrf", "test")
		w := httptest.NewRecorder()
		opts.Fakes[tt.fake].ServeHTTP(w, r)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s: %s %s as %q: %d %s, want %d %s", tt.fake, tt.method, tt.path, tt.auth, w.Code, w.Body, tt.status, tt.says)
		}
	}
}

// Rules come by fake, or from one file for all.
func TestFakesFaults(t *testing.T) {
	t.Parallel()
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one, all := write("one.json", `{"status":503}`), write("all.json", `{"jira-dc":[{"status":429}],"kibana":[{"reset":true}]}`)
	opts, err := fakesOf(t, "--faults", "jira-dc="+one, "--faults", all)
	if err != nil {
		t.Fatal(err)
	}
	dc := opts.Faults["jira-dc"]
	if len(dc) != 2 || dc[0].Status != http.StatusServiceUnavailable || dc[1].Status != http.StatusTooManyRequests || len(opts.Faults["kibana"]) != 1 {
		t.Errorf("faults %+v", opts.Faults)
	}
}
