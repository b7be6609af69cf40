package stream_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

func TestQueueSizes(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	sizes := func() map[string]stream.QueueSize {
		got, err := c.QueueSizes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := sizes(); len(got) > 0 {
		t.Errorf("of nothing: %+v", got)
	}
	putJob(t, c, job(c, "soc-jira", "one", 1))
	putJob(t, c, job(c, "soc-jira", "one", 2))
	putJob(t, c, job(c, "soc-jira", "two", 3))
	putJob(t, c, job(c, "Jira of the SOC.", "one", 4))
	if err := c.PutRoute(t.Context(), job(c, "", "three", 5)); err != nil {
		t.Fatal(err)
	}
	want := map[string]stream.QueueSize{"soc-jira": {Jobs: 3}, "Jira of the SOC.": {Jobs: 1}, "": {Jobs: 1}}
	if diff := cmp.Diff(want, sizes()); diff != "" {
		t.Error(diff)
	}

	// Put off, they wait for their time: jobs of one entry for one wake-up, and
	// a second look beside it is none.
	for _, id := range []string{"soc-jira", ""} {
		run(t, func(ctx context.Context) error {
			return c.Consume(ctx, stream.Work{Connector: id, InFlight: 1, Do: func(context.Context, push.Job) (push.Verdict, error) {
				later := time.Now().Add(time.Hour)
				return push.Verdict{Action: push.Later, At: later, VerifyAt: later}, nil
			}})
		})
	}
	want = map[string]stream.QueueSize{"soc-jira": {Retries: 2}, "Jira of the SOC.": {Jobs: 1}, "": {Retries: 1}}
	eventually(t, "retries", func() bool { return cmp.Equal(want, sizes()) })
}
