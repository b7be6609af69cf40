package stream_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// makeAnew deletes the event stream and makes it again, as an operator and the
// next worker do.
func makeAnew(t *testing.T, s *stream.Embedded) {
	t.Helper()
	js, err := jetstream.New(client(t, s))
	must(t, err)
	must(t, js.DeleteStream(t.Context(), "CASEPUSH_EVENTS"))
	connect(t, stream.Options{Embedded: s})
}

// A router that runs while the event stream is made anew ends, and its next run
// gives the events their new incarnation: their sequences begin at 1 again, and
// by the old one they would look covered.
func TestRouterOfAStreamMadeAnew(t *testing.T) {
	t.Parallel()
	s := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	c := connect(t, stream.Options{Embedded: s})
	before := c.Incarnation()
	publish(t, c, snapshot("k", "a"))
	got := make(chan string, 8)
	route := func(ctx context.Context) error {
		return c.Route(ctx, func(context.Context, stream.Incoming, string) error {
			got <- c.Incarnation()
			return nil
		})
	}
	first := make(chan error, 1)
	go func() { first <- route(t.Context()) }()
	if id := receive(t, "event", got); id != before {
		t.Errorf("incarnation %q, want %q", id, before)
	}
	makeAnew(t, s)
	if err := receive(t, "end of the router", first); err == nil {
		t.Error("the router has lost its consumer and ends without an error")
	}
	run(t, route)
	seq := publish(t, c, snapshot("k", "b"))
	if id := receive(t, "event of the new stream", got); id == before || seq != 1 {
		t.Errorf("event %d has incarnation %q, that of the old stream", seq, id)
	}
	_, head, err := c.Events(t.Context(), event.DefaultSpace, "k", 0, 9)
	if err != nil || head.Stream == before || head.Seq != 1 {
		t.Errorf("head %+v, %v", head, err)
	}
}

// A worker hears of the new stream by a job, too, that another worker has routed.
func TestJobOfAStreamMadeAnew(t *testing.T) {
	t.Parallel()
	s := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	c := connect(t, stream.Options{Embedded: s})
	before := c.Incarnation()
	got, _ := consume(t, c, "soc-jira", done)
	makeAnew(t, s)
	other := connect(t, stream.Options{Embedded: s})
	putJob(t, other, job(other, "soc-jira", "k", 1))
	if d := receive(t, "job", got); d.job.Stream == before || c.Incarnation() != d.job.Stream {
		t.Errorf("job of stream %q; this worker knows %q", d.job.Stream, c.Incarnation())
	}
}

// TestHas tells events that were removed from those that are there.
func TestHas(t *testing.T) {
	t.Parallel()
	s := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	c := connect(t, stream.Options{Embedded: s})
	for range 3 {
		publish(t, c, snapshot("k", "a"))
	}
	js, err := jetstream.New(client(t, s))
	must(t, err)
	events, err := js.Stream(t.Context(), "CASEPUSH_EVENTS")
	must(t, err)
	for _, seq := range []uint64{2, 3} { // in the middle, and the newest one
		must(t, events.DeleteMsg(t.Context(), seq))
	}
	for seq, want := range map[uint64]bool{1: true, 2: false, 3: false, 4: false, 1 << 40: false} {
		if has, err := c.Has(t.Context(), seq); err != nil || has != want {
			t.Errorf("event %d: %t, %v; want %t", seq, has, err, want)
		}
	}
	gone := connect(t, stream.Options{Embedded: s})
	gone.Close()
	if has, err := gone.Has(t.Context(), 2); err == nil || has {
		t.Errorf("without a connection: %t, %v", has, err)
	}
}

// The times of a job and of the ledger are on one clock, the server's: a wake-up
// has the time at which it fired.
func TestTimesOfTheServer(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	at := time.Now().Add(time.Second)
	got, _ := consume(t, c, "soc-jira", func(j push.Job) (push.Verdict, error) {
		if j.Kind == push.KindRetry {
			return push.Verdict{Action: push.Done}, nil
		}
		return push.Verdict{Action: push.Later, At: at}, nil
	})
	key := ledger.Key{Connector: "soc-jira", Space: event.DefaultSpace, Case: "c-1"}
	_, _, err := ledger.Write(t.Context(), c.Ledger(), key, ledger.Entry{}, 0)
	must(t, err)
	putJob(t, c, job(c, "soc-jira", "c-1", 1))
	e, _, err := c.Ledger().Get(t.Context(), key)
	must(t, err)
	first, woken := receive(t, "job", got).job, receive(t, "wake-up", got).job
	if first.QueuedAt.Before(e.StoredAt) || first.QueuedAt.Sub(e.StoredAt) > testTimeout {
		t.Errorf("queued at %s, after an entry that was stored at %s", first.QueuedAt, e.StoredAt)
	}
	if woken.QueuedAt.Before(at.Truncate(time.Second)) {
		t.Errorf("woken up at %s, due at %s", woken.QueuedAt, at)
	}
}
