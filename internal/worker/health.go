package worker

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/casepush/casepush/internal/gate"
)

// health is what the probes ask.
type health struct {
	running atomic.Bool

	mu      sync.Mutex
	failing bool      // the last write to the queue or the ledger failed
	told    time.Time // when that was last worth a line in the log
}

// tellEvery bounds how often a failing queue is told.
const tellEvery = 10 * time.Second

// note records how the latest work with the queue ended, and reports whether
// its error is worth a line.
func (h *health) note(err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failing = err != nil
	if err == nil || time.Since(h.told) < tellEvery {
		return false
	}
	h.told = time.Now()
	return true
}

func (h *health) fails() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failing
}

// probeTimeout bounds what a readiness probe waits for NATS.
const probeTimeout = 2 * time.Second

// Handler serves /livez and /readyz.
//
// /livez says that the process answers; it asks nobody. /readyz is 200 while
// events are taken: the worker runs, is not stopping, NATS answers with the
// event stream and takes what is written. What is paused or held is shown and
// makes nothing unready: the probe of a worker is not that of a tracker.
func (w *Worker) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, http.StatusOK, map[string]any{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", w.ready)
	return mux
}

func (w *Worker) ready(rw http.ResponseWriter, r *http.Request) {
	body := map[string]any{"status": "ok"}
	w.gates.tell(body, time.Now())
	ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
	defer cancel()
	switch {
	case !w.health.running.Load():
		body["status"], body["reason"] = "unready", "the worker is starting or stopping"
	case !w.conn.Connected():
		body["status"], body["reason"] = "unready", "NATS is out of reach"
	case w.health.fails():
		body["status"], body["reason"] = "unready", "NATS does not take what is written: the log says why"
	default:
		if err := w.conn.Ping(ctx); err != nil {
			body["status"], body["reason"] = "unready", "the event stream does not answer"
		}
	}
	status := http.StatusOK
	if body["status"] != "ok" {
		status = http.StatusServiceUnavailable
	}
	answer(rw, status, body)
}

// standing is why a queue is not worked on, or by one push at a time only. Who
// paused it, and the tracker's words, are for those who may ask casepush
// connectors: probes need no token.
type standing struct {
	State  gate.State  `json:"state"`
	Reason gate.Reason `json:"reason,omitempty"` // of a hold
	Since  time.Time   `json:"since"`
	Until  time.Time   `json:"until,omitzero"` // of held alone: a pause ends when a person says so
}

// tell adds the queues that are paused or held, and those that were until one
// push proves otherwise.
func (g *gates) tell(body map[string]any, now time.Time) {
	connectors := map[string]standing{}
	for _, id := range g.known() {
		s, ok := g.standing(id, now)
		switch {
		case !ok:
		case id == "":
			body["kibana"] = s
		default:
			connectors[id] = s
		}
	}
	if len(connectors) == 0 {
		return
	}
	body["connectors"] = connectors
	held := slices.Sorted(maps.Keys(connectors))
	held = slices.DeleteFunc(held, func(id string) bool { return connectors[id].State == gate.Probing })
	if len(held) > 0 {
		body["held_connectors"] = held
	}
}

// known lists the queues that there is a gate of.
func (g *gates) known() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Keys(g.m))
}

// standing is false of a queue that nothing stands in the way of.
func (g *gates) standing(id string, now time.Time) (s standing, ok bool) {
	pause, hold, _ := g.of(id).State()
	switch state := gate.StateOf(pause, hold, now); state {
	case gate.Paused:
		return standing{State: state, Since: pause.Since}, true
	case gate.Held:
		return standing{State: state, Reason: hold.Reason, Since: hold.Since, Until: hold.Until}, true
	case gate.Probing:
		return standing{State: state, Reason: hold.Reason, Since: hold.Since}, true
	}
	return standing{}, false
}

func answer(rw http.ResponseWriter, status int, body any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(body) // the client went away
}
