package ops_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
)

var knownToTests = []ops.KnownConnector{{ID: "soc-jira", Name: "SOC Jira", Type: ".jira"}, {ID: "it-jira", Name: "IT Jira", Type: ".jira"}}

func (d desk) queues(t *testing.T, known ...ops.KnownConnector) ops.Queues {
	t.Helper()
	qs, err := d.Queues(t.Context(), append(known, knownToTests...))
	if err != nil {
		t.Fatal(err)
	}
	return qs
}

// standing is each queue in words: id state jobs, and why.
func (d desk) standing(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, q := range d.queues(t).List {
		words := fmt.Sprintf("%s %s %d", q.ID, q.State, q.Jobs)
		if q.Unknown {
			words += " unknown"
		}
		if q.Worker != "" {
			words += " of " + q.Worker
		}
		if why := q.Why(); why != "" {
			words += ": " + why
		}
		list = append(list, words)
	}
	return list
}

// act does something with the queue of that name as it is now.
func (d desk) act(t *testing.T, id string, do func(context.Context, ops.Queue) (bool, error)) (changed bool) {
	t.Helper()
	q, err := d.queues(t).Find(id)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err = do(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	return changed
}

func (d desk) hold(t *testing.T, id string, h gate.Hold) {
	t.Helper()
	if err := d.conn.PutHold(t.Context(), id, h); err != nil {
		t.Fatal(err)
	}
}

func wantStanding(t *testing.T, d desk, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, d.standing(t)); diff != "" {
		t.Error(diff)
	}
}

