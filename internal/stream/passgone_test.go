package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// everyConsumer does something to each of a stream's consumers, and reports to
// how many.
func everyConsumer(t *testing.T, s jetstream.Stream, do func(name string) error) (n int) {
	t.Helper()
	names := s.ConsumerNames(t.Context())
	for name := range names.Name() {
		if do(name) == nil {
			n++
		}
	}
	return n
}

// drop deletes the consumers, as the death of a server does; still lets them
// stand still, and say that there is more.
func drop(t *testing.T, s jetstream.Stream) int {
	t.Helper()
	return everyConsumer(t, s, func(name string) error { return s.DeleteConsumer(t.Context(), name) })
}

func still(t *testing.T, s jetstream.Stream) int {
	t.Helper()
	return everyConsumer(t, s, func(name string) error {
		_, err := s.PauseConsumer(t.Context(), name, time.Now().Add(time.Hour))
		return err
	})
}

// interrupted counts what is given while the pass's consumer is deleted, and
// later stands still.
func interrupted(t *testing.T, s jetstream.Stream, want int, read func(each func(seq uint64)) error) {
	t.Helper()
	var last uint64
	n, met := 0, 0
	err := read(func(seq uint64) {
		if seq <= last {
			t.Fatalf("%d came after %d", seq, last)
		}
		last = seq
		switch n++; n {
		case 100, 3000:
			met += drop(t, s)
		case 5000:
			met += still(t, s)
		}
	})
	if err != nil || n != want || met < 2 {
		t.Errorf("%d were given, want %d: %v; %d consumers failed", n, want, err, met)
	}
}

// A pass goes on where its consumer is gone: nothing is missed, nothing comes twice.
func TestPassWithoutItsConsumer(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	const events = 8000
	body := string(bytes.Repeat([]byte("x"), 6000))
	for i := range events {
		c.PublishAsync(t, c.Names().Event(event.DefaultSpace, fmt.Sprintf("c-%d", i)), body)
	}
	c.Published(t)
	s := c.Stream(t, c.Names().Events())
	interrupted(t, s, events, func(each func(uint64)) error {
		return c.Past(t.Context(), stream.Past{}, func(in stream.Incoming, _ string, _ uint64) error {
			each(in.Seq)
			return nil
		})
	})
	interrupted(t, s, events, func(each func(uint64)) error { return c.PassEvents(t, each) })
}

// Who follows the outcomes is told of those that come when his consumer is gone,
// or stands still.
func TestFollowResultsWithoutConsumer(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	s := c.Stream(t, c.Names().Results())
	for i, fail := range []func(*testing.T, jetstream.Stream) int{drop, still} {
		ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
		enough := errors.New("enough")
		failed := false
		err := c.FollowResults(ctx, uint64(i), func(_ uint64, r *push.Result) error {
			switch {
			case r != nil:
				return enough
			case !failed:
				failed = fail(t, s) > 0
				must(t, c.Results().Publish(ctx, push.Result{SpaceID: event.DefaultSpace, CaseID: "c-1", At: time.Now()}))
			}
			return nil
		})
		cancel()
		if !failed || !errors.Is(err, enough) {
			t.Errorf("%d: the outcome was not told: %v", i, err)
		}
	}
}
