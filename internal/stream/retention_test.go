package stream_test

import (
	"testing"
	"time"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// retired publishes three events and lets the router take them, then returns
// the first sequence that Retire leaves. need may leave something behind that
// still needs the second one.
func retired(t *testing.T, keep time.Duration, need func(*stream.Conn)) uint64 {
	t.Helper()
	server, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	conn, err := stream.Connect(t.Context(), stream.Options{Embedded: server, Retention: stream.Retention{Events: keep}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	for range 3 {
		if _, _, err := conn.Publish(t.Context(), event.Event{CaseID: "c", SpaceID: "default"}); err != nil {
			t.Fatal(err)
		}
	}
	routeAll(t, conn)
	if need != nil {
		need(conn)
	}
	first, err := conn.Retire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return first
}

func TestRetire(t *testing.T) {
	t.Parallel()
	job := push.Job{Connector: "j", Space: "default", Case: "c", Seq: 2}
	for name, c := range map[string]struct {
		keep time.Duration
		need func(*stream.Conn)
		want uint64
	}{
		"young events stay":      {keep: time.Hour, want: 1},
		"old ones go":            {keep: time.Nanosecond, want: 4},
		"not what a job needs":   {keep: time.Nanosecond, need: func(c *stream.Conn) { must(t, c.PutJob(t.Context(), job)) }, want: 2},
		"not what an entry owes": {keep: time.Nanosecond, need: func(c *stream.Conn) { owe(t, c, ledger.Entry{Cursor: at(c, 1), Want: at(c, 3)}) }, want: 2},
		"but what it has done":   {keep: time.Nanosecond, need: func(c *stream.Conn) { owe(t, c, ledger.Entry{Cursor: at(c, 3), Want: at(c, 3)}) }, want: 4},
		"nor what is uncertain":  {keep: time.Nanosecond, need: func(c *stream.Conn) { owe(t, c, ledger.Entry{Cursor: at(c, 1), Blocked: true}) }, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := retired(t, c.keep, c.need); got != c.want {
				t.Errorf("first event left is %d, want %d", got, c.want)
			}
		})
	}
}

// What one case is blocked for keeps the events from its own first needed one
// on, and not those of other cases before it.
func TestRetireKeepsWhatACaseNeeds(t *testing.T) {
	t.Parallel()
	for name, needs := range map[string]ledger.Entry{
		"blocked": {Blocked: true},
		"owes":    {Want: ledger.Position{Seq: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startServer(t, stream.EmbeddedOptions{})
			c := connect(t, stream.Options{Embedded: server, Retention: stream.Retention{Events: time.Nanosecond}})
			for _, id := range []string{"c", "others", "others", "others", "c", "others"} {
				publish(t, c, event.Event{CaseID: id})
			}
			routeAll(t, c)
			needs.Cursor = at(c, 1)
			if needs.Want.Seq > 0 {
				needs.Want = at(c, needs.Want.Seq)
			}
			owe(t, c, needs)
			if first, err := c.Retire(t.Context()); err != nil || first != 5 {
				t.Errorf("first event left is %d, %v; want 5, the first that case c needs", first, err)
			}
		})
	}
}

func at(c *stream.Conn, seq uint64) ledger.Position {
	return ledger.Position{Stream: c.Incarnation(), Seq: seq}
}

func owe(t *testing.T, c *stream.Conn, e ledger.Entry) {
	t.Helper()
	_, _, err := ledger.Write(t.Context(), c.Ledger(), ledger.Key{Connector: "j", Space: "default", Case: "c"}, e, 0)
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRetireBeforeTheRouter: before any worker has routed an event all are needed.
func TestRetireBeforeTheRouter(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{Dir: t.TempDir()})
	c := connect(t, stream.Options{Embedded: server, Retention: stream.Retention{Events: time.Nanosecond}})
	seqs := []uint64{publish(t, c, event.Event{CaseID: "a"}), publish(t, c, event.Event{CaseID: "b"})}
	if _, err := c.Retire(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, seq := range seqs {
		if has, err := c.Has(t.Context(), seq); err != nil || !has {
			t.Errorf("event %d is there: %t, error %v", seq, has, err)
		}
	}
}
