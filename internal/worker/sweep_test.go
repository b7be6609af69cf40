package worker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/telemetry"
	"github.com/casepush/casepush/internal/worker"
)

// sweeping starts a worker that sweeps all the time.
func (r *rig) sweeping() {
	r.t.Helper()
	log := telemetry.NewLogger(telemetry.Options{Level: telemetry.DebugLevel, Writer: r.log})
	w, err := worker.New(worker.Options{
		Config: r.cfg, Types: r.types, Conn: r.conn, Log: log,
		Sweep: worker.SweepOptions{Every: 100 * time.Millisecond, Age: 50 * time.Millisecond},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.startThis(w)
}

// swept waits until n more sweeps have ended, and returns what was logged.
func (r *rig) swept(n int) string {
	r.t.Helper()
	before := len(r.log.String())
	eventually(r.t, "sweeps", func() bool { return strings.Count(r.log.String()[before:], `"entries"`) > n }) // the first had begun
	return r.log.String()[before:]
}

// work is the work stream, for those who go behind the worker's back.
func (r *rig) workStream() jetstream.Stream {
	r.t.Helper()
	nc, err := nats.Connect(r.server.URL())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := js.Stream(r.t.Context(), "CASEPUSH_WORK")
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// lose removes what is stored on a subject of the work stream once it is there.
func (r *rig) lose(s jetstream.Stream, subject string) {
	r.t.Helper()
	eventually(r.t, "something on "+subject, func() bool {
		_, err := s.GetLastMsgForSubject(r.t.Context(), subject)
		return err == nil
	})
	if err := s.Purge(r.t.Context(), jetstream.WithPurgeSubject(subject)); err != nil {
		r.t.Fatal(err)
	}
}

// TestSweepBringsALostJob: somebody deletes a job that nobody had begun.
func TestSweepBringsALostJob(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.conn.Pause(t.Context(), "soc-jira", gate.Pause{By: "test"}); err != nil {
		t.Fatal(err)
	}
	r.sweeping()
	c := r.addCase(kibana.Case{Title: "Lost job"})
	a, err := r.ops.PublishAwaited(t.Context(), event.Event{CaseID: c.ID, ConnectorID: "soc-jira"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	job := "casepush.work.soc-jira.default." + c.ID
	s := r.workStream()
	eventually(t, "a job", func() bool { _, err := s.GetLastMsgForSubject(t.Context(), job); return err == nil })
	r.swept(2) // which have seen the job
	r.lose(s, job)
	if err := r.conn.Resume(t.Context(), "soc-jira", time.Now()); err != nil {
		t.Fatal(err)
	}
	if res := r.outcome(a); res.Outcome != push.Pushed {
		t.Errorf("outcome: %+v", res)
	}
	r.wantInStep("Lost job")
	r.wantCalm()
}

// wantCalm checks that sweeps queue nothing.
func (r *rig) wantCalm() {
	r.t.Helper()
	if log := r.swept(2); strings.Contains(log, "forgotten, and queued") || strings.Contains(log, "sweep not ended") {
		r.t.Errorf("sweeps when all is well:\n%s", log)
	}
}

// TestSweepBringsALostWakeUp: somebody deletes the wake-up of a retry.
func TestSweepBringsALostWakeUp(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, rigOptions{config: strings.Replace(rigConfig, "retry_base: 1s, retry_cap: 1s", "retry_base: 2s, retry_cap: 2s", 1)})
	r.sweeping()
	c := r.addCase(kibana.Case{Title: "Lost wake-up"})
	if _, err := r.jira.Faults().Add(fakes.Rule{Status: 503, RetryAfter: "1"}); err != nil {
		t.Fatal(err)
	}
	a, err := r.ops.PublishAwaited(t.Context(), event.Event{CaseID: c.ID})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	r.lose(r.workStream(), "casepush.later.soc-jira.default."+c.ID)
	r.jira.Faults().Clear()
	if res := r.outcome(a); res.Outcome != push.Pushed {
		t.Errorf("outcome: %+v", res)
	}
	if log := r.log.String(); !strings.Contains(log, `"owed":1`) {
		t.Errorf("no sweep found what was owed:\n%s", log)
	}
	r.wantInStep("Lost wake-up")
	r.wantCalm()
}

// TestSweepFindsNothing: of whatever an event can come to, nothing is queued
// again.
func TestSweepFindsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sweeping()
	for range 2 {
		c := r.addCase(kibana.Case{Title: "Pushed"})
		r.push(event.Event{CaseID: c.ID})
		r.push(event.Event{CaseID: c.ID, ConnectorID: "soc-jira"})
	}
	none := r.addCase(kibana.Case{Title: "Skipped", Owner: "cases"})
	if res := r.push(event.Event{CaseID: none.ID}); res.Outcome != push.Skipped {
		t.Errorf("outcome: %+v", res)
	}
	for i, e := range []event.Event{{CaseID: "c-404"}, {CaseID: "c-405", ConnectorID: "no-such"}} {
		if res := r.push(e); res.Outcome != push.DeadLettered {
			t.Errorf("outcome %d: %+v", i, res)
		}
	}
	r.raw("default", "c-406", []byte(`{`))
	r.wantIdle()
	r.swept(2)
	r.wantCalm()
	if log := r.log.String(); strings.Contains(log, `"kind":"sweep"`) {
		t.Errorf("a sweep has queued something:\n%s", log)
	}
	if n := len(r.letters()); n != 3 {
		t.Errorf("%d dead letters, want 3", n)
	}
}

// TestRescue: a consumer gets a limit of deliveries, and a push that is
// interrupted once ends all the same, with a word on what is wrong.
func TestRescue(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	first := r.addCase(kibana.Case{Title: "Before"})
	r.push(event.Event{CaseID: first.ID})
	s := r.workStream()
	cons, err := s.Consumer(t.Context(), "casepush_push_soc-jira")
	if err != nil {
		t.Fatal(err)
	}
	config := cons.CachedInfo().Config
	config.MaxDeliver = 1
	if _, err := s.UpdateConsumer(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	// The job of an event that comes while the case is being pushed is handed back.
	c := r.addCase(kibana.Case{Title: "Given up"})
	if _, err := r.jira.Faults().Add(fakes.Rule{Method: "POST", Path: "**/issue", Delay: fakes.Duration(2 * time.Second), Times: 1}); err != nil {
		t.Fatal(err)
	}
	e := event.Event{CaseID: c.ID, ConnectorID: "soc-jira"}
	r.publish(e)
	eventually(t, "a push that takes long", func() bool {
		entry, _, err := r.conn.Ledger().Get(t.Context(), ledger.Key{Connector: "soc-jira", Space: "default", Case: c.ID})
		return err == nil && entry.Claim != nil
	})
	r.publish(e)
	eventually(t, "a warning", func() bool {
		return strings.Contains(r.log.String(), "somebody set max_deliver of consumer casepush_push_soc-jira to 1")
	})
	r.wantIdle()
	r.wantInStep("Given up")
}
