package stream_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// limit does what somebody should not: it gives a consumer a limit of
// deliveries.
func limit(t *testing.T, c *stream.Conn, streamName, consumer string) {
	t.Helper()
	s := c.Stream(t, streamName)
	cons, err := s.Consumer(t.Context(), consumer)
	must(t, err)
	config := cons.CachedInfo().Config
	config.MaxDeliver = 1
	_, err = s.UpdateConsumer(t.Context(), config)
	must(t, err)
}

func limitOf(t *testing.T, c *stream.Conn, streamName, consumer string) int {
	t.Helper()
	cons, err := c.Stream(t, streamName).Consumer(t.Context(), consumer)
	must(t, err)
	return cons.CachedInfo().Config.MaxDeliver
}

// rescue listens until the test ends, and returns when the server knows.
func rescue(t *testing.T, c *stream.Conn, routed chan<- uint64) <-chan stream.Rescued {
	t.Helper()
	told := make(chan stream.Rescued, 16)
	run(t, func(ctx context.Context) error {
		return c.Rescue(ctx, stream.Rescue{
			Told: func(r stream.Rescued) { told <- r },
			Route: func(_ context.Context, in stream.Incoming, _ string) error {
				routed <- in.Seq
				return nil
			},
		})
	})
	eventually(t, "a listener", func() bool { return c.Listens() })
	return told
}

const (
	pushConsumer  = "casepush_push_soc-jira"
	routeConsumer = "casepush_router"
)

// made waits until the queue's consumer is there.
func made(t *testing.T, c *stream.Conn) {
	t.Helper()
	eventually(t, "the consumer", func() bool {
		_, err := c.Stream(t, c.Names().Work()).Consumer(t.Context(), pushConsumer)
		return err == nil
	})
}

// flaky fails while there is room for another failure, and then does the jobs.
func flaky(failed, passed chan<- push.Job) func(push.Job) (push.Verdict, error) {
	return func(j push.Job) (push.Verdict, error) {
		select {
		case failed <- j:
			return push.Verdict{}, errors.New("NATS is away")
		default:
			passed <- j
			return push.Verdict{Action: push.Done}, nil
		}
	}
}

// A job that the server gives up, because somebody set a limit, is put anew, and
// the limit goes.
func TestRescueJob(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	failed, passed := make(chan push.Job, 1), make(chan push.Job, 4)
	consume(t, c, "soc-jira", flaky(failed, passed))
	told := rescue(t, c, nil)
	made(t, c)
	limit(t, c, c.Names().Work(), pushConsumer)
	putJob(t, c, job(c, "soc-jira", "c-1", 7))
	if j := receive(t, "job anew", passed); j.Seq != 7 || j.Case != "c-1" {
		t.Errorf("job anew: %+v", j)
	}
	if r := receive(t, "what was found", told); r.Consumer != pushConsumer || r.Limit != 1 || r.Jobs != 1 || r.Err != nil {
		t.Errorf("told %+v", r)
	}
	if n := limitOf(t, c, c.Names().Work(), pushConsumer); n != -1 {
		t.Errorf("max_deliver is %d", n)
	}
	empty(t, c)
}

// The server does not deliver what has reached a limit when that goes, so the
// jobs are put anew before a queue is worked on.
func TestRescueJobAtSetup(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	failed, passed := make(chan push.Job, 1), make(chan push.Job, 4)
	_, working := consume(t, c, "soc-jira", flaky(failed, passed))
	made(t, c)
	limit(t, c, c.Names().Work(), pushConsumer)
	putJob(t, c, job(c, "soc-jira", "c-1", 7))
	receive(t, "job", failed)
	working.end()
	giveUp(t, c, c.Names().Work(), pushConsumer)

	consume(t, c, "soc-jira", func(j push.Job) (push.Verdict, error) {
		passed <- j
		return push.Verdict{Action: push.Done}, nil
	})
	if j := receive(t, "job anew", passed); j.Seq != 7 {
		t.Errorf("job anew: %+v", j)
	}
	if r := receive(t, "what was found", rescue(t, c, nil)); r.Limit != 1 || r.Jobs != 1 {
		t.Errorf("told %+v", r)
	}
	empty(t, c)
}

