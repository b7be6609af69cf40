package ledgertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
)

// Entries generates entries of every shape that a pusher may write. Maps and
// lists are absent rather than empty, which an encoding does not tell apart.
func Entries() *rapid.Generator[ledger.Entry] {
	return rapid.Custom(func(t *rapid.T) ledger.Entry {
		return ledger.Entry{
			Format: ledger.Format, Write: texts().Draw(t, "write"), Epoch: rapid.Uint64().Draw(t, "epoch"),
			Cursor: storedPositions().Draw(t, "cursor"), Want: storedPositions().Draw(t, "want"),
			Claim: maybe(claims()).Draw(t, "claim"), Plan: maybe(plans()).Draw(t, "plan"),
			Incident:   maybe(incidents()).Draw(t, "incident"),
			SearchedAt: Times().Draw(t, "searched at"), Unlinked: texts().Draw(t, "unlinked"),
			Fields: sources().Draw(t, "fields"), Comments: comments().Draw(t, "comments"),
			Pushed: storedStates().Draw(t, "pushed"), Blocked: rapid.Bool().Draw(t, "blocked"), Dead: rapid.Bool().Draw(t, "dead"),
			Retry: maybe(retries()).Draw(t, "retry"), Closing: maybe(closings()).Draw(t, "closing"),
			ClosedAt: Times().Draw(t, "closed at"), Last: maybe(outcomes()).Draw(t, "last"),
			Verify: maybe(verifies()).Draw(t, "verify"), Duplicates: duplicates().Draw(t, "duplicates"),
		}
	})
}

// Positions generates positions of two streams and of none.
func Positions() *rapid.Generator[ledger.Position] {
	return rapid.Custom(func(t *rapid.T) ledger.Position {
		return ledger.Position{
			Stream: rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "stream"),
			Seq:    rapid.OneOf(rapid.Uint64Range(0, 3), rapid.Uint64()).Draw(t, "seq"),
		}
	})
}

// storedPositions has what is no position as the zero one, as encodings have it.
func storedPositions() *rapid.Generator[ledger.Position] {
	return rapid.Map(Positions(), func(p ledger.Position) ledger.Position {
		if p.IsZero() {
			return ledger.Position{}
		}
		return p
	})
}

// CaseStates generates states that are close to each other.
func CaseStates() *rapid.Generator[ledger.CaseState] {
	return rapid.Custom(func(t *rapid.T) ledger.CaseState {
		return ledger.CaseState{
			At: Times().Draw(t, "at"), SeqNo: rapid.Int64Range(0, 3).Draw(t, "seq no"),
			Term: rapid.Int64Range(0, 2).Draw(t, "term"), Seq: rapid.Uint64Range(0, 3).Draw(t, "seq"),
		}
	})
}

// storedStates has what is no state as the zero one.
func storedStates() *rapid.Generator[ledger.CaseState] {
	return rapid.Map(CaseStates(), func(s ledger.CaseState) ledger.CaseState {
		if s.IsZero() {
			return ledger.CaseState{}
		}
		return s
	})
}

// Times generates the zero time and three instants to the nanosecond, in UTC.
func Times() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		n := rapid.IntRange(0, 3).Draw(t, "time")
		if n == 0 {
			return time.Time{}
		}
		return time.Unix(1_780_000_000, int64(n)).UTC()
	})
}

func maybe[T any](g *rapid.Generator[T]) *rapid.Generator[*T] { return rapid.Ptr(g, true) }

func texts() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "a", "ü€😀", "<&>\"\\\u2028", "a\nb\x00c"}), rapid.StringN(0, 8, -1))
}

func sources() *rapid.Generator[map[string]string] {
	return rapid.Map(rapid.MapOfN(texts(), texts(), 0, 3), func(m map[string]string) map[string]string {
		if len(m) == 0 {
			return nil
		}
		return m
	})
}

