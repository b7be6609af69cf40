package worker_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/secret"
	"github.com/casepush/casepush/internal/telemetry"
	"github.com/casepush/casepush/internal/worker"
)

// drain does what is pending now.
func (r *rig) drain() worker.Left {
	r.t.Helper()
	w := r.newWorker()
	ctx, cancel := context.WithTimeout(r.t.Context(), testTimeout)
	defer cancel()
	left, err := w.Drain(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	return left
}

func (r *rig) newWorker() *worker.Worker {
	r.t.Helper()
	log := telemetry.NewLogger(telemetry.Options{Level: telemetry.DebugLevel, Writer: r.log})
	w, err := worker.New(worker.Options{Config: r.cfg, Types: r.types, Conn: r.conn, Log: log})
	if err != nil {
		r.t.Fatal(err)
	}
	return w
}

// publish puts events on the queue that nobody takes yet.
func (r *rig) publish(events ...event.Event) {
	r.t.Helper()
	for _, e := range events {
		if _, err := r.ops.Publish(r.t.Context(), e); err != nil {
			r.t.Fatal(err)
		}
	}
}

// TestDrain does all that can be done now, on every way that an event can take,
// and ends.
func TestDrain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if left := r.drain(); left.Waiting != 0 || len(left.Held) != 0 {
		t.Errorf("of nothing: %+v", left)
	}
	a, b := r.addCase(kibana.Case{Title: "Via Kibana", Connector: jiraConnector()}), r.addCase(kibana.Case{Title: "Directly"})
	r.publish(event.Event{CaseID: a.ID}, event.Event{CaseID: b.ID, ConnectorID: "soc-jira"}, event.Event{CaseID: "c-404"}, event.Event{CaseID: a.ID})
	if left := r.drain(); left.Waiting != 0 || len(left.Held) != 0 {
		t.Errorf("left: %+v", left)
	}
	if d := r.onlyLetter(); d.CaseID != "c-404" {
		t.Errorf("dead letter %+v", d)
	}
	if err := r.ops.Drop(t.Context(), r.onlyLetter().ID); err != nil {
		t.Fatal(err)
	}
	r.wantInStep("Via Kibana")
	r.wantInStep("Directly")
}

// TestDrainLeaves says what it could not do: retries in the future, and
// connectors that refuse our credentials.
func TestDrainLeaves(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, rigOptions{config: strings.Replace(rigConfig, "retry_base: 1s, retry_cap: 1s", "retry_base: 1h, retry_cap: 1h", 1)})
	if _, err := r.jira.Faults().Add(fakes.Rule{Status: 503, RetryAfter: "3600"}); err != nil {
		t.Fatal(err)
	}
	r.publish(event.Event{CaseID: r.addCase(kibana.Case{Title: "Later"}).ID, ConnectorID: "soc-jira"})
	if left := r.drain(); left.Waiting != 1 || len(left.Held) != 0 {
		t.Errorf("with a tracker that is down: %+v", left)
	}

	r = newRigWith(t, rigOptions{jira: fakejira.Options{Email: "admin@hms.example", Token: secret.New("another")}})
	for _, title := range []string{"One", "Two"} {
		r.publish(event.Event{CaseID: r.addCase(kibana.Case{Title: title}).ID, ConnectorID: "soc-jira"})
	}
	if left := r.drain(); !slices.Equal(left.Refused, []string{"soc-jira"}) {
		t.Errorf("with wrong credentials: %+v", left)
	}
}

// TestHealth: a held connector is told and makes nobody unready.
func TestHealth(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, rigOptions{jira: fakejira.Options{Email: "admin@hms.example", Token: secret.New("another")}})
	w := r.newWorker()
	probe := func(path string) (int, string) {
		rec := httptest.NewRecorder()
		w.Handler().ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		return rec.Code, rec.Body.String()
	}
	wantProbe := func(path string, status int, words string) {
		t.Helper()
		if code, body := probe(path); code != status || !strings.Contains(body, words) {
			t.Errorf("%s: %d %s, want %d and %q", path, code, body, status, words)
		}
	}
	wantProbe("/livez", 200, `"ok"`)
	wantProbe("/readyz", 503, "starting or stopping")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	eventually(t, "ready", func() bool { code, _ := probe("/readyz"); return code == 200 })
	r.publish(event.Event{CaseID: r.addCase(kibana.Case{Title: "One"}).ID, ConnectorID: "soc-jira"})
	eventually(t, "a held connector", func() bool {
		code, body := probe("/readyz")
		return code == 200 && strings.Contains(body, `"held_connectors":["soc-jira"]`)
	})
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	wantProbe("/readyz", 503, "starting or stopping")
	wantProbe("/livez", 200, `"ok"`)
}
