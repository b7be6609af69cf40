// Package ledgertest is the contract of every [ledger.Store], as a test.
package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/casepush/casepush/internal/ledger"
)

// content compares entries without the store's own time.
func content() cmp.Option { return cmpopts.IgnoreFields(ledger.Entry{}, "StoredAt") }

// Run tests a store. fresh is called once for each part of the test and
// returns an empty store, which it closes by t.Cleanup if that is needed.
func Run(t *testing.T, fresh func(t *testing.T) ledger.Store) {
	for name, part := range map[string]func(*testing.T, ledger.Store){
		"absent":       testAbsent,
		"create":       testCreate,
		"stale":        testStale,
		"one wins":     testOneWins,
		"no lost turn": testNoLostTurn,
		"round trip":   testRoundTrip,
		"isolation":    testIsolation,
		"large":        testLarge,
		"odd keys":     testOddKeys,
		"each":         testEach,
		"each stops":   testEachStops,
		"cancelled":    testCancelled,
		"since":        testSince,
		"write":        testWrite,
		"unanswered":   testUnanswered,
	} {
		t.Run(name, func(t *testing.T) { part(t, fresh(t)) })
	}
}

// key names the entry that most parts use.
func key() ledger.Key { return ledger.Key{Connector: "soc-jira", Space: "default", Case: "c-1"} }

// entry makes one that can be told from others.
func entry(n int) ledger.Entry {
	return ledger.Entry{Format: ledger.Format, Write: fmt.Sprintf("write-%d", n), Epoch: uint64(n)}
}

func mustGet(t testing.TB, s ledger.Store, k ledger.Key) (ledger.Entry, ledger.Revision) {
	t.Helper()
	e, rev, err := s.Get(context.Background(), k)
	if err != nil {
		t.Fatalf("Get %q: %v", k, err)
	}
	return e, rev
}

func mustPut(t testing.TB, s ledger.Store, k ledger.Key, e ledger.Entry, rev ledger.Revision) ledger.Revision {
	t.Helper()
	next, err := s.Put(context.Background(), k, e, rev)
	if err != nil {
		t.Fatalf("Put %q at revision %d: %v", k, rev, err)
	}
	return next
}

// wantStored checks what a fresh Get gives.
func wantStored(t testing.TB, s ledger.Store, k ledger.Key, want ledger.Entry, rev ledger.Revision) {
	t.Helper()
	got, at := mustGet(t, s, k)
	if at != rev {
		t.Errorf("Get %q: revision %d, want %d", k, at, rev)
	}
	if got.StoredAt.IsZero() == want.Exists() {
		t.Errorf("Get %q: stored at %s", k, got.StoredAt)
	}
	if diff := cmp.Diff(want, got, content()); diff != "" {
		t.Errorf("Get %q (-want +got):\n%s", k, diff)
	}
}

// wantConflict puts an entry that must be refused.
func wantConflict(t testing.TB, s ledger.Store, k ledger.Key, rev ledger.Revision) {
	t.Helper()
	if _, err := s.Put(context.Background(), k, entry(999), rev); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("Put %q at revision %d: error %v, want ErrConflict", k, rev, err)
	}
}

func testAbsent(t *testing.T, s ledger.Store) {
	wantStored(t, s, key(), ledger.Entry{}, 0)
	wantConflict(t, s, key(), 1)
	wantStored(t, s, key(), ledger.Entry{}, 0)
}

func testCreate(t *testing.T, s ledger.Store) {
	rev := mustPut(t, s, key(), entry(1), 0)
	if rev == 0 {
		t.Error("Put gave revision 0, which means: does not exist")
	}
	wantConflict(t, s, key(), 0)
	wantStored(t, s, key(), entry(1), rev)
}

func testStale(t *testing.T, s ledger.Store) {
	first := mustPut(t, s, key(), entry(1), 0)
	second := mustPut(t, s, key(), entry(2), first)
	if second == first {
		t.Error("two states have one revision")
	}
	wantConflict(t, s, key(), first)
	wantConflict(t, s, key(), second+1)
	other := ledger.Key{Connector: "soc-jira", Space: "default", Case: "c-2"}
	otherRev := mustPut(t, s, other, entry(3), 0) // is none of the first key's business
	wantStored(t, s, key(), entry(2), second)
	mustPut(t, s, key(), entry(4), second)
	wantStored(t, s, other, entry(3), otherRev)
}

// rivals is how many write at once.
const rivals = 16

func testOneWins(t *testing.T, s ledger.Store) {
	rev := ledger.Revision(0)
	for round := range 10 {
		errs := make([]error, rivals)
		revs := make([]ledger.Revision, rivals)
		var wg sync.WaitGroup
		for i := range rivals {
			wg.Go(func() { revs[i], errs[i] = s.Put(context.Background(), key(), entry(round*rivals+i+1), rev) })
		}
		wg.Wait()
		winner := slices.Index(errs, nil)
		if winner < 0 {
			t.Fatalf("round %d: nobody won: %v", round, errors.Join(errs...))
		}
		for i, err := range errs {
			if i != winner && !errors.Is(err, ledger.ErrConflict) {
				t.Errorf("round %d: rival %d: error %v, want ErrConflict (%d has won)", round, i, err, winner)
			}
		}
		rev = revs[winner]
		wantStored(t, s, key(), entry(round*rivals+winner+1), rev)
	}
}