func comments() *rapid.Generator[map[string][]ledger.Sent] {
	sent := rapid.Custom(func(t *rapid.T) ledger.Sent {
		return ledger.Sent{Source: texts().Draw(t, "source"), Digest: texts().Draw(t, "digest")}
	})
	all := rapid.MapOfN(texts(), rapid.SliceOfN(sent, 1, 3), 0, 3)
	return rapid.Map(all, func(m map[string][]ledger.Sent) map[string][]ledger.Sent {
		if len(m) == 0 {
			return nil
		}
		return m
	})
}

func claims() *rapid.Generator[ledger.Claim] {
	return rapid.Custom(func(t *rapid.T) ledger.Claim {
		return ledger.Claim{ID: texts().Draw(t, "id"), Owner: texts().Draw(t, "owner"), Lease: time.Duration(rapid.Int64().Draw(t, "lease"))}
	})
}

func plans() *rapid.Generator[ledger.Plan] {
	mark := rapid.Custom(func(t *rapid.T) ledger.Mark {
		return ledger.Mark{ID: texts().Draw(t, "id"), Source: texts().Draw(t, "source"), Digest: texts().Draw(t, "digest")}
	})
	return rapid.Custom(func(t *rapid.T) ledger.Plan {
		p := ledger.Plan{
			Through: storedPositions().Draw(t, "through"), Create: rapid.Bool().Draw(t, "create"), Fields: sources().Draw(t, "fields"),
			Pushed: storedStates().Draw(t, "pushed"), SettleAt: Times().Draw(t, "settle at"),
			Settle: time.Duration(rapid.Int64().Draw(t, "settle")), SettleFrom: Times().Draw(t, "settle from"),
		}
		if list := rapid.SliceOfN(mark, 0, 3).Draw(t, "comments"); len(list) > 0 {
			p.Comments = list
		}
		return p
	})
}

func incidents() *rapid.Generator[ledger.Incident] {
	return rapid.Custom(func(t *rapid.T) ledger.Incident {
		return ledger.Incident{
			ID: texts().Draw(t, "id"), Title: texts().Draw(t, "title"), URL: texts().Draw(t, "url"),
			How: rapid.SampledFrom([]ledger.How{"", ledger.Created, ledger.Found, ledger.Adopted, ledger.Linked}).Draw(t, "how"),
			At:  Times().Draw(t, "at"),
		}
	})
}

func retries() *rapid.Generator[ledger.Retry] {
	return rapid.Custom(func(t *rapid.T) ledger.Retry {
		return ledger.Retry{
			NotBefore: Times().Draw(t, "not before"), Attempts: rapid.Int().Draw(t, "attempts"), First: Times().Draw(t, "first"),
			PutOff: time.Duration(rapid.Int64().Draw(t, "put off")),
			Stage:  texts().Draw(t, "stage"), Reason: texts().Draw(t, "reason"),
		}
	})
}

func verifies() *rapid.Generator[ledger.Verify] {
	return rapid.Custom(func(t *rapid.T) ledger.Verify {
		return ledger.Verify{
			At: Times().Draw(t, "at"), Since: Times().Draw(t, "since"), Attempts: rapid.Int().Draw(t, "attempts"),
			PutOff: time.Duration(rapid.Int64().Draw(t, "put off")),
		}
	})
}

func duplicates() *rapid.Generator[[]ledger.Incident] {
	return rapid.Map(rapid.SliceOfN(incidents(), 0, 2), func(list []ledger.Incident) []ledger.Incident {
		if len(list) == 0 {
			return nil
		}
		return list
	})
}

func closings() *rapid.Generator[ledger.Closing] {
	return rapid.Custom(func(t *rapid.T) ledger.Closing { return ledger.Closing{Since: Times().Draw(t, "since")} })
}

