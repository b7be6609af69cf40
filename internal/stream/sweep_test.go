package stream_test

import (
	"context"
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
		Age:   time.Nanosecond,
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

// Many events come in several windows, and are reduced to their cases.
func TestSweepManyEvents(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	const events, cases = 250, 7
	for i := range events {
		c.PublishAsync(t, fmt.Sprintf("casepush.push.default.c-%d", i%cases), `{"case_id":"c-`+fmt.Sprint(i%cases)+`"}`)
	}
	c.Published(t)
	routeAll(t, c)
	for i := range cases - 1 { // of the last case nothing is known
		put(t, c, keyOf(fmt.Sprintf("c-%d", i)), ledger.Entry{Cursor: at(c, events)})
	}
	aged(t)
	b := &broom{t: t, c: c, window: 100}
	found := b.sweep()
	// Once in each window in which it is not in sight yet: the job of the first
	// is in sight of the others.
	if found.Events != events || found.Routed != 1 || len(b.routed) != 1 {
		t.Errorf("found %+v, routed %d", found, b.routed)
	}
	b.wantCalm()
}

// An entry that owes something gets a job when its time is over and nothing is
// in sight.
func TestSweepEntries(t *testing.T) {
	t.Parallel()
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	plan := func(settle time.Time) *ledger.Plan { return &ledger.Plan{Create: true, SettleAt: settle} }
	for name, test := range map[string]struct {
		entry func(c *stream.Conn) ledger.Entry
		seen  string // a job is stored on this subject
		owed  bool
	}{
		"nothing":         {entry: func(c *stream.Conn) ledger.Entry { return ledger.Entry{Cursor: at(c, 3), Want: at(c, 3)} }},
		"a promise":       {owed: true, entry: func(c *stream.Conn) ledger.Entry { return ledger.Entry{Cursor: at(c, 2), Want: at(c, 3)} }},
		"first promise":   {owed: true, entry: func(c *stream.Conn) ledger.Entry { return ledger.Entry{Want: at(c, 3)} }},
		"a close":         {owed: true, entry: func(*stream.Conn) ledger.Entry { return ledger.Entry{Closing: &ledger.Closing{}} }},
		"a retry":         {owed: true, entry: func(*stream.Conn) ledger.Entry { return ledger.Entry{Retry: &ledger.Retry{NotBefore: past}} }},
		"a retry to come": {entry: func(*stream.Conn) ledger.Entry { return ledger.Entry{Retry: &ledger.Retry{NotBefore: future}} }},
		"a plan":          {owed: true, entry: func(*stream.Conn) ledger.Entry { return ledger.Entry{Plan: plan(time.Time{})} }},
		"a plan to settle": {owed: true, entry: func(c *stream.Conn) ledger.Entry {
			return ledger.Entry{Want: at(c, 1), Plan: plan(past)}
		}},
		"a plan that settles": {entry: func(*stream.Conn) ledger.Entry { return ledger.Entry{Plan: plan(future)} }},
		"a person's": {entry: func(c *stream.Conn) ledger.Entry {
			return ledger.Entry{Blocked: true, Want: at(c, 3), Plan: plan(past)}
		}},
		"a dead letter's": {entry: func(*stream.Conn) ledger.Entry { return ledger.Entry{Dead: true, Plan: plan(past)} }},
		"what is gone": {entry: func(c *stream.Conn) ledger.Entry {
			return ledger.Entry{Cursor: at(c, 3), Want: ledger.Position{Stream: "older", Seq: 9}}
		}},
		"a second look":         {owed: true, entry: func(*stream.Conn) ledger.Entry { return ledger.Entry{Verify: &ledger.Verify{At: past}} }},
		"a second look to come": {entry: func(*stream.Conn) ledger.Entry { return ledger.Entry{Verify: &ledger.Verify{At: future}} }},
		"a job in sight":        {seen: jobSubject, entry: func(c *stream.Conn) ledger.Entry { return ledger.Entry{Want: at(c, 3)} }},
		"a wake-up in sight":    {seen: laterSubject, entry: func(c *stream.Conn) ledger.Entry { return ledger.Entry{Want: at(c, 3)} }},
		"only a second look":    {owed: true, seen: verifySubject, entry: func(c *stream.Conn) ledger.Entry { return ledger.Entry{Want: at(c, 3)} }},
		"a look in sight":       {seen: verifySubject, entry: func(*stream.Conn) ledger.Entry { return ledger.Entry{Verify: &ledger.Verify{At: past}} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := fresh(t)
			put(t, c, keyOf("c-1"), test.entry(c))
			if test.seen != "" {
				c.PublishAsync(t, test.seen, "{}")
				c.Published(t)
			}
			aged(t)
			b := &broom{t: t, c: c}
			found := b.sweep()
			if test.owed != (found.Owed == 1) || found.Entries != 1 || len(b.queues) != found.Owed {
				t.Fatalf("found %+v, queues %q", found, b.queues)
			}
			if test.owed {
				var j push.Job
				got, _ := consume(t, c, "soc-jira", done)
				for j.Kind != push.KindSweep {
					j = receive(t, "job", got).job
				}
				if j.Key() != keyOf("c-1") {
					t.Errorf("job %+v", j)
				}
				return
			}
			b.wantCalm()
		})
	}
}