func TestQueues(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	wantStanding(t, d, "it-jira working 0", "soc-jira working 0", "kibana working 0")

	now := time.Now().UTC()
	for _, j := range []push.Job{{Connector: "soc-jira", Case: "c-1"}, {Connector: "gone", Case: "c-1"}} {
		j.Space = event.DefaultSpace
		if err := d.conn.PutJob(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	d.hold(t, "soc-jira", gate.Hold{Reason: gate.Down, Since: now, Until: now.Add(time.Hour), Times: 3, Words: "HTTP 502"})
	d.hold(t, "it-jira", gate.Hold{Reason: gate.RateLimited, Since: now, Until: now, Times: 1})
	d.hold(t, "", gate.Hold{Reason: gate.Unauthenticated, Since: now, Until: now.Add(time.Hour), Times: 1})
	d.hold(t, "forgotten", gate.Hold{}) // held once
	wantStanding(
		t, d,
		"gone working 1 unknown",
		"it-jira probing 0: one push at a time until one has gone through; before: the tracker asked to wait",
		"soc-jira held 1: the tracker is down, 3 times in a row: HTTP 502",
		"kibana held 0: Kibana refuses our credentials",
	)
	q, err := d.queues(t).Find("soc-jira")
	if err != nil || !q.Until().Equal(now.Add(time.Hour)) || !q.Since().Equal(now) || q.Name != "SOC Jira" || q.Type != ".jira" {
		t.Errorf("%+v, %v", q, err)
	}
	if _, err := d.queues(t).Find("nosuch"); !errors.Is(err, ops.ErrNoQueue) {
		t.Errorf("nosuch: %v", err)
	}
}

func TestPauseAndResumeQueues(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	now := time.Now().UTC()
	pause := func(p gate.Pause) func(context.Context, ops.Queue) (bool, error) {
		return func(ctx context.Context, q ops.Queue) (bool, error) { return d.PauseQueue(ctx, q, p) }
	}
	if !d.act(t, "soc-jira", pause(gate.Pause{Since: now, By: "moneypenny", Why: "upgrade"})) {
		t.Error("pausing changed nothing")
	}
	if d.act(t, "soc-jira", pause(gate.Pause{Since: now, By: "q"})) {
		t.Error("pausing again has changed something")
	}
	if changed, err := d.PauseQueue(t.Context(), ops.Queue{ID: "to come", ConnectorID: "to come"}, gate.Pause{Since: now}); !changed || err != nil {
		t.Errorf("a connector to come: %v, %v", changed, err)
	}
	if !d.act(t, ops.KibanaQueue, pause(gate.Pause{Since: now, By: "q"})) {
		t.Error("pausing changed nothing")
	}
	d.hold(t, "soc-jira", gate.Hold{Reason: gate.Forbidden, Since: now, Until: now.Add(time.Hour), Times: 1})
	wantStanding(
		t, d,
		"it-jira working 0", "soc-jira paused 0: paused by moneypenny: upgrade; the tracker lets our credentials do nothing",
		"to come paused 0 unknown: paused", "kibana paused 0: paused by q",
	)
	for i, want := range []bool{true, false} {
		if changed, err := d.PauseAllQueues(t.Context(), d.queues(t), gate.Pause{Since: now, By: "m", Why: "all"}); changed != want || err != nil {
			t.Errorf("pause of all, time %d: %v, %v", i+1, changed, err)
		}
	}
	if !d.act(t, "to come", d.ResumeQueue) {
		t.Error("resuming changed nothing")
	}
	for _, id := range []string{"soc-jira", ops.KibanaQueue} {
		if !d.act(t, id, d.ResumeQueue) || d.act(t, id, d.ResumeQueue) {
			t.Errorf("%s: resuming is to change something once", id)
		}
	}
	const all = " paused 0: all are paused by m: all"
	wantStanding(t, d, "it-jira"+all, "soc-jira"+all, "kibana"+all)
	if q, err := d.queues(t).Find("it-jira"); err != nil || q.WithoutPauseOfAll().State != gate.Working || !q.Since().Equal(now) {
		t.Errorf("%+v, %v", q, err)
	}
	for i, want := range []bool{true, false} {
		if changed, err := d.ResumeAllQueues(t.Context(), d.queues(t)); changed != want || err != nil {
			t.Errorf("resume of all, time %d: %v, %v", i+1, changed, err)
		}
	}
	wantStanding(t, d, "it-jira working 0", "soc-jira working 0", "kibana working 0")
}

// A person means the hold that was shown, also when the clock of the worker
// that began it is ahead.
func TestResumeOfAHoldByAnotherClock(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ahead := time.Now().Add(time.Hour).UTC()
	hold := gate.Hold{Reason: gate.Unauthenticated, Since: ahead, Until: ahead.Add(time.Hour), Times: 1}
	g := gate.New(func(gate.Hold) {})
	g.Learn(hold)
	d.hold(t, "soc-jira", hold)
	d.act(t, "soc-jira", d.ResumeQueue)
	board, err := d.conn.Board(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	notes, _ := board.Notes("soc-jira")
	g.Learn(notes.Hold)
	if _, left, _ := g.State(); left.Reason != "" {
		t.Errorf("still held: %+v, resumed at %s", left, notes.Hold.ResumedAt)
	}
}

// The queue of a connector is known while a worker has it, and who that is.
func TestQueuesNameTheWorker(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx, stop := context.WithCancel(t.Context())
	board, err := d.conn.Board(ctx)
	if err != nil {
		t.Fatal(err)
	}
	done, has := make(chan error, 1), make(chan struct{})
	go func() {
		done <- board.Own(ctx, "of another file", "host/1/abc", func(ctx context.Context, _ func() bool) error {
			close(has)
			<-ctx.Done()
			return nil
		})
	}()
	<-has
	wantStanding(t, d, "it-jira working 0", "of another file working 0 unknown of host/1/abc", "soc-jira working 0", "kibana working 0")
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wantStanding(t, d, "it-jira working 0", "soc-jira working 0", "kibana working 0")
}

// A connector may be called kibana.
func TestConnectorCalledKibana(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	qs := d.queues(t, ops.KnownConnector{ID: "kibana", Type: ".jira"})
	connector, err1 := qs.Find("kibana")
	events, err2 := qs.Find("kibana (events)")
	if err := errors.Join(err1, err2); err != nil || connector.ConnectorID != "kibana" || events.ConnectorID != "" {
		t.Errorf("%+v, %+v, %v", connector, events, err)
	}
	if last := qs.List[len(qs.List)-1]; !strings.HasSuffix(last.ID, "(events)") {
		t.Errorf("last is %q", last.ID)
	}
}
