package mapping

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
)

func length(s string, u connector.Unit) int {
	switch u {
	case connector.UTF16:
		return len(utf16.Encode([]rune(s)))
	case connector.Bytes:
		return len(s)
	default:
		return utf8.RuneCountInString(s)
	}
}

// anyText has multi-byte characters, surrogate pairs and line ends.
func anyText() *rapid.Generator[string] {
	return rapid.StringOf(rapid.SampledFrom([]rune("ab ß語🛰\n\r.,\ufeff\u0085")))
}

func TestPartsFitAndLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := connector.Limit{
			Max:  rapid.IntRange(4, 90).Draw(t, "max"), // 4: the longest character fits
			Unit: rapid.SampledFrom([]connector.Unit{connector.Runes, connector.UTF16, connector.Bytes}).Draw(t, "unit"),
		}
		text := "x" + anyText().Draw(t, "text")
		r := renderer{Input: Input{Case: &kibana.Case{ID: "c-1"}, Limits: map[string]connector.Limit{commentLimit: limit}}}
		var all strings.Builder
		seen := map[string]bool{}
		for i, c := range r.parts("k-1", "src", text) {
			if n := length(c.Text, limit.Unit); n > limit.Max {
				t.Fatalf("part %q has %d, limit is %d", c.Text, n, limit.Max)
			}
			if seen[c.ID] || c.Source != "src" || c.Digest != connector.Digest(c.Text) {
				t.Fatalf("part %d: %+v", i, c)
			}
			seen[c.ID] = true
			all.WriteString(strings.TrimPrefix(c.Text, continued))
		}
		if got := all.String(); strings.TrimSpace(got) != strings.TrimSpace(text) {
			t.Fatalf("parts make %q of %q", got, text)
		}
	})
}

func TestJoinIsIdempotentAndKeepsBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		current, added := anyText().Draw(t, "current"), anyText().Draw(t, "added")
		once, changed := Join(current, added)
		if !changed && once != current {
			t.Fatalf("unchanged, but %q became %q", current, once)
		}
		if changed && once != added && once != current+separator+added {
			t.Fatalf("Join(%q, %q) = %q", current, added, once)
		}
		if twice, again := Join(once, added); again {
			t.Fatalf("joined twice: %q", twice)
		}
		// What a tracker makes of it: other line ends, no white space at the ends.
		kept := strings.Trim(strings.ReplaceAll(once, "\r\n", "\n"), " \r\n")
		if twice, again := Join(kept, added); again {
			t.Fatalf("joined twice after the tracker's changes: %q", twice)
		}
		// Jira's summary: one line, with commas where lines ended.
		if twice, again := Join(inOneLine(once), added); again {
			t.Fatalf("joined twice after Jira's changes: %q", twice)
		}
		later, _ := Join(once, "something else")
		// What stood between commas before is no line beside a second one.
		if twice, again := Join(later, added); again && changed {
			t.Fatalf("joined twice after another value: %q", twice)
		}
		if twice, again := Join(inOneLine(later), added); again {
			t.Fatalf("joined twice after another value and Jira's changes: %q", twice)
		}
		// Each step through Jira's summary, as pushes do it.
		summary := inOneLine(once)
		for _, next := range []string{"x, y", added, "z", "x, y", added} {
			joined, _ := Join(summary, next)
			summary = inOneLine(joined)
		}
		if n := strings.Count(oneLine+summary+oneLine, oneLine+"z"+oneLine); n != 1 {
			t.Fatalf("z is there %d times: %q", n, summary)
		}
		if again := inOneLine(summary); again != summary {
			t.Fatalf("one line of one line: %q", again)
		}
	})
}

// inOneLine makes of a text what the adapter makes of a summary: lines trimmed
// of JavaScript's white space, empty ones dropped, the rest joined with commas.
func inOneLine(s string) string {
	var out []string
	for _, line := range strings.Split(strings.ReplaceAll(s, "\r", "\n"), "\n") {
		line = strings.Trim(line, " \t\v\f\u00a0\ufeff\u2028\u2029\u3000")
		if line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, ", ")
}

