package stream_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// delivery is one call for a job.
type delivery struct {
	job push.Job
	at  time.Time
}

// consume works on a queue; answer says how each job ends.
func consume(t *testing.T, c *stream.Conn, connector string, answer func(push.Job) (push.Verdict, error)) (<-chan delivery, *running) {
	got := make(chan delivery, 64)
	r := run(t, func(ctx context.Context) error {
		return c.Consume(ctx, stream.Work{Connector: connector, InFlight: 4, Do: func(_ context.Context, j push.Job) (push.Verdict, error) {
			got <- delivery{j, time.Now()}
			return answer(j)
		}})
	})
	return got, r
}

func done(push.Job) (push.Verdict, error) { return push.Verdict{Action: push.Done}, nil }

// empty waits until no job is left on any queue.
func empty(t *testing.T, c *stream.Conn) {
	t.Helper()
	eventually(t, "empty queues", func() bool {
		queues, err := c.Queues(t.Context())
		return err == nil && len(queues) == 0
	})
}

// waiting waits until there are so many wake-ups, and nothing else.
func waiting(t *testing.T, c *stream.Conn, want uint64) {
	t.Helper()
	// Backlog counts by the router's consumer too.
	r := run(t, func(ctx context.Context) error {
		return c.Route(ctx, func(context.Context, stream.Incoming, string) error { return nil })
	})
	defer r.end()
	eventually(t, "nothing but wake-ups", func() bool {
		b, err := c.Backlog(t.Context())
		return err == nil && b.Waiting == want && b.ByConnector["soc-jira"] == 0 && b.ByConnector["soc.jira"] == 0
	})
}

// TestQueuesApart: each connector gets its own jobs, whatever characters its id
// has, and events that wait for Kibana are on none of them.
func TestQueuesApart(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	ids := []string{"soc-jira", "soc.jira", "soc jira", "+route", "*", "=c29jLmppcmE"}
	for n, id := range ids {
		putJob(t, c, job(c, id, "c-1", uint64(n+1)))
	}
	if err := c.PutRoute(t.Context(), job(c, "", "c-1", 99)); err != nil {
		t.Fatal(err)
	}
	for n, id := range ids {
		got, _ := consume(t, c, id, done)
		if d := receive(t, id, got); d.job.Connector != id || d.job.Seq != uint64(n+1) || d.job.Redelivered {
			t.Errorf("queue of %q: %+v", id, d.job)
		}
	}
	got, _ := consume(t, c, "", done)
	if d := receive(t, "route queue", got); d.job.Seq != 99 {
		t.Errorf("route queue: %+v", d.job)
	}
	empty(t, c)
}

// TestHandBack: a job comes again after the delay that its verdict asks for,
// and after an error, until it is done.
func TestHandBack(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	var n atomic.Int32
	got, _ := consume(t, c, "soc-jira", func(push.Job) (push.Verdict, error) {
		switch n.Add(1) {
		case 1:
			return push.Verdict{Action: push.HandBack, Delay: 300 * time.Millisecond}, nil
		case 2:
			return push.Verdict{}, errors.New("the ledger does not answer")
		}
		return push.Verdict{Action: push.Done}, nil
	})
	putJob(t, c, job(c, "soc-jira", "c-1", 1))
	first, second, third := receive(t, "job", got), receive(t, "job", got), receive(t, "job", got)
	if rest := second.at.Sub(first.at); rest < 300*time.Millisecond {
		t.Errorf("came again after %s, want 300ms at least", rest)
	}
	if first.job.Redelivered || !second.job.Redelivered || !third.job.Redelivered {
		t.Errorf("redelivered: %t, %t, %t", first.job.Redelivered, second.job.Redelivered, third.job.Redelivered)
	}
	empty(t, c)
}

