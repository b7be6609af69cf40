package stream_test

import (
	"context"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/stream"
)

func board(t *testing.T, c *stream.Conn) *stream.Board {
	t.Helper()
	b, err := c.Board(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tenure is one worker's having a queue.
type tenure struct {
	owner string
	valid func() bool
	lost  <-chan struct{}
	end   chan struct{}
}

// own lets a worker of this name want the queue; what it gets comes on the channel.
func own(t *testing.T, b *stream.Board, owner string) (<-chan tenure, *running) {
	t.Helper()
	got := make(chan tenure, 4)
	r := run(t, func(ctx context.Context) error {
		return b.Own(ctx, "soc-jira", owner, func(held context.Context, valid func() bool) error {
			one := tenure{owner, valid, held.Done(), make(chan struct{})}
			got <- one
			select {
			case <-held.Done():
			case <-one.end:
			}
			return nil
		})
	})
	return got, r
}

// TestOwn: one worker has a queue; when it stops, the next one has it at once.
func TestOwn(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	first, r := own(t, board(t, c), "a")
	if a := receive(t, "tenure of a", first); !a.valid() {
		t.Error("the queue is not surely a's")
	}
	second, _ := own(t, board(t, c), "b")
	select {
	case <-second:
		t.Fatal("two workers have one queue")
	case <-time.After(300 * time.Millisecond):
	}
	begun := time.Now()
	r.stop()
	receive(t, "tenure of b", second)
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("b had the queue after %s, want at once: a gave it up", took)
	}
}

// TestOwnerDies: the queue of a worker that is no more is free after a while,
// and before that nobody has it; the dead one does not believe that it has.
func TestOwnerDies(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	dead := c.Dead(t, "soc-jira", "a")
	b := board(t, c)
	begun := time.Now()
	got, _ := own(t, b, "b")
	receive(t, "tenure of b", got)
	if took := time.Since(begun); took < 2*time.Second || took > 10*time.Second {
		t.Errorf("b had the queue after %s, want about 6s", took)
	}
	if dead() {
		t.Error("the dead worker believes that it has the queue")
	}
}

// TestBoard: pauses and holds are seen by all, also by who comes later.
func TestBoard(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	b := board(t, c)
	until := func(what string, b *stream.Board, ok func(stream.Notes) bool) {
		t.Helper()
		end := time.After(testTimeout)
		for {
			n, changed := b.Notes("soc jira/é")
			if ok(n) {
				return
			}
			select {
			case <-changed:
			case <-end:
				t.Fatalf("%s: not seen: %+v", what, n)
			}
		}
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(c.Pause(t.Context(), "soc jira/é", gate.Pause{By: "moneypenny", Why: "maintenance"}))
	paused := func(n stream.Notes) bool { return n.Pause != nil && n.Pause.By == "moneypenny" }
	until("pause", b, paused)
	until("pause of a newcomer", board(t, c), paused)
	hold := gate.Hold{Reason: gate.RateLimited, Since: time.Now().UTC(), Until: time.Now().UTC().Add(time.Hour), Times: 2, Words: "HTTP 429"}
	check(c.PutHold(t.Context(), "soc jira/é", hold))
	until("hold", b, func(n stream.Notes) bool { return n.Hold == hold })
	check(c.Resume(t.Context(), "soc jira/é", time.Now()))
	until("resume", b, func(n stream.Notes) bool { return n.Pause == nil && !n.Hold.ResumedAt.IsZero() })
	check(c.PauseAll(t.Context(), gate.Pause{By: "q"}))
	until("pause of all", b, func(n stream.Notes) bool { return n.Pause != nil && n.Pause.By == "q" })
	check(c.ResumeAll(t.Context()))
	until("resume of all", b, func(n stream.Notes) bool { return n.Pause == nil })
}