func TestJoin(t *testing.T) {
	for _, tc := range []struct {
		current, added, want string
		changed              bool
	}{
		{"", "new", "new", true},
		{"  \n", "new", "new", true},
		{"old", "new", "old \r\nnew", true},
		{"old \r\nnew", "new", "old \r\nnew", false},
		{"new \nnewer", "new", "new \nnewer", false},
		{"renew", "new", "renew \r\nnew", true},
		{"old", "", "old", false},
		{"old, new", "new", "old, new", false},
		{"old, new, newer", "new", "old, new, newer", false},
		{"old, a, b", "a\nb", "old, a, b", false},
		{"old, new", "old \r\nnew", "old, new", false},
		{"old,new", "new", "old,new \r\nnew", true},
		{"old, renew", "new", "old, renew \r\nnew", true},
		{"old, new\nof two lines", "new", "old, new\nof two lines \r\nnew", true},
		{"a\r\na", "a\r\r\na\ufeff", "a\r\na", false},
		{"a\n\nAdded by q.", "a\r\n\r\nAdded by q.", "a\n\nAdded by q.", false},
		{"a\n\nAdded by q.", "b\n\nAdded by q.", "a\n\nAdded by q. \r\nb\n\nAdded by q.", true},
	} {
		if got, changed := Join(tc.current, tc.added); got != tc.want || changed != tc.changed {
			t.Errorf("Join(%q, %q) = %q, %v; want %q, %v", tc.current, tc.added, got, changed, tc.want, tc.changed)
		}
	}
}

// Who updated the case, the links and the connector's fields' order may change
// without any value being another one; a new text is.
func TestFootersAreNoChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := Input{Type: types()[".jira"], Case: &kibana.Case{
			ID: "c-1", Title: anyText().Draw(t, "title"), Description: anyText().Draw(t, "description"),
			Comments: []kibana.Comment{{ID: "k-1", Type: "user", Text: "x" + anyText().Draw(t, "comment")}},
		}}
		other := in
		c := *in.Case
		c.UpdatedBy = &kibana.User{Username: "q"}
		c.Comments = []kibana.Comment{c.Comments[0]}
		c.Comments[0].UpdatedBy = &kibana.User{FullName: "Q"}
		other.Case, other.PublicBaseURL, other.SpaceID = &c, "https://kibana.example", "soc"
		a, b := sources(t, in), sources(t, other)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatalf("sources differ:\n%s", diff)
		}
		c.Comments[0].Text += "more"
		c.Description += "more"
		changed := 0
		for i, s := range sources(t, other) {
			if s != a[i] {
				changed++
			}
		}
		if changed != 2 {
			t.Fatalf("two texts changed, but %d sources", changed)
		}
	})
}

func sources(t *rapid.T, in Input) []string {
	out, err := Render(in)
	if err != nil {
		t.Fatal(err)
	}
	var s []string
	for _, f := range out.Incident.Fields {
		s = append(s, f.Name+" "+f.Source)
	}
	for _, c := range out.Comments {
		s = append(s, c.ID+" "+c.Source)
	}
	return s
}

func TestCutTextOfReplacedFieldIsNotContinued(t *testing.T) {
	out, err := Render(Input{
		Case: &kibana.Case{ID: "c-1", Title: "0123456789"}, Type: types()[".jira"],
		Rows:         rows("title>priority", "comments>comments+"),
		OwnConnector: false, Limits: map[string]connector.Limit{"priority": {Max: 5}},
	})
	if err != nil || len(out.Comments) != 1 || out.Comments[0].Text != "Title (continued)\n56789" {
		t.Fatalf("comments %+v, %v", out.Comments, err)
	}
	out, err = Render(Input{
		Case: &kibana.Case{ID: "c-1", Title: "0123456789", Connector: kibana.CaseConnector{Fields: []byte(`{"priority":"High"}`)}},
		Type: types()[".jira"], Rows: rows("title>priority", "comments>comments+"),
		OwnConnector: true, Limits: map[string]connector.Limit{"priority": {Max: 5}},
	})
	if err != nil || len(out.Comments) != 0 || out.Incident.Text("priority") != "High" {
		t.Fatalf("incident %+v, comments %+v, %v", out.Incident, out.Comments, err)
	}
}
