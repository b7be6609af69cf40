package stream

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Dead makes a worker of this name take the queue and die: nothing renews it.
// alive is whether that worker would still believe that it has the queue.
func (c *Conn) Dead(t *testing.T, queue, owner string) (alive func() bool) {
	t.Helper()
	o := &ownership{c: c, subject: c.names.queueSetting(queueToken(queue), ownerKey), owner: owner}
	taken, err := o.take(t.Context())
	if err != nil || !taken {
		t.Fatalf("take: %t, %v", taken, err)
	}
	return func() bool { return o.left() > 0 }
}

// Stream is the stream of this name, for tests that go behind our back.
func (c *Conn) Stream(t *testing.T, name string) jetstream.Stream {
	t.Helper()
	s, err := c.js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// PublishAsync stores a message like any client may; Published waits for all of
// them.
func (c *Conn) PublishAsync(t *testing.T, subject, body string) {
	t.Helper()
	if _, err := c.js.PublishAsync(subject, []byte(body), jetstream.WithStallWait(10*time.Second)); err != nil {
		t.Fatal(err)
	}
}

// Published waits for what PublishAsync has begun.
func (c *Conn) Published(t *testing.T) {
	t.Helper()
	select {
	case <-c.js.PublishAsyncComplete():
	case <-time.After(time.Minute):
		t.Fatal("published messages are not stored")
	}
}

// Listens reports whether the server knows of Rescue's subscriptions.
func (c *Conn) Listens() bool {
	return c.nc.NumSubscriptions() >= 5 && c.nc.Flush() == nil // and that of all requests
}

// WithoutDirect makes the event stream one that only its leader reads.
func (c *Conn) WithoutDirect(t *testing.T) {
	t.Helper()
	config := c.events.CachedInfo().Config
	config.AllowDirect = false
	if _, err := c.js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
}

// PassEvents gives the sequence of each event to f.
func (c *Conn) PassEvents(t *testing.T, f func(seq uint64)) error {
	t.Helper()
	return pass(t.Context(), c.events, ">", func(_ jetstream.Msg, meta *jetstream.MsgMetadata) error {
		f(meta.Sequence.Stream)
		return nil
	})
}

// NC is the connection itself, for what a test does behind our back.
func (c *Conn) NC() *nats.Conn { return c.nc }
