package fakejira

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseJQL(t *testing.T) {
	for query, want := range map[string]jql{
		`labels = a`:                              {labels: []string{"a"}},
		`LABELS="a b" and Project = 'HMS'`:        {labels: []string{"a b"}, projects: []string{"HMS"}},
		`labels = "a\"b\\c"`:                      {labels: []string{`a"b\c`}},
		`labels = kibana-case-1 ORDER BY created`: {labels: []string{"kibana-case-1"}, descending: true},
		`labels = "order" order by Created asc`:   {labels: []string{"order"}},
		`labels = a ORDER BY key DESC`:            {labels: []string{"a"}, descending: true},
		`issuekey = HMS-1`:                        {keys: []string{"HMS-1"}},
		``:                                        {},
	} {
		got, err := parseJQL(query)
		if err != nil {
			t.Errorf("%q: %v", query, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(jql{})); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
}

// Any text comes back whole from a query that escapes \ and ".
func TestJQLEscaping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		q, err := parseJQL(`labels = "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `" AND project = HMS`)
		if err != nil || len(q.labels) != 1 || q.labels[0] != text || len(q.projects) != 1 {
			t.Fatalf("%q came back as %+v, %v", text, q, err)
		}
	})
}

func FuzzParseJQL(f *testing.F) {
	f.Add(`labels = "a" AND project = HMS ORDER BY created ASC`)
	f.Fuzz(func(t *testing.T, query string) {
		if _, err := parseJQL(query); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
