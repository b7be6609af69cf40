package fakes_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/kibana"
)

const attack = `<script>alert(1)</script> & "x"`

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestPages(t *testing.T) {
	t.Parallel()
	jira := fakejira.New(fakejira.Options{})
	body := `{"fields":{"project":{"key":"HMS"},"issuetype":{"id":"10001"},"summary":"<script>alert(1)</script> & \"x\"","description":"<b>text</b>"}}`
	r := httptest.NewRequest(http.MethodPost, "/rest/api/2/issue", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	if jira.ServeHTTP(w, r); w.Code != http.StatusCreated {
		t.Fatal(w.Code, w.Body)
	}
	server := fakekibana.New(fakekibana.Options{})
	c, err := server.AddCase("", kibana.Case{Title: attack, Description: "<b>text</b>", Comments: []kibana.Comment{{Text: attack}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct {
		fake http.Handler
		path string
	}{{jira, "/browse/HMS-1"}, {server, "/app/security/cases/" + c.ID}, {server, "/s/other/app/management/insightsAndAlerting/cases/" + c.ID + "/"}} {
		code, text := get(t, at.fake, at.path)
		if code != http.StatusOK || strings.Contains(text, "<script") || strings.Contains(text, "<b>") || !strings.Contains(text, "&lt;script&gt;") {
			t.Errorf("%s: %d %s", at.path, code, text)
		}
	}
	for _, at := range []struct {
		fake http.Handler
		path string
	}{{jira, "/browse/HMS-9"}, {server, "/app/security/cases/none"}, {server, "/app/security"}} {
		if code, _ := get(t, at.fake, at.path); code != http.StatusNotFound {
			t.Errorf("%s: %d", at.path, code)
		}
	}
	if n := len(server.Journal().Requests()); n != 0 {
		t.Errorf("%d requests in the journal", n)
	}
}
