package fakekibana

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/fakes/fakestest"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/secret"
)

const xsrf, yes = "kbn-xsrf", "true"

func TestRoutesByVersion(t *testing.T) {
	for _, tc := range []struct {
		target  string
		version string
		status  int
		has     string
	}{
		{"/api/cases/c-1", "9.0.0", 200, `"totalComment":1,"totalAlerts":2`},
		{"/api/cases/c-1?includeComments=true", "9.0.0", 400, "includeComments"},
		{"/api/cases/c-1", "8.19.0", 200, `"comments":[`},
		{"/api/cases/c-1?includeComments=false", "8.19.0", 200, `"totalAlerts":2`},
		{"/api/cases/c-1?includeComments=false", "7.17.0", 200, `"totalAlerts":0`},
		{"/api/cases/c-1?x=y", "8.19.0", 400, ""},
		{"/api/cases/none", "9.0.0", 404, `"error":"Not Found"`},
		{"/s/soc/api/cases/c-1", "9.0.0", 404, ""},
		{"/api/cases/c-1/comments", "9.0.0", 404, ""},
		{"/api/cases/c-1/comments", "8.19.0", 200, `"type":"alert"`},
		{"/api/cases/c-1/comments/_find", "9.0.0", 200, `"per_page":20,"total":1`},
		{"/api/cases/c-1/comments/_find", "8.19.0", 200, `"per_page":20,"total":2`},
		{"/api/cases/c-1/comments/_find?perPage=101", "9.0.0", 400, ""},
		{"/api/cases/c-1/comments/_find?page=101&perPage=100", "9.0.0", 400, ""},
		{"/api/cases/c-1/comments/_find?page=0", "9.0.0", 400, ""},
		{"/api/cases/c-1/comments/_find?sortOrder=up", "9.0.0", 400, ""},
		{"/api/cases/c-1/comments/_find?per_page=1", "9.0.0", 400, ""},
		{"/api/cases/c-1/alerts", "9.0.0", 200, `"id":"a-2"`},
		{"/api/cases/c-1/user_actions/_find?types=comment&types=pushed&sortOrder=desc&page=1&perPage=1", "8.7.0", 200, `"perPage":1,"total":2`},
		{"/api/cases/c-1/user_actions/_find?types=alert", "8.7.0", 200, `"total":1`},
		{"/api/cases/c-1/user_actions/_find?types=nothing", "8.7.0", 400, ""},
		{"/api/cases/c-1/user_actions/_find", "8.6.0", 404, ""},
		{"/api/cases/c-1/user_actions", "8.6.0", 200, `"action_id":`},
		{"/api/cases/c-1/user_actions", "7.17.0", 200, `"action_field":["comment"]`},
		{"/api/cases/c-1/user_actions", "9.0.0", 404, ""},
		{"/api/cases/configure?owner=cases", "9.0.0", 200, `[{"id":`},
		{"/api/cases/configure?owner=observability", "9.0.0", 200, `[]`},
		{"/s/soc/api/cases/configure", "9.0.0", 200, `[]`},
		{"/api/cases/configure", "7.13.0", 200, `{"id":`},
		{"/s/soc/api/cases/configure", "7.13.0", 200, `{}`},
		{"/api/cases/_find?owner=cases&sortField=updatedAt", "9.0.0", 200, `"count_open_cases":1`},
		{"/api/cases/_find?status=closed", "9.0.0", 200, `"total":0`},
		{"/api/status", "8.7.0", 200, `"number":"8.7.0"`},
		{"/api/nothing", "9.0.0", 404, `"statusCode":404`},
	} {
		t.Run(tc.version+tc.target, func(t *testing.T) {
			k := New(Options{Version: tc.version})
			addCase(t, k, "", kibana.Case{ID: "c-1"})
			addComment(t, k, "c-1", kibana.Comment{Text: "one"})
			addComment(t, k, "c-1", kibana.Comment{AlertID: kibana.StringList{"a-1", "a-2"}})
			k.SetConfiguration("", kibana.Configuration{})
			status, b := fakestest.CallRaw(t, k, "GET", tc.target, "")
			if status != tc.status || !strings.Contains(string(b), tc.has) {
				t.Errorf("answer %d %s, want %d with %s in it", status, b, tc.status, tc.has)
			}
		})
	}
}

