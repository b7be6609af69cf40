package jira_test

import (
	"net/http"
	"strings"
	"testing"
)

// The validator itself must be able to fail.
func TestValidatorRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ method, path, body string }{
		"a misspelt key":     {http.MethodPost, "/rest/api/2/issue", `{"feilds":{}}`},
		"a wrong type":       {http.MethodPost, "/rest/api/2/issue/1/comment", `{"body":1}`},
		"an unknown path":    {http.MethodGet, "/rest/api/2/isue/1", ``},
		"an unknown method":  {http.MethodPatch, "/rest/api/2/issue/1", `{}`},
		"a misspelt link":    {http.MethodPost, "/rest/api/2/issueLink", `{"type":{"name":"Duplicate"},"inwardIssue":{"kee":"HMS-1"},"outwardIssue":{"key":"HMS-2"}}`},
		"a misspelt move":    {http.MethodPost, "/rest/api/2/issue/1/transitions", `{"transitoin":{"id":"1"}}`},
		"a misspelt comment": {http.MethodPost, "/rest/api/2/issue/1/comment", `{"body":"a","propertys":[]}`},
	} {
		for _, s := range []*specification{cloudSpec, dataCenterSpec} {
			t.Run(name+"/"+s.path, func(t *testing.T) {
				t.Parallel()
				v := validate(t, s.needRouter(t), "", nil)
				req, err := http.NewRequestWithContext(t.Context(), tc.method, "http://jira.test"+tc.path, strings.NewReader(tc.body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Content-Type", "application/json")
				if v.check(req) == nil {
					t.Error("accepted")
				}
			})
		}
	}
	t.Run("but not what is right", func(t *testing.T) {
		t.Parallel()
		v := validate(t, dataCenterSpec.needRouter(t), "/jira", nil)
		body := strings.NewReader(`{"body":"a","properties":[{"key":"k","value":{"a":1}}]}`)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://jira.test/jira/rest/api/2/issue/1/comment", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if err := v.check(req); err != nil {
			t.Error(err)
		}
	})
}
