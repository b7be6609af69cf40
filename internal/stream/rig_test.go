package stream_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// testTimeout bounds whatever a test waits for.
const testTimeout = 20 * time.Second

// startServer runs an embedded server until the test ends.
func startServer(t *testing.T, o stream.EmbeddedOptions) *stream.Embedded {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	s, err := stream.StartEmbedded(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// connect opens a connection until the test ends.
func connect(t *testing.T, o stream.Options) *stream.Conn {
	t.Helper()
	c, err := stream.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// fresh is a connection to a server of its own.
func fresh(t *testing.T) *stream.Conn {
	t.Helper()
	return connect(t, stream.Options{Embedded: startServer(t, stream.EmbeddedOptions{})})
}

func publish(t *testing.T, c *stream.Conn, e event.Event) uint64 {
	t.Helper()
	if e.SpaceID == "" {
		e.SpaceID = event.DefaultSpace
	}
	seq, _, err := c.Publish(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// snapshot is an event that carries its case, whose title tells it apart.
func snapshot(caseID, title string) event.Event {
	return event.Event{CaseID: caseID, SpaceID: event.DefaultSpace, Case: fmt.Appendf(nil, `{"id":%q,"title":%q}`, caseID, title)}
}

// eventually polls until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(testTimeout); !cond(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, testTimeout)
		}
	}
}

// receive waits for one value.
func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(testTimeout):
		t.Fatalf("%s: not within %s", what, testTimeout)
		panic("unreachable")
	}
}

// running is a consumer in the background.
type running struct {
	t    *testing.T
	stop context.CancelFunc
	done chan error
	over atomic.Bool
}

// run runs f until the test ends or end is called.
func run(t *testing.T, f func(context.Context) error) *running {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r := &running{t: t, stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- f(ctx) }()
	t.Cleanup(r.end)
	return r
}

// end stops it and waits for it.
func (r *running) end() {
	r.stop()
	if r.over.Swap(true) {
		return
	}
	if err := receive(r.t, "end of the consumer", r.done); err != nil {
		r.t.Error(err)
	}
}

func job(c *stream.Conn, connector, caseID string, seq uint64) push.Job {
	return push.Job{Kind: push.KindPush, Connector: connector, Space: event.DefaultSpace, Case: caseID, Seq: seq, Stream: c.Incarnation()}
}

func putJob(t *testing.T, c *stream.Conn, j push.Job) {
	t.Helper()
	if err := c.PutJob(t.Context(), j); err != nil {
		t.Fatal(err)
	}
}
