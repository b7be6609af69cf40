package stream_test

import (
	"testing"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

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

// An entry that was written since it was read is left to the next sweep: its
// push was not forgotten.
func TestSweepEntryThatChanges(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	keys := []ledger.Key{keyOf("c-1"), {Connector: "other", Space: "default", Case: "c-1"}}
	for _, key := range keys {
		put(t, c, key, ledger.Entry{Want: at(c, 3)})
	}
	aged(t)
	found, err := c.Sweep(t.Context(), stream.Sweep{Age: time.Nanosecond, Queue: func(first string) {
		for _, key := range keys {
			if key.Connector != first {
				e, rev, err := c.Ledger().Get(t.Context(), key)
				must(t, err)
				_, _, err = ledger.Write(t.Context(), c.Ledger(), key, e, rev)
				must(t, err)
			}
		}
	}})
	if err != nil || found.Owed != 1 {
		t.Errorf("found %+v, %v; want one of two", found, err)
	}
}
