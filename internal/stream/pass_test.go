package stream_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/stream"
)

// Only what is asked for comes, also of ids that are no subject tokens.
func TestDeadLettersOfPlace(t *testing.T) {
	t.Parallel()
	s := fresh(t).DeadLetters()
	for _, d := range []struct{ connector, caseID string }{{"soc-jira", "a"}, {"soc.jira", "a"}, {"soc-jira", "b c"}, {"", "a"}} {
		must(t, s.Put(t.Context(), letter(d.connector, d.caseID, 1)))
	}
	for want, at := range map[string]stream.DeadLetterPlace{
		`["soc-jira/a" "soc.jira/a" "soc-jira/b c" "/a"]`: {},
		`["soc-jira/a" "soc-jira/b c"]`:                   {Connector: "soc-jira"},
		`["soc.jira/a"]`:                                  {Connector: "soc.jira"},
		`["soc-jira/b c"]`:                                {Case: "b c"},
		`["soc-jira/a" "soc.jira/a" "/a"]`:                {Space: "default", Case: "a"},
		`[]`:                                              {Space: "other"},
	} {
		var got []string
		must(t, s.EachOf(t.Context(), at, func(d stream.StoredDeadLetter) error {
			got = append(got, d.ConnectorID+"/"+d.CaseID)
			return nil
		}))
		if fmt.Sprintf("%q", got) != want {
			t.Errorf("%+v: %q, want %s", at, got, want)
		}
	}
}

// A pass ends although the messages that it was promised are removed under it.
func TestPassOverWhatGoes(t *testing.T) {
	t.Parallel()
	s := fresh(t).DeadLetters()
	const letters = 600 // more than the client fetches ahead
	for i := range letters {
		must(t, s.Put(t.Context(), letter("soc-jira", fmt.Sprintf("c-%d", i), 1)))
	}
	seen := 0
	must(t, s.Each(t.Context(), func(d stream.StoredDeadLetter) error {
		if seen++; seen > 1 {
			return nil
		}
		for id := d.ID + 1; id <= d.ID+letters-1; id++ {
			must(t, s.Drop(t.Context(), id))
		}
		return nil
	}))
	if seen == 0 || seen == letters {
		t.Errorf("%d were seen", seen)
	}
}

// The entries of one case are found in all spaces and at all connectors.
func TestEntriesOfCase(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	keys := []ledger.Key{
		{Connector: "soc-jira", Space: "default", Case: "a"},
		{Connector: "soc.jira", Space: "soc", Case: "a"},
		{Connector: "soc-jira", Space: "default", Case: "b"},
	}
	for _, k := range keys {
		_, _, err := ledger.Write(t.Context(), c.Ledger(), k, ledger.Entry{Epoch: 1}, 0)
		must(t, err)
	}
	for want, of := range map[int]stream.EntryFilter{3: {}, 2: {Case: "a"}, 1: {Case: "a", Connector: "soc.jira"}, 0: {Case: "c"}} {
		var got []ledger.Key
		must(t, c.Entries(t.Context(), of, func(k ledger.Key, e ledger.Entry) error {
			if e.StoredAt.IsZero() {
				t.Errorf("%v: not known when it was stored", k)
			}
			got = append(got, k)
			return nil
		}))
		if len(got) != want || slices.ContainsFunc(got, func(k ledger.Key) bool { return of.Case != "" && k.Case != of.Case }) {
			t.Errorf("%+v: %v", of, got)
		}
	}
}