// testNoLostTurn counts with compare-and-set: a lost update shows in the sum.
func testNoLostTurn(t *testing.T, s ledger.Store) {
	const turns = 10
	var wg sync.WaitGroup
	for range rivals / 2 {
		wg.Go(func() {
			for done := 0; done < turns; {
				e, rev, err := s.Get(context.Background(), key())
				if err == nil {
					e.Epoch++
					_, _, err = ledger.Write(context.Background(), s, key(), e, rev)
				}
				switch {
				case err == nil:
					done++
				case !errors.Is(err, ledger.ErrConflict):
					t.Errorf("count: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	if e, _ := mustGet(t, s, key()); e.Epoch != rivals/2*turns {
		t.Errorf("counted to %d, want %d", e.Epoch, rivals/2*turns)
	}
}

func testEach(t *testing.T, s ledger.Store) {
	if got := collect(t, s); len(got) != 0 {
		t.Errorf("an empty store has entries: %v", got)
	}
	want := map[ledger.Key]ledger.Entry{}
	for i := range 30 {
		k := ledger.Key{Connector: fmt.Sprintf("conn.%d", i%3), Space: "default", Case: fmt.Sprintf("c-%d", i)}
		rev := mustPut(t, s, k, entry(i), 0)
		mustPut(t, s, k, entry(i+100), rev) // only the newest state counts
		want[k] = entry(i + 100)
	}
	if diff := cmp.Diff(want, collect(t, s), content()); diff != "" {
		t.Errorf("Each (-want +got):\n%s", diff)
	}
}

// collect fails the test if a key comes twice.
func collect(t *testing.T, s ledger.Store) map[ledger.Key]ledger.Entry {
	t.Helper()
	all := map[ledger.Key]ledger.Entry{}
	err := s.Each(context.Background(), func(k ledger.Key, e ledger.Entry) error {
		if _, twice := all[k]; twice {
			t.Errorf("Each gave %q twice", k)
		}
		all[k] = e
		return nil
	})
	if err != nil {
		t.Fatalf("Each: %v", err)
	}
	return all
}

func testEachStops(t *testing.T, s ledger.Store) {
	for i := range 5 {
		mustPut(t, s, ledger.Key{Connector: "x", Space: "default", Case: fmt.Sprint(i)}, entry(i), 0)
	}
	enough := errors.New("enough")
	calls := 0
	err := s.Each(context.Background(), func(ledger.Key, ledger.Entry) error {
		if calls++; calls == 2 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || calls != 2 {
		t.Errorf("Each: %d calls, error %v; want 2 and the visitor's own", calls, err)
	}
	// A visitor may use the store.
	err = s.Each(context.Background(), func(k ledger.Key, e ledger.Entry) error {
		_, rev := mustGet(t, s, k)
		mustPut(t, s, k, e, rev)
		return nil
	})
	if err != nil {
		t.Errorf("Each with a visitor that writes: %v", err)
	}
}

func testCancelled(t *testing.T, s ledger.Store) {
	rev := mustPut(t, s, key(), entry(1), 0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := s.Get(ctx, key()); !errors.Is(err, context.Canceled) {
		t.Errorf("Get: error %v, want context.Canceled", err)
	}
	if _, err := s.Put(ctx, key(), entry(2), rev); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: error %v, want context.Canceled", err)
	}
	if err := s.Each(ctx, func(ledger.Key, ledger.Entry) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Each: error %v, want context.Canceled", err)
	}
	wantStored(t, s, key(), entry(1), rev) // nothing had been sent
}

func testSince(t *testing.T, s ledger.Store) {
	since := s.Since()
	if since.IsZero() || since.After(time.Now().Add(time.Minute)) {
		t.Errorf("Since: %v", since)
	}
	if trusted := s.TrustedSince(); !trusted.Equal(since) {
		t.Errorf("a new store is trusted since %v, and is there since %v", trusted, since)
	}
	mustPut(t, s, key(), entry(1), 0)
	if again := s.Since(); !again.Equal(since) {
		t.Errorf("Since moved from %v to %v", since, again)
	}
}

func testIsolation(t *testing.T, s ledger.Store) {
	e := entry(1)
	e.Fields = map[string]string{"title": "a"}
	e.Comments = map[string][]ledger.Sent{"c": {{Source: "s", Digest: "d"}}}
	e.Verify, e.Duplicates = &ledger.Verify{Attempts: 1}, []ledger.Incident{{ID: "1"}}
	e.Plan = &ledger.Plan{Comments: []ledger.Mark{{ID: "c"}}, Fields: map[string]string{"f": "1"}}
	want := e.Clone()
	rev := mustPut(t, s, key(), e, 0)
	spoil(e)
	wantStored(t, s, key(), want, rev)
	got, _ := mustGet(t, s, key())
	spoil(got)
	err := s.Each(context.Background(), func(_ ledger.Key, e ledger.Entry) error { spoil(e); return nil })
	if err != nil {
		t.Errorf("Each: %v", err)
	}
	wantStored(t, s, key(), want, rev)
}

// spoil writes into everything that a copy might share.
func spoil(e ledger.Entry) {
	for _, m := range []map[string]string{e.Fields, e.Plan.Fields} {
		for k := range maps.Clone(m) {
			m[k] = "spoilt"
		}
	}
	e.Comments["c"][0].Source = "spoilt"
	e.Comments["new"] = nil
	e.Plan.Comments[0].ID = "spoilt"
	e.Plan.Create = true
	e.Verify.Attempts, e.Duplicates[0].ID = 2, "spoilt"
}