func TestPatchRefuses(t *testing.T) {
	k := New(Options{})
	c := addCase(t, k, "", kibana.Case{ID: "c-1"})
	entry := func(keys string) string {
		return fmt.Sprintf(`{"cases":[{"id":"c-1","version":%q%s}]}`, c.Version, keys)
	}
	for _, tc := range []struct {
		name, body string
		status     int
	}{
		{"external_service", entry(`,"external_service":null`), 400},
		{"no entries", `{"cases":[]}`, 400},
		{"no version", `{"cases":[{"id":"c-1","status":"closed"}]}`, 400},
		{"unknown status", entry(`,"status":"done"`), 400},
		{"long title", entry(`,"title":"` + strings.Repeat("x", 161) + `"`), 400},
		{"empty title", entry(`,"title":""`), 400},
		{"long description", entry(`,"description":"` + strings.Repeat("x", 30001) + `"`), 400},
		{"blank tag", entry(`,"tags":[" "]`), 400},
		{"half a connector", entry(`,"connector":{"id":"x"}`), 400},
		{"unknown case", `{"cases":[{"id":"none","version":"WzEsMV0=","status":"closed"}]}`, 404},
		{"old version", `{"cases":[{"id":"c-1","version":"WzAsMV0=","status":"closed"}]}`, 409},
		{"nothing new", entry(`,"status":"open","tags":[],"connector":{"id":"none","name":"none","type":".none","fields":null}`), 406},
		{"no JSON", `{`, 400},
	} {
		if status, b := fakestest.CallRaw(t, k, "PATCH", "/api/cases", tc.body, xsrf, yes); status != tc.status {
			t.Errorf("%s: %d %s, want %d", tc.name, status, b, tc.status)
		}
	}
	if got, _ := k.Case("c-1"); got.Version != c.Version || len(k.Journal().Writes()) != 0 {
		t.Errorf("refused requests changed the case: %+v", got)
	}
}

func TestWritesOverHTTP(t *testing.T) {
	k := New(Options{Users: map[string]secret.String{"moneypenny": secret.New("p")}})
	as := []string{xsrf, yes, "Authorization", "Basic bW9uZXlwZW5ueTpw"}
	_, v := fakestest.Call(t, k, "POST", "/s/soc/api/cases", `{"title":"T","description":"D","tags":["a"],"owner":"cases","settings":{"syncAlerts":true},"connector":{"id":"none","name":"none","type":".none","fields":null}}`, as...)
	id, _ := v["id"].(string)
	if status, v := fakestest.Call(t, k, "POST", "/s/soc/api/cases", `{"title":"T"}`, as...); status != 400 {
		t.Errorf("half a case: %d %v", status, v)
	}
	status, v := fakestest.Call(t, k, "POST", "/s/soc/api/cases/"+id+"/comments", `{"type":"user","comment":"one","owner":"cases"}`, as...)
	if status != 200 || v["totalComment"] != 1.0 {
		t.Fatalf("add comment: %d %v", status, v)
	}
	c, _ := k.Case(id)
	edit := fmt.Sprintf(`{"id":%q,"version":%q,"type":"user","comment":"two","owner":"cases"}`, c.Comments[0].ID, c.Comments[0].Version)
	if status, v := fakestest.Call(t, k, "PATCH", "/s/soc/api/cases/"+id+"/comments", edit, as...); status != 200 {
		t.Errorf("edit comment: %d %v", status, v)
	}
	if status, _ := fakestest.Call(t, k, "PATCH", "/s/soc/api/cases/"+id+"/comments", edit, as...); status != 409 {
		t.Errorf("edit with the old version: %d, want 409", status)
	}
	if status, _ := fakestest.Call(t, k, "POST", "/s/soc/api/cases/"+id+"/comments", `{"type":"alert","alertId":["a"],"index":["i"],"rule":{"id":"r","name":"n"},"owner":"cases"}`, as...); status != 200 {
		t.Errorf("add alert: %d", status)
	}
	if status, _ := fakestest.Call(t, k, "POST", "/s/soc/api/cases/"+id+"/comments", `{"type":"alert","alertId":["a"],"index":[],"owner":"cases"}`, as...); status != 400 {
		t.Errorf("add half an alert: %d, want 400", status)
	}
	c, _ = k.Case(id)
	if c.Comments[0].Text != "two" || c.Comments[0].UpdatedBy.Username != "moneypenny" || c.UpdatedBy.Username != "moneypenny" || c.TotalAlerts != 1 {
		t.Errorf("case: %+v", c)
	}
	if status, _ := fakestest.CallRaw(t, k, "DELETE", "/s/soc/api/cases/"+id+"/comments/"+c.Comments[0].ID, "", as...); status != 204 {
		t.Errorf("delete comment: %d", status)
	}
	for _, header := range []string{"", "Basic bW9uZXlwZW5ueTpx", "ApiKey p", "Basic eDpw"} {
		if status, v := fakestest.Call(t, k, "GET", "/api/cases/"+id, "", "Authorization", header); status != 401 || v["statusCode"] != 401.0 {
			t.Errorf("with %q: %d %v, want 401", header, status, v)
		}
	}
}

