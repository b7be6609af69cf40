package jira

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/connector"
)

func units(s string) int { return len(utf16.Encode([]rune(s))) }

func TestSummaryLine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                         "",
		" \r\n \n":                 "",
		"one":                      "one",
		"  one \r\n\r\n\ttwo\rx\n": "one, two, x",
		"a,\nb":                    "a,, b",
		"\ufeffbom\u00a0":          "bom",
		"\u0085next line\u0085":    "\u0085next line\u0085", // no white space in JavaScript
		"tab\tstays\u2028here":     "tab\tstays\u2028here",
	} {
		if got := summaryLine(in); got != want {
			t.Errorf("summaryLine(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSummaryLineProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		title := rapid.OneOf(
			rapid.String(),
			rapid.StringOfN(rapid.SampledFrom([]rune("ab \t\r\n,😀\u00a0")), 0, 600, -1),
		).Draw(t, "title")
		got := summaryLine(title)
		if n := units(got); n > maxSummaryUTF16 {
			t.Fatalf("%d UTF-16 units", n)
		}
		if strings.ContainsAny(got, "\r\n") {
			t.Fatalf("line break in %q", got)
		}
		if strings.Contains(got, "\ufffd") && !strings.Contains(title, "\ufffd") {
			t.Fatalf("a character was cut in two: %q", got)
		}
		if again := summaryLine(got); units(got) < maxSummaryUTF16-1 && again != got {
			t.Fatalf("not stable: %q, then %q", got, again)
		}
		if one := !strings.ContainsAny(title, "\r\n"); one && units(title) <= maxSummaryUTF16 && got != strings.TrimFunc(title, isSpace) {
			t.Fatalf("one short line changed: %q", got)
		}
	})
}

func TestLabels(t *testing.T) {
	t.Parallel()
	got := labels([]string{"a b", "a\t \nb", "", " c ", "c", "mark", "Ä/ö"}, "mark")
	if diff := cmp.Diff([]string{"a-b", "-c-", "c", "Ä/ö", "mark"}, got); diff != "" {
		t.Error(diff)
	}
	if got := labels(nil, ""); got == nil || len(got) != 0 {
		t.Errorf("labels(nil) = %#v, want an empty list, which JSON writes as []", got)
	}
}

func TestLabelsProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tags := rapid.SliceOf(rapid.OneOf(rapid.String(), rapid.StringN(200, 400, -1))).Draw(t, "tags")
		got := labels(tags, "mark")
		if got[len(got)-1] != "mark" {
			t.Fatalf("the mark is not last: %q", got)
		}
		seen := map[string]bool{}
		for _, l := range got {
			if l == "" || strings.ContainsFunc(l, isSpace) || units(l) > maxLabelUTF16 || seen[l] {
				t.Fatalf("label %q: empty, with white space, too long or twice", l)
			}
			seen[l] = true
		}
		if diff := cmp.Diff(got, labels(got, "mark")); diff != "" {
			t.Fatalf("labels of labels differ: %s", diff)
		}
	})
}

func TestLabel(t *testing.T) {
	t.Parallel()
	id := connector.CorrelationID{ConnectorID: "soc-jira", SpaceID: "default", CaseID: "7349772f-421a-4de3-b8bb-2d9b22ccee30"}
	// printf 'soc-jira\0default\0007349772f-…' | sha256sum
	if got, want := id.Mark(), "kibana-case-7349772f-421a-4de3-b8bb-2d9b22ccee30-f6e738a619"; got != want {
		t.Errorf("label = %q, want %q", got, want)
	}
}

func TestLabelProperties(t *testing.T) {
	t.Parallel()
	ids := rapid.Custom(func(t *rapid.T) connector.CorrelationID {
		part := rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "a b", "a-b"}), rapid.StringN(0, 400, -1))
		return connector.CorrelationID{ConnectorID: part.Draw(t, "connector"), SpaceID: part.Draw(t, "space"), CaseID: part.Draw(t, "case")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := ids.Draw(t, "a"), ids.Draw(t, "b")
		la, lb := a.Mark(), b.Mark()
		if len(la) > maxLabelUTF16 || hyphenate(la) != la || escapeJQL(la) != la {
			t.Fatalf("label %q is too long or needs escapes", la)
		}
		nul := strings.Contains(a.ConnectorID+a.SpaceID+b.ConnectorID+b.SpaceID, "\x00")
		if (la == lb) != (a == b) && !nul {
			t.Fatalf("%+v and %+v: labels %q and %q", a, b, la, lb)
		}
	})
}