// TestWakeUp: a job that is put off frees its slot, comes back not before its
// time, as a retry, and is then done; a replay stays a replay.
func TestWakeUp(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	at := time.Now().Add(1200 * time.Millisecond)
	got, _ := consume(t, c, "soc.jira", func(j push.Job) (push.Verdict, error) {
		if time.Now().Before(at) {
			return push.Verdict{Action: push.Later, At: at}, nil
		}
		return push.Verdict{Action: push.Done}, nil
	})
	putJob(t, c, job(c, "soc.jira", "c-1", 7))
	replay := job(c, "soc.jira", "c-2", 8)
	replay.Kind = push.KindReplay
	putJob(t, c, replay)
	for range 2 {
		receive(t, "job", got)
	}
	waiting(t, c, 2)
	kinds := map[string]push.Kind{}
	for range 2 {
		d := receive(t, "wake-up", got)
		kinds[d.job.Case] = d.job.Kind
		if d.at.Before(at) {
			t.Errorf("case %q came %s early", d.job.Case, at.Sub(d.at))
		}
		if d.job.Connector != "soc.jira" || d.job.Redelivered {
			t.Errorf("woken job: %+v", d.job)
		}
	}
	if kinds["c-1"] != push.KindRetry || kinds["c-2"] != push.KindReplay {
		t.Errorf("kinds: %v", kinds)
	}
	empty(t, c)
}

// TestWakeUpReplaced: of several wake-ups of one entry the last one counts, so
// that an entry never has more than one.
func TestWakeUpReplaced(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	far, near := time.Now().Add(time.Hour), time.Now().Add(time.Second)
	got, _ := consume(t, c, "soc-jira", func(j push.Job) (push.Verdict, error) {
		switch {
		case j.Kind == push.KindRetry:
			return push.Verdict{Action: push.Done}, nil
		case j.Seq == 1:
			return push.Verdict{Action: push.Later, At: far}, nil
		}
		return push.Verdict{Action: push.Later, At: near}, nil
	})
	putJob(t, c, job(c, "soc-jira", "c-1", 1))
	receive(t, "job", got)
	waiting(t, c, 1)
	putJob(t, c, job(c, "soc-jira", "c-1", 2))
	receive(t, "job", got)
	if d := receive(t, "wake-up", got); d.job.Seq != 2 || d.at.Before(near) {
		t.Errorf("woken: %+v, %s before its time", d.job, near.Sub(d.at))
	}
	waiting(t, c, 0) // the first one is gone, not merely later
}

// TestWaitingEventsOfOneCase: events that wait for Kibana have no ledger entry
// that remembers them, so each has its own wake-up, even of one case.
func TestWaitingEventsOfOneCase(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	got, _ := consume(t, c, "", func(j push.Job) (push.Verdict, error) {
		if j.Kind == push.KindRetry {
			return push.Verdict{Action: push.Done}, nil
		}
		return push.Verdict{Action: push.Later, At: time.Now().Add(time.Second)}, nil
	})
	for seq := range uint64(2) {
		if err := c.PutRoute(t.Context(), job(c, "", "c-1", seq+1)); err != nil {
			t.Fatal(err)
		}
		receive(t, "event", got)
	}
	woken := map[uint64]bool{receive(t, "wake-up", got).job.Seq: true, receive(t, "wake-up", got).job.Seq: true}
	if !woken[1] || !woken[2] {
		t.Errorf("events %v came again, want both", woken)
	}
	empty(t, c)
}