// giveUp waits until the server has given up what a consumer had.
func giveUp(t *testing.T, c *stream.Conn, streamName, consumer string) {
	t.Helper()
	eventually(t, "the server's giving up", func() bool {
		cons, err := c.Stream(t, streamName).Consumer(t.Context(), consumer)
		return err == nil && cons.CachedInfo().NumAckPending == 0 && cons.CachedInfo().NumPending == 0
	})
}

// An event that the server gives up is routed again, and the limit goes; it does
// not matter whether anybody listened.
func TestRescueEvent(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	publish(t, c, event.Event{CaseID: "before"})
	routeAll(t, c)
	limit(t, c, c.Names().Events(), routeConsumer)
	lost := publish(t, c, event.Event{CaseID: "c"})
	cons, err := c.Stream(t, c.Names().Events()).Consumer(t.Context(), routeConsumer)
	must(t, err)
	m, err := cons.Next(jetstream.FetchMaxWait(testTimeout))
	must(t, err)
	must(t, m.NakWithDelay(10*time.Millisecond)) // an immediate one waits for the next request
	giveUp(t, c, c.Names().Events(), routeConsumer)

	routed := make(chan uint64, 4)
	run(t, func(ctx context.Context) error {
		return c.Route(ctx, func(_ context.Context, in stream.Incoming, _ string) error {
			routed <- in.Seq
			return nil
		})
	})
	if seq := receive(t, "event again", routed); seq != lost {
		t.Errorf("event %d is routed again, want %d", seq, lost)
	}
	eventually(t, "no limit", func() bool { return limitOf(t, c, c.Names().Events(), routeConsumer) == -1 })

	// While somebody listens.
	told := rescue(t, c, routed)
	if r := receive(t, "what was found", told); r.Limit != 1 || r.Events != 1 {
		t.Errorf("told %+v", r)
	}
}

// An event is routed again while the worker runs, and what a client terminates
// is told.
func TestRescueEventAtOnce(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	routed := make(chan uint64, 4)
	told := rescue(t, c, routed)
	first := make(chan struct{}, 1)
	run(t, func(ctx context.Context) error {
		return c.Route(ctx, func(_ context.Context, in stream.Incoming, _ string) error {
			select {
			case first <- struct{}{}:
				limit(t, c, c.Names().Events(), routeConsumer)
				return errors.New("NATS is away")
			default:
				return nil
			}
		})
	})
	seq := publish(t, c, event.Event{CaseID: "c"})
	if got := receive(t, "event again", routed); got != seq {
		t.Errorf("event %d, want %d", got, seq)
	}
	if r := receive(t, "what was found", told); r.Limit != 1 || r.Events != 1 || r.Err != nil {
		t.Errorf("told %+v", r)
	}
}

func TestRescueTerminated(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	told := rescue(t, c, nil)
	putJob(t, c, job(c, "soc-jira", "c-1", 1))
	cons, err := c.Stream(t, c.Names().Work()).CreateConsumer(t.Context(), jetstream.ConsumerConfig{
		Durable: pushConsumer, FilterSubject: "casepush.work.soc-jira.>", AckPolicy: jetstream.AckExplicitPolicy,
	})
	must(t, err)
	m, err := cons.Next(jetstream.FetchMaxWait(testTimeout))
	must(t, err)
	must(t, m.TermWithReason("no idea"))
	if r := receive(t, "what was found", told); !r.Terminated || r.Seq != 1 || r.Reason != "no idea" || r.Err != nil {
		t.Errorf("told %+v", r)
	}
	// What is removed by somebody else is not told: the sweep finds it.
	putJob(t, c, job(c, "soc-jira", "c-2", 1))
	_, err = cons.Next(jetstream.FetchMaxWait(testTimeout))
	must(t, err)
	must(t, c.Stream(t, c.Names().Work()).DeleteMsg(t.Context(), 2))
	select {
	case r := <-told:
		t.Errorf("told %+v", r)
	case <-time.After(100 * time.Millisecond):
	}
}