// Every change gives the case a greater version and a new updated_at, and a
// push stamps what was there.
func TestVersionsGrow(t *testing.T) {
	k := New(Options{})
	c := addCase(t, k, "", kibana.Case{})
	if !c.UpdatedAt.IsZero() || c.UpdatedBy != nil {
		t.Errorf("a new case has been updated: %+v", c)
	}
	k.SetConfiguration("", kibana.Configuration{ClosureType: "close-by-pushing"})
	last, _, _ := kibana.ParseVersion(c.Version)
	title := "new"
	var comment kibana.Comment
	for name, change := range []func() error{
		func() error { _, err := k.UpdateCase(c.ID, CaseUpdate{Title: &title, Tags: []string{"x"}}); return err },
		func() error {
			var err error
			comment, err = k.AddComment(c.ID, kibana.Comment{Text: "one"})
			return err
		},
		func() error { _, err := k.EditComment(c.ID, comment.ID, "two"); return err },
		func() error {
			_, err := k.RecordPush(c.ID, kibana.ExternalService{ConnectorID: "j", ExternalID: "1"})
			return err
		},
		func() error { _, err := k.Reopen(c.ID); return err },
		func() error { return k.DeleteComment(c.ID, comment.ID) },
	} {
		if err := change(); err != nil {
			t.Fatalf("change %d: %v", name, err)
		}
		now, _ := k.Case(c.ID)
		seq, term, ok := kibana.ParseVersion(now.Version)
		if !ok || term != 1 || seq <= last || now.UpdatedAt.IsZero() || now.UpdatedBy == nil {
			t.Errorf("change %d: version %d after %d, %+v", name, seq, last, now)
		}
		last = seq
		if name == 3 && (now.Status != "closed" || now.Comments[0].PushedAt != now.ExternalService.PushedAt || now.UpdatedAt != now.ExternalService.PushedAt) {
			t.Errorf("pushed case: %+v", now)
		}
	}
	_, v := fakestest.Call(t, k, "GET", "/api/cases/"+c.ID+"/user_actions/_find?perPage=100", "")
	var types []string
	for _, a := range v["userActions"].([]any) {
		types = append(types, a.(map[string]any)["type"].(string))
	}
	if got := strings.Join(types, " "); got != "create_case title tags comment comment status pushed status comment" {
		t.Errorf("user actions: %s", got)
	}
}

func TestGoErrors(t *testing.T) {
	k := New(Options{})
	addCase(t, k, "", kibana.Case{ID: "c-1"})
	_, twice := k.AddCase("soc", kibana.Case{ID: "c-1"})
	_, fields := k.AddCase("", kibana.Case{Connector: kibana.CaseConnector{ID: "x", Fields: json.RawMessage(`{`)}})
	_, missing := k.UpdateCase("none", CaseUpdate{})
	_, noComment := k.EditComment("c-1", "none", "x")
	for name, err := range map[string]error{
		"twice": twice, "fields": fields, "missing": missing, "no comment": noComment,
		"version": Options{Version: "nine"}.Check(), "negative version": Options{Version: "9.-1.0"}.Check(),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := (Options{Version: "8.17.0"}).Check(); err != nil {
		t.Error(err)
	}
	if !k.DeleteCase("c-1") || k.DeleteCase("c-1") || len(k.Cases()) != 0 {
		t.Error("the case was not deleted once")
	}
}
