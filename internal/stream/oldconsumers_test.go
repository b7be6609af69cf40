package stream_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// TestRemoveConsumers: a consumer goes with its connector, once nothing is
// stored for it.
func TestRemoveConsumers(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	done := make(chan push.Job, 3)
	later := time.Now().Add(time.Hour)
	var ran []*running
	for _, id := range []string{"kept", "waits", "gone for good."} {
		putJob(t, c, job(c, id, "c-1", 1))
		ran = append(ran, run(t, func(ctx context.Context) error {
			return c.Consume(ctx, stream.Work{Connector: id, InFlight: 1, Do: func(_ context.Context, j push.Job) (push.Verdict, error) {
				done <- j
				if j.Connector == "waits" {
					return push.Verdict{Action: push.Later, At: later}, nil
				}
				return push.Verdict{Action: push.Done}, nil
			}})
		}))
	}
	for range ran {
		receive(t, "job", done)
	}
	wanted := func(id string) bool { return id == "kept" }
	remove := func(age time.Duration) []string {
		t.Helper()
		removed, err := c.RemoveConsumers(t.Context(), age, wanted)
		must(t, err)
		return removed
	}
	for _, r := range ran {
		r.end()
	}
	if got := remove(time.Hour); got != nil {
		t.Errorf("%q were removed though they are young", got)
	}
	var got []string
	eventually(t, "one that is removed", func() bool {
		got = append(got, remove(0)...)
		return len(got) > 0
	})
	if !slices.Equal(append(got, remove(0)...), []string{"gone for good."}) {
		t.Errorf("%q were removed", got)
	}
	var left []string
	for name := range c.Stream(t, c.Names().Work()).ConsumerNames(t.Context()).Name() {
		left = append(left, name)
	}
	if slices.Sort(left); !slices.Equal(left, []string{"casepush_push_kept", "casepush_push_waits"}) {
		t.Errorf("left are %q", left)
	}
	// Whoever wants it makes it again.
	putJob(t, c, job(c, "gone for good.", "c-2", 2))
	run(t, func(ctx context.Context) error {
		return c.Consume(ctx, stream.Work{Connector: "gone for good.", InFlight: 1, Do: func(_ context.Context, j push.Job) (push.Verdict, error) {
			done <- j
			return push.Verdict{Action: push.Done}, nil
		}})
	})
	receive(t, "job of a consumer that is made again", done)
}
