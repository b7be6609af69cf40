package ledger_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ledger/ledgertest"
)

// TestCloneSharesNothing writes into every part of a clone and looks whether
// the original, of which its JSON is a picture, has changed.
func TestCloneSharesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := ledgertest.Entries().Draw(t, "entry")
		before := picture(t, e)
		clone := e.Clone()
		if diff := cmp.Diff(e, clone); diff != "" {
			t.Fatalf("a clone differs (-entry +clone):\n%s", diff)
		}
		spoil(&clone)
		if diff := cmp.Diff(before, picture(t, e)); diff != "" {
			t.Fatalf("a change of the clone changed the entry (-before +after):\n%s", diff)
		}
	})
}

func picture(t *rapid.T, e ledger.Entry) string {
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func spoil(e *ledger.Entry) {
	if e.Claim != nil {
		e.Claim.ID += "x"
	}
	if e.Incident != nil {
		e.Incident.ID += "x"
	}
	if e.Retry != nil {
		e.Retry.Attempts++
	}
	if e.Closing != nil {
		e.Closing.Since = e.Closing.Since.Add(1)
	}
	if e.Last != nil {
		e.Last.Attempts++
	}
	for k := range e.Fields {
		e.Fields[k] += "x"
	}
	for _, sent := range e.Comments {
		sent[0].Source += "x"
	}
	if p := e.Plan; p != nil {
		p.Create = !p.Create
		for k := range p.Fields {
			p.Fields[k] += "x"
		}
		if len(p.Comments) > 0 {
			p.Comments[0].ID += "x"
		}
	}
}

// TestCaseStateIsStrictWeakOrder holds for states of one origin: Kibana gives
// every state a time and a version, other tools' snapshots a time at least.
// Across origins only the laws of two states hold.
func TestCaseStateIsStrictWeakOrder(t *testing.T) {
	states := rapid.Custom(func(t *rapid.T) [3]ledger.CaseState {
		timed, versioned := rapid.Bool().Draw(t, "timed"), rapid.Bool().Draw(t, "versioned")
		var all [3]ledger.CaseState
		for i := range all {
			s := ledgertest.CaseStates().Filter(func(s ledger.CaseState) bool {
				return s.At.IsZero() != timed && (s.Term != 0) == versioned
			}).Draw(t, "state")
			all[i] = s
		}
		return all
	})
	rapid.Check(t, func(t *rapid.T) {
		s := states.Draw(t, "states")
		a, b, c := s[0], s[1], s[2]
		if a.Before(b) && b.Before(c) && !a.Before(c) {
			t.Fatalf("not transitive: %+v %+v %+v", a, b, c)
		}
		same := func(x, y ledger.CaseState) bool { return !x.Before(y) && !y.Before(x) }
		if same(a, b) && same(b, c) && !same(a, c) {
			t.Fatalf("sameness is not transitive: %+v %+v %+v", a, b, c)
		}
		if !a.At.IsZero() && a.At.Before(b.At) && !a.Before(b) {
			t.Fatalf("time comes first: %+v %+v", a, b)
		}
	})
}

func TestCaseStateOfAnyTwo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := ledgertest.CaseStates().Draw(t, "a"), ledgertest.CaseStates().Draw(t, "b")
		if a.Before(a) {
			t.Fatalf("before itself: %+v", a)
		}
		if a.Before(b) && b.Before(a) {
			t.Fatalf("before each other: %+v %+v", a, b)
		}
		zero := ledger.CaseState{}
		if a.Before(zero) {
			t.Fatalf("before the state that is not known: %+v", a)
		}
	})
}

func TestPosition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := ledgertest.Positions().Draw(t, "p"), ledgertest.Positions().Draw(t, "q")
		later := p.Later(q)
		if later != p && later != q {
			t.Fatalf("%v.Later(%v) = %v", p, q, later)
		}
		if !later.Covers(q) {
			t.Fatalf("%v.Later(%v) = %v does not cover what it was raised to", p, q, later)
		}
		if p.Stream == q.Stream && (!later.Covers(p) || later != q.Later(p)) {
			t.Fatalf("%v.Later(%v) = %v is not the greater one", p, q, later)
		}
		if p.Stream != q.Stream && (p.Covers(q) || later != q) {
			t.Fatalf("positions of two streams were compared: %v %v", p, q)
		}
		if p.Covers(q) && q.Covers(p) && p != q {
			t.Fatalf("%v and %v cover each other", p, q)
		}
		if !p.Covers(p) || p.IsZero() != (p.Seq == 0) {
			t.Fatalf("%v", p)
		}
	})
}

func TestMarkSentCountsEachTextOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e ledger.Entry
		want := map[[2]string]string{} // (id, source) → digest of the first mark
		for range rapid.IntRange(0, 12).Draw(t, "marks") {
			id := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "id")
			s := ledger.Sent{Source: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "source"), Digest: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "digest")}
			if _, there := want[[2]string{id, s.Source}]; !there {
				want[[2]string{id, s.Source}] = s.Digest
			}
			e.MarkSent(id, s)
			if !e.HasSent(id, s.Source) {
				t.Fatalf("marked and not there: %s %+v", id, s)
			}
		}
		for _, digest := range []string{"x", "y"} {
			n := 0
			for _, d := range want {
				if d == digest {
					n++
				}
			}
			if got := e.CountDigest(digest); got != n {
				t.Fatalf("CountDigest(%q) = %d, want %d", digest, got, n)
			}
		}
	})
}
