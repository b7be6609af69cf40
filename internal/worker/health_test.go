package worker_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/worker"
)

// probed is an answer of /readyz.
type probed struct {
	Code           int
	Status         string
	HeldConnectors []string `json:"held_connectors"`
	Connectors     map[string]standing
	Kibana         *standing
}

type standing struct {
	State, Reason string
	Since, Until  time.Time
}

func probe(t *testing.T, w *worker.Worker) (p probed) {
	t.Helper()
	rec := httptest.NewRecorder()
	w.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/readyz", nil))
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	p.Code = rec.Code
	return p
}

// TestHealthTellsPausesAndHolds: with reason and end, and nothing of it makes a
// worker unready; who paused it and what the tracker said stays inside.
func TestHealthTellsPausesAndHolds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	now := time.Now().UTC().Truncate(time.Second)
	until := now.Add(time.Hour)
	if err := r.conn.Pause(t.Context(), "soc-jira", gate.Pause{Since: now, By: "moneypenny", Why: "canary"}); err != nil {
		t.Fatal(err)
	}
	if err := r.conn.PutHold(t.Context(), "", gate.Hold{Reason: gate.Down, Since: now, Until: until, Times: 1, Words: "canary"}); err != nil {
		t.Fatal(err)
	}
	w := r.launch()
	paused := probed{
		Code: 200, Status: "ok", HeldConnectors: []string{"soc-jira"},
		Connectors: map[string]standing{"soc-jira": {State: "paused", Since: now}},
		Kibana:     &standing{State: "held", Reason: "down", Since: now, Until: until},
	}
	wantProbed(t, w, paused)

	if err := r.conn.Resume(t.Context(), "", time.Now()); err != nil {
		t.Fatal(err)
	}
	paused.Kibana = nil
	wantProbed(t, w, paused)
	if err := r.conn.Resume(t.Context(), "soc-jira", time.Now()); err != nil {
		t.Fatal(err)
	}
	wantProbed(t, w, probed{Code: 200, Status: "ok"})
}

// TestHealthTellsProbing: a hold that is over by time and not proven so.
func TestHealthTellsProbing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	now := time.Now().UTC().Truncate(time.Second)
	if err := r.conn.PutHold(t.Context(), "soc-jira", gate.Hold{Reason: gate.RateLimited, Since: now.Add(-time.Minute), Until: now, Times: 1}); err != nil {
		t.Fatal(err)
	}
	wantProbed(t, r.launch(), probed{
		Code: 200, Status: "ok", Connectors: map[string]standing{"soc-jira": {State: "probing", Reason: "rate_limited", Since: now.Add(-time.Minute)}},
	})
}

// launch runs a worker until the test ends.
func (r *rig) launch() *worker.Worker {
	r.t.Helper()
	w := r.newWorker()
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.t.Context()))
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	r.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	})
	return w
}

func wantProbed(t *testing.T, w *worker.Worker, want probed) {
	t.Helper()
	eventually(t, "the probe to tell "+cmp.Diff(probed{}, want), func() bool {
		return cmp.Equal(probe(t, w), want)
	})
}