func outcomes() *rapid.Generator[ledger.Outcome] {
	return rapid.Custom(func(t *rapid.T) ledger.Outcome {
		return ledger.Outcome{
			Outcome: texts().Draw(t, "outcome"), Reason: texts().Draw(t, "reason"), EventID: texts().Draw(t, "event id"),
			EventSeq: rapid.Uint64().Draw(t, "event seq"), Through: storedPositions().Draw(t, "through"), Owner: texts().Draw(t, "owner"),
			Closed: rapid.Bool().Draw(t, "closed"), Attempts: rapid.Int().Draw(t, "attempts"), TookMS: rapid.Int64().Draw(t, "took"), At: Times().Draw(t, "at"),
		}
	})
}

func testRoundTrip(t *testing.T, s ledger.Store) {
	rev := ledger.Revision(0)
	rapid.Check(t, func(rt *rapid.T) {
		want := Entries().Draw(rt, "entry")
		next, err := s.Put(t.Context(), key(), want, rev)
		if err != nil {
			rt.Fatalf("Put: %v", err)
		}
		rev = next
		got, at, err := s.Get(t.Context(), key())
		if err != nil || at != rev {
			rt.Fatalf("Get: revision %d, error %v; want revision %d", at, err, rev)
		}
		if diff := cmp.Diff(want, got, content()); diff != "" {
			rt.Fatalf("the entry came back changed (-want +got):\n%s", diff)
		}
	})
}

// testLarge has as many comments as a case may reasonably have.
func testLarge(t *testing.T, s ledger.Store) {
	e := entry(1)
	for i := range 1000 {
		text := fmt.Sprint("comment ", i)
		e.MarkSent(fmt.Sprintf("7349772f-421a-4de3-b8bb-%012d", i), ledger.Sent{Source: connector.Digest(text), Digest: connector.Digest(text + "x")})
	}
	wantStored(t, s, key(), e, mustPut(t, s, key(), e, 0))
}

// testOddKeys has the connector ids that people give preconfigured connectors,
// and keys that fall together if their parts are joined carelessly.
func testOddKeys(t *testing.T, s ledger.Store) {
	keys := []ledger.Key{
		{Connector: "a.b", Space: "c", Case: "d"},
		{Connector: "a", Space: "b", Case: "d"},
		{Connector: "a.b.c", Space: "c", Case: "d"},
		{Connector: "a_b", Space: "c", Case: "d"},
		{Connector: "a-b", Space: "c", Case: "d"},
		{Connector: "a=b", Space: "c", Case: "d"},
		{Connector: "a b", Space: "c", Case: "d"},
		{Connector: " a b ", Space: "c", Case: "d"},
		{Connector: "A.B", Space: "C", Case: "D"},
		{Connector: "*", Space: "c", Case: "d"},
		{Connector: ">", Space: "c", Case: "d"},
		{Connector: "a.>", Space: "c", Case: "d"},
		{Connector: ".", Space: "c", Case: "d"},
		{Connector: "a..b", Space: "c", Case: "d"},
		{Connector: "$KV", Space: "c", Case: "d"},
		{Connector: "Zürich 東京 😀", Space: "c", Case: "d"},
		{Connector: "a/b\\c%2e\t\n", Space: "c", Case: "d"},
		{Connector: strings.Repeat("x", 64), Space: strings.Repeat("s", 128), Case: strings.Repeat("c", 128)},
		{Connector: "b64", Space: "-", Case: "_"},
		{Connector: "b64", Space: "_", Case: "-"},
		{Connector: "YS5i", Space: "c", Case: "d"}, // base64 of a.b
	}
	revs := make([]ledger.Revision, len(keys))
	want := map[ledger.Key]ledger.Entry{}
	for i, k := range keys {
		revs[i] = mustPut(t, s, k, entry(i+1), 0)
		want[k] = entry(i + 1)
	}
	for i, k := range keys {
		wantStored(t, s, k, entry(i+1), revs[i])
	}
	if diff := cmp.Diff(want, collect(t, s), content()); diff != "" {
		t.Errorf("Each (-want +got):\n%s", diff)
	}
}
