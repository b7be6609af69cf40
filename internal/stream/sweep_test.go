package stream_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// broom sweeps, and puts jobs for what was forgotten as a router would that
// knows no configuration.
type broom struct {
	t      *testing.T
	c      *stream.Conn
	window int
	routed []uint64
	queues []string
}

func (b *broom) sweep() stream.Swept {
	b.t.Helper()
	b.routed, b.queues = nil, nil
	found, err := b.c.Sweep(b.t.Context(), stream.Sweep{
		Age: time.Nanosecond, Window: b.window,
		Named: func(in stream.Incoming) string { return in.Event.ConnectorID },
		Route: func(ctx context.Context, in stream.Incoming, _ string) error {
			b.routed = append(b.routed, in.Seq)
			j := job(b.c, "soc-jira", in.Case, in.Seq)
			j.Kind = push.KindSweep
			return b.c.PutJob(ctx, j)
		},
		Queue: func(id string) { b.queues = append(b.queues, id) },
	})
	must(b.t, err)
	return found
}

// wantCalm checks that another two sweeps queue nothing.
func (b *broom) wantCalm() {
	b.t.Helper()
	for range 2 {
		if found := b.sweep(); found.Routed != 0 || found.Owed != 0 {
			b.t.Errorf("another sweep found %+v", found)
		}
	}
}

// aged waits until what was stored before is older than any sweep's Age.
func aged(t *testing.T) {
	t.Helper()
	receive(t, "the time to pass", time.After(5*time.Millisecond))
}

func put(t *testing.T, c *stream.Conn, key ledger.Key, e ledger.Entry) {
	t.Helper()
	_, _, err := ledger.Write(t.Context(), c.Ledger(), key, e, 0)
	must(t, err)
}

func keyOf(caseID string) ledger.Key {
	return ledger.Key{Connector: "soc-jira", Space: "default", Case: caseID}
}

// An event that the router has acknowledged and that has left nothing behind is
// routed again; whatever trace it has left is enough.
func TestSweepEvents(t *testing.T) {
	t.Parallel()
	const lost = 1 // sequence of the event
	for name, test := range map[string]struct {
		event  event.Event
		trace  func(t *testing.T, c *stream.Conn)
		routed bool
	}{
		"nothing":    {routed: true},
		"a job":      {trace: func(t *testing.T, c *stream.Conn) { putJob(t, c, job(c, "soc-jira", "c", lost)) }},
		"a route":    {trace: func(t *testing.T, c *stream.Conn) { must(t, c.PutRoute(t.Context(), job(c, "", "c", lost))) }},
		"an entry":   {trace: func(t *testing.T, c *stream.Conn) { put(t, c, keyOf("c"), ledger.Entry{Cursor: at(c, lost)}) }},
		"its blocks": {trace: func(t *testing.T, c *stream.Conn) { put(t, c, keyOf("c"), ledger.Entry{Blocked: true}) }},
		"an older entry": {routed: true, trace: func(t *testing.T, c *stream.Conn) {
			put(t, c, keyOf("c"), ledger.Entry{Cursor: ledger.Position{Stream: "older", Seq: 9}})
		}},
		"another case's": {routed: true, trace: func(t *testing.T, c *stream.Conn) { put(t, c, keyOf("d"), ledger.Entry{Cursor: at(c, lost)}) }},
		"a promise": {trace: func(t *testing.T, c *stream.Conn) {
			put(t, c, keyOf("c"), ledger.Entry{Want: at(c, lost), Retry: &ledger.Retry{NotBefore: time.Now().Add(time.Hour)}})
		}},
		"an outcome": {trace: func(t *testing.T, c *stream.Conn) {
			must(t, c.Results().Publish(t.Context(), push.Result{SpaceID: "default", CaseID: "c", EventSeq: lost, ThroughSeq: lost}))
		}},
		"another's outcome": {routed: true, trace: func(t *testing.T, c *stream.Conn) {
			must(t, c.Results().Publish(t.Context(), push.Result{SpaceID: "default", CaseID: "c", EventSeq: lost + 1, ThroughSeq: lost + 1}))
		}},
		"a dead letter": {trace: func(t *testing.T, c *stream.Conn) {
			must(t, c.DeadLetters().Put(t.Context(), push.DeadLetter{SpaceID: "default", CaseID: "c", EventSeq: lost, EventStream: c.Incarnation()}))
		}},
		"an older stream's letter": {routed: true, trace: func(t *testing.T, c *stream.Conn) {
			must(t, c.DeadLetters().Put(t.Context(), push.DeadLetter{SpaceID: "default", CaseID: "c", EventSeq: lost, EventStream: "older"}))
		}},
		"of another connector": {routed: true, event: event.Event{ConnectorID: "other"}, trace: func(t *testing.T, c *stream.Conn) {
			put(t, c, keyOf("c"), ledger.Entry{Cursor: at(c, lost)})
			must(t, c.Results().Publish(t.Context(), push.Result{SpaceID: "default", CaseID: "c", ConnectorID: "soc-jira", ThroughSeq: lost}))
			putJob(t, c, job(c, "soc-jira", "c", lost))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := fresh(t)
			test.event.CaseID = "c"
			publish(t, c, test.event)
			routeAll(t, c)
			if test.trace != nil {
				test.trace(t, c)
			}
			aged(t)
			b := &broom{t: t, c: c}
			found := b.sweep()
			if test.routed != (len(b.routed) == 1) || found.Routed != len(b.routed) || found.Events != 1 {
				t.Errorf("found %+v, routed %d", found, b.routed)
			}
			if !test.routed {
				b.wantCalm()
			}
		})
	}
}

