package stream

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/ledger"
)

// anyID draws ids: ordinary ones, and those that could be taken for encoded ones.
func anyID() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[A-Za-z0-9_-]{1,12}`),
		rapid.String(),
		rapid.Map(rapid.String(), encode),
		rapid.SampledFrom([]string{"", "=", "==", "-", "+route", "*", ">", "a.b", "a b", "$KV", "é", "\x00", strings.Repeat("x", 128), strings.Repeat("x", 129)}),
	)
}

func TestEncode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyID().Draw(t, "a"), anyID().Draw(t, "b")
		token := encode(a)
		if decode(token) != a {
			t.Fatalf("%q: encoded %q, decoded %q", a, token, decode(token))
		}
		if token == "" || strings.ContainsAny(token, ". *>\t\r\n\x00") || !isASCII(token) {
			t.Fatalf("%q: %q is no subject token", a, token)
		}
		if a != b && encode(b) == token {
			t.Fatalf("%q and %q are both %q", a, b, token)
		}
		if token == routeQueue {
			t.Fatalf("%q is taken for the queue of events that wait for Kibana", a)
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' || r <= ' ' })
}

// TestEncodeReadable: what people see in subjects is the id itself where that is possible.
func TestEncodeReadable(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"soc-jira": "soc-jira", "131d4448-abe0-4789-939d-8ef60680b498": "131d4448-abe0-4789-939d-8ef60680b498",
		"a.b": "=YS5i", "": "=",
	} {
		if got := encode(id); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}

// TestEntrySubjects: no two entries share a subject, and the key can be read
// back from it.
func TestEntrySubjects(t *testing.T) {
	t.Parallel()
	names, err := NewNames("")
	if err != nil {
		t.Fatal(err)
	}
	s := ledgerStore{&Conn{names: names}}
	keys := rapid.Custom(func(t *rapid.T) ledger.Key {
		return ledger.Key{Connector: anyID().Draw(t, "connector"), Space: anyID().Draw(t, "space"), Case: anyID().Draw(t, "case")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := keys.Draw(t, "a"), keys.Draw(t, "b")
		if got, ok := s.key(names.entry(a)); !ok || got != a {
			t.Fatalf("%q: read back %q, %t", a, got, ok)
		}
		if a != b && names.entry(a) == names.entry(b) {
			t.Fatalf("%q and %q share %q", a, b, names.entry(a))
		}
	})
}

func TestNewNames(t *testing.T) {
	t.Parallel()
	n, err := NewNames("")
	if err != nil || n.Events() != "CASEPUSH_EVENTS" || n.Work() != "CASEPUSH_WORK" || n.Results() != "CASEPUSH_RESULTS" || n.DeadLetters() != "CASEPUSH_DLQ" || n.Ledger() != "casepush_ledger" {
		t.Errorf("default names: %+v, %v", n, err)
	}
	if n, err := NewNames("team-a"); err != nil || n.Events() != "TEAM_A_EVENTS" || n.Event("default", "c-1") != "team-a.push.default.c-1" {
		t.Errorf("team-a: %q, %v", n.Events(), err)
	}
	for _, bad := range []string{"a.b", "a b", "*", ">", "é", strings.Repeat("x", 33)} {
		if _, err := NewNames(bad); err == nil || !strings.Contains(err.Error(), "prefix") {
			t.Errorf("prefix %q: %v", bad, err)
		}
	}
}
