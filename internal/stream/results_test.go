package stream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

func letter(connector, caseID string, seq uint64) push.DeadLetter {
	return push.DeadLetter{
		ConnectorID: connector, SpaceID: "default", CaseID: caseID, EventSeq: seq, EventStream: "s", ThroughSeq: seq,
		Stage: push.StageCreate, Reason: push.ReasonRejected, Message: "no", Attempts: 1, LastAt: time.Unix(1_780_000_000, 0).UTC(),
	}
}

// letters lists the dead letters as connector/case/seq.
func letters(t *testing.T, c *stream.Conn) []string {
	t.Helper()
	var list []string
	err := c.DeadLetters().Each(t.Context(), func(d stream.StoredDeadLetter) error {
		list = append(list, fmt.Sprintf("%s/%s/%d", d.ConnectorID, d.CaseID, d.EventSeq))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func wantLetters(t *testing.T, c *stream.Conn, want ...string) {
	t.Helper()
	if got := letters(t, c); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("dead letters %q, want %q", got, want)
	}
}

// TestDeadLetters: the newest of an entry stands for it, unreadable events each
// for themselves, and settling one entry leaves all others alone.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	store := c.DeadLetters()
	wantLetters(t, c)
	for _, d := range []push.DeadLetter{
		letter("soc-jira", "a", 1), letter("soc-jira", "a", 1), // told twice
		letter("", "a", 2), letter("", "a", 3), letter("soc.jira", "a", 4), letter("soc-jira", "b", 5), letter("soc-jira", "a", 6),
	} {
		if err := store.Put(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	wantLetters(t, c, "/a/2", "/a/3", "soc.jira/a/4", "soc-jira/b/5", "soc-jira/a/6")
	key := ledger.Key{Connector: "soc-jira", Space: "default", Case: "a"}
	if err := store.Settle(t.Context(), key, ledger.Position{Stream: letter("", "a", 6).EventStream, Seq: 5}); err != nil {
		t.Fatal(err)
	}
	wantLetters(t, c, "/a/2", "/a/3", "soc.jira/a/4", "soc-jira/b/5", "soc-jira/a/6") // it is about a newer event
	if err := store.Settle(t.Context(), key, ledger.Position{Stream: letter("", "a", 6).EventStream, Seq: 6}); err != nil {
		t.Fatal(err)
	}
	wantLetters(t, c, "/a/2", "/a/3", "soc.jira/a/4", "soc-jira/b/5")
	var ids []uint64
	_ = store.Each(t.Context(), func(d stream.StoredDeadLetter) error {
		ids = append(ids, d.ID)
		return nil
	})
	d, err := store.Get(t.Context(), ids[2])
	if err != nil || d.ID != ids[2] || d.ConnectorID != "soc.jira" || d.Reason != push.ReasonRejected {
		t.Errorf("Get: %+v, %v", d, err)
	}
	if err := store.Drop(t.Context(), ids[2]); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Get(t.Context(), ids[2]); !errors.Is(err, stream.ErrNoDeadLetter) {
		t.Errorf("Get after Drop: %v", err)
	}
	if err := store.Drop(t.Context(), 1<<40); !errors.Is(err, stream.ErrNoDeadLetter) {
		t.Errorf("Drop of none: %v", err)
	}
	wantLetters(t, c, "/a/2", "/a/3", "soc-jira/b/5")
	stop := errors.New("enough")
	if err := store.Each(t.Context(), func(stream.StoredDeadLetter) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Each: %v", err)
	}
}

// TestListener hears what covers the event that it waits for, of its case alone.
func TestListener(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	l, err := c.Listen("default", "a")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := time.Now().UTC()
	for n, r := range []push.Result{
		{CaseID: "b", EventSeq: 9, ThroughSeq: 9},
		{CaseID: "a", EventSeq: 1, ThroughSeq: 1},
		{CaseID: "a", EventSeq: 2, ThroughSeq: 5},
		{CaseID: "a", EventSeq: 6, ThroughSeq: 6},
	} {
		r.SpaceID, r.Outcome, r.At = "default", push.Pushed, at.Add(time.Duration(n))
		for range 2 { // telling it again is harmless
			if err := c.Results().Publish(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	got, err := l.Next(ctx, 4)
	if err != nil || got.EventSeq != 2 || got.ThroughSeq != 5 {
		t.Errorf("covers event 4: %+v, %v", got, err)
	}
	over, cancelOver := context.WithCancel(ctx)
	cancelOver()
	if _, err := l.Next(over, 99); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestResultStoredOnce: the same outcome told twice is one message.
func TestResultStoredOnce(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	c := connect(t, stream.Options{Embedded: server})
	r := push.Result{SpaceID: "default", CaseID: "a", EventSeq: 1, ThroughSeq: 1, Outcome: push.Pushed, At: time.Now()}
	other := r
	other.ConnectorID = "another"
	for _, r := range []push.Result{r, r, other} {
		if err := c.Results().Publish(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if n := messages(t, client(t, server), "CASEPUSH_RESULTS"); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
}

// TestResultsThatDiffer: what differs in its time or its sequence alone is
// another outcome, however large the numbers are.
func TestResultsThatDiffer(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	c := connect(t, stream.Options{Embedded: server})
	r := push.Result{SpaceID: "default", CaseID: "a", EventSeq: 2_000_000, ThroughSeq: 2_000_000, Outcome: push.DeadLettered, At: time.Now()}
	later, next := r, r
	later.At = r.At.Add(time.Nanosecond) // a redrive ends the same way
	next.EventSeq++
	for _, r := range []push.Result{r, later, next} {
		must(t, c.Results().Publish(t.Context(), r))
	}
	if n := messages(t, client(t, server), "CASEPUSH_RESULTS"); n != 3 {
		t.Errorf("%d messages, want 3", n)
	}
}
