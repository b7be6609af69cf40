package jira

import (
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

// What Jira, or whatever stands before it, answers must never panic, and never
// pass for "nothing there" unless it is a list.
func FuzzDecodeAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"issues":[{"id":"1","key":"A-1","fields":{"labels":["m"],"created":"2026-01-01T00:00:00.000+0000"}}],"isLast":true}`,
		`{"issues":null}`, `{"issues":{}}`, `{"issues":[null]}`, `{"comments":[{"body":"x","properties":[{"key":"casepush","value":"odd"}]}],"total":1}`,
		`{"comments":null}`, `{"values":[{"id":"3"}]}`, `{"issueTypes":[{}]}`, `{"fields":{"summary":1,"labels":"x","priority":null}}`, `[]`, `null`, `"x"`, `{} {}`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if page, err := decodeSearch(body); err == nil {
			if page.Issues == nil {
				t.Errorf("a search without a list passed: %q", body)
			}
			for _, i := range marked(page.Issues, "m") {
				if i.ID == "" || i.Key == "" {
					t.Errorf("a hit without id or key passed: %q", body)
				}
				i.created()
			}
		}
		if page, err := decodeComments(body); err == nil {
			tally := newTally([]connector.Comment{{ID: "a", Source: "b", Digest: "c"}, {}})
			tally.add(page.Comments)
			for _, n := range tally.counts {
				if n > len(page.Comments) {
					t.Errorf("%d of %d comments", n, len(page.Comments))
				}
			}
		}
		_, _ = decodeIssueTypes(body)
		_ = words(body)
		if in, err := decodeIncident(body, []string{"summary", "labels", "priority", "x"}); err == nil && len(in.Fields) != 4 {
			t.Errorf("%d fields, want 4", len(in.Fields))
		}
	})
}