// Sequences of an older stream mean nothing, though the outcomes that have them
// are still there.
func TestSweepOlderOutcome(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	publish(t, c, event.Event{CaseID: "another"})
	aged(t)
	must(t, c.Results().Publish(t.Context(), push.Result{SpaceID: "default", CaseID: "c", ConnectorID: "soc-jira", EventSeq: 9, ThroughSeq: 9}))
	aged(t)
	publish(t, c, event.Event{CaseID: "c"})
	routeAll(t, c)
	aged(t)
	b := &broom{t: t, c: c}
	if found := b.sweep(); found.Routed != 2 {
		t.Errorf("found %+v, routed %d; want both", found, b.routed)
	}
}

// An event that has a job is looked at again until it has an outcome: the job
// may be lost after a sweep has seen it.
func TestSweepRemembersWhatHasOnlyAJob(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	publish(t, c, event.Event{CaseID: "c"})
	publish(t, c, event.Event{CaseID: "d"})
	routeAll(t, c)
	putJob(t, c, job(c, "soc-jira", "c", 1))
	putJob(t, c, job(c, "soc-jira", "d", 2))
	aged(t)
	b := &broom{t: t, c: c}
	if found := b.sweep(); found.Routed != 0 || found.Pending != 2 {
		t.Fatalf("with the jobs in sight: %+v", found)
	}
	lose(t, c, "casepush.work.soc-jira.default.d")
	if found := b.sweep(); found.Routed != 1 || b.routed[0] != 2 || found.Events != 2 {
		t.Fatalf("with a job lost: %+v, %d", found, b.routed)
	}
	b.wantCalm()
	put(t, c, keyOf("c"), ledger.Entry{Cursor: at(c, 1)})
	put(t, c, keyOf("d"), ledger.Entry{Cursor: at(c, 2)})
	b.wantCalm()
	if found := b.sweep(); found.Events != 0 || found.Pending != 0 {
		t.Errorf("settled events are looked at again: %+v", found)
	}
}

// lose removes what is stored on a subject of the work stream, as nobody should.
func lose(t *testing.T, c *stream.Conn, subject string) {
	t.Helper()
	s := c.Stream(t, c.Names().Work())
	if _, err := s.GetLastMsgForSubject(t.Context(), subject); err != nil {
		t.Fatalf("nothing to be lost on %s: %v", subject, err)
	}
	must(t, s.Purge(t.Context(), jetstream.WithPurgeSubject(subject)))
}

// What is not routed yet is the router's, and what is young may be on its way.
func TestSweepLeavesAlone(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	publish(t, c, event.Event{CaseID: "c"})
	b := &broom{t: t, c: c}
	if found := b.sweep(); found.Events != 0 {
		t.Errorf("no router has run: %+v", found)
	}
	routeAll(t, c)
	found, err := c.Sweep(t.Context(), stream.Sweep{Age: time.Hour})
	if err != nil || found.Events != 0 {
		t.Errorf("young events: %+v, %v", found, err)
	}
	aged(t)
	if found := b.sweep(); found.Routed != 1 {
		t.Errorf("then: %+v", found)
	}
}

// A sweep begins anew when the ledger is not trusted any more.
func TestSweepAfterDistrust(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	publish(t, c, event.Event{CaseID: "c"})
	routeAll(t, c)
	put(t, c, keyOf("c"), ledger.Entry{Cursor: at(c, 1)})
	aged(t)
	b := &broom{t: t, c: c}
	b.sweep()
	if found := b.sweep(); found.Events != 0 {
		t.Fatalf("settled: %+v", found)
	}
	must(t, c.Distrust(t.Context(), time.Now().Add(time.Second), "test"))
	if found := b.sweep(); found.Events != 1 || found.Routed != 0 {
		t.Errorf("after the distrust: %+v", found)
	}
}

// Many events come in several windows, and are reduced to their cases; of the
// first window they are too many to be looked up one by one.
func TestSweepManyEvents(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	const events, cases = 2500, 1100
	for i := range events {
		c.PublishAsync(t, fmt.Sprintf("casepush.push.default.c-%d", i%cases), fmt.Sprintf(`{"case_id":"c-%d"}`, i%cases))
	}
	for i := range cases - 1 { // of the last case nothing is known
		body, err := json.Marshal(ledger.Entry{Format: ledger.Format, Cursor: at(c, events)})
		must(t, err)
		c.PublishAsync(t, fmt.Sprintf("$KV.casepush_ledger.soc-jira.default.c-%d", i), string(body))
	}
	c.Published(t)
	routeAll(t, c)
	aged(t)
	b := &broom{t: t, c: c, window: 1500}
	if found := b.sweep(); found.Events != events || found.Entries != cases-1 || found.Routed != 1 {
		t.Errorf("found %+v, routed %d", found, b.routed)
	}
	b.wantCalm()
}

// Of more events with nothing but a job than are remembered, none is forgotten.
func TestSweepRemembersMany(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	const cases = 25
	for i := range cases {
		seq := publish(t, c, event.Event{CaseID: fmt.Sprintf("c-%d", i)})
		putJob(t, c, job(c, "soc-jira", fmt.Sprintf("c-%d", i), seq))
	}
	routeAll(t, c)
	aged(t)
	b := &broom{t: t, c: c, window: 10}
	for range 2 {
		if found := b.sweep(); found.Events != cases || found.Pending != cases || found.Routed != 0 {
			t.Errorf("found %+v, routed %d", found, b.routed)
		}
	}
	for _, i := range []int{0, 12, 24} {
		lose(t, c, fmt.Sprintf("casepush.work.soc-jira.default.c-%d", i))
	}
	if found := b.sweep(); found.Routed != 3 {
		t.Errorf("found %+v, routed %d", found, b.routed)
	}
}