// TestAdmit: nothing is fetched without leave, one job at a time when it is for
// one, and all when it is for more; nothing is lost in between.
func TestAdmit(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	g := gate.New(func(gate.Hold) {})
	g.Own(func() bool { return true })
	g.Limited(700 * time.Millisecond)
	until := time.Now().Add(600 * time.Millisecond)
	const jobs = 4
	for n := range jobs {
		putJob(t, c, job(c, "soc-jira", "c-"+string(rune('a'+n)), uint64(n+1)))
	}
	got, release := make(chan delivery, 16), make(chan struct{})
	var running atomic.Int32
	run(t, func(ctx context.Context) error {
		return c.Consume(ctx, stream.Work{
			Connector: "soc-jira", InFlight: jobs, Admit: g.Admit,
			Do: func(_ context.Context, j push.Job) (push.Verdict, error) {
				if running.Add(1) > 1 {
					t.Error("two jobs at once, of which one was to go alone")
				}
				got <- delivery{j, time.Now()}
				<-release
				running.Add(-1)
				return push.Verdict{Action: push.Done}, nil
			},
		})
	})
	for n := range jobs {
		if d := receive(t, "job", got); d.at.Before(until) {
			t.Errorf("case %q was worked on %s before the hold was over", d.job.Case, until.Sub(d.at))
		}
		if n == jobs-1 {
			g.Worked()
		}
		release <- struct{}{}
	}
	empty(t, c)
	// With leave for all of them, all run at once.
	running.Store(-jobs)
	for n := range jobs {
		putJob(t, c, job(c, "soc-jira", "d-"+string(rune('a'+n)), uint64(n+1)))
	}
	for range jobs {
		receive(t, "job", got)
	}
	for range jobs {
		release <- struct{}{}
	}
	empty(t, c)
}

// TestStopHandsBack: a worker that stops lets what runs end, and hands back at
// once what it has fetched and not begun.
func TestStopHandsBack(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	begun, release := make(chan push.Job, 16), make(chan struct{})
	var live atomic.Bool
	r := run(t, func(ctx context.Context) error {
		return c.Consume(ctx, stream.Work{Connector: "soc-jira", InFlight: 2, Do: func(work context.Context, j push.Job) (push.Verdict, error) {
			begun <- j
			<-release
			live.Store(work.Err() == nil)
			return push.Verdict{Action: push.Done}, nil
		}})
	})
	const jobs = 8
	for n := range jobs {
		putJob(t, c, job(c, "soc-jira", "c-"+string(rune('a'+n)), uint64(n+1)))
	}
	mine := map[uint64]bool{receive(t, "job", begun).Seq: true, receive(t, "job", begun).Seq: true}
	r.stop()
	got, _ := consume(t, c, "soc-jira", done)
	start := time.Now()
	for range jobs - len(mine) {
		if d := receive(t, "job that was handed back", got); mine[d.job.Seq] {
			t.Errorf("job %d runs twice", d.job.Seq)
		}
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("handed back after %s", took)
	}
	close(release)
	r.end()
	if !live.Load() {
		t.Error("the running job was cancelled by the stop")
	}
	empty(t, c)
}

// TestNewerJob: a job that a newer worker wrote is left to one of its kind.
func TestNewerJob(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	c := connect(t, stream.Options{Embedded: server})
	got, _ := consume(t, c, "soc-jira", done)
	request(t, client(t, server), "casepush.work.soc-jira.default.c-1", `{"v":99,"kind":"teleport","connector_id":"soc-jira","space_id":"default","case_id":"c-1","seq":1}`)
	putJob(t, c, job(c, "soc-jira", "c-2", 2))
	if d := receive(t, "job", got); d.job.Case != "c-2" {
		t.Errorf("worked on %+v", d.job)
	}
	queues, err := c.Queues(t.Context())
	if err != nil || len(queues) != 1 {
		t.Errorf("queues %q, %v: the newer job is lost", queues, err)
	}
}

// TestManyOfOneCase: wake-ups are not deduplicated and do not displace each
// other; any of them may be the one that counts.
func TestManyOfOneCase(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	for n := range 20 {
		publish(t, c, event.Event{CaseID: "c-1"})
		putJob(t, c, job(c, "soc-jira", "c-1", uint64(n+1)))
	}
	got, _ := consume(t, c, "soc-jira", done)
	seen := map[uint64]int{}
	for range 20 {
		seen[receive(t, "job", got).job.Seq]++
	}
	if len(seen) != 20 {
		t.Errorf("jobs: %v", seen)
	}
	empty(t, c)
}
