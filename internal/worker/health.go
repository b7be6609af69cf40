package worker

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
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
// event stream and takes what is written. A tracker that is held is shown and does not make it unready.
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
	held := w.gates.closed()
	if slices.Contains(held, "") {
		body["kibana"] = "paused, or held: it refuses our credentials"
		held = slices.DeleteFunc(held, func(id string) bool { return id == "" })
	}
	if len(held) > 0 {
		body["held_connectors"] = held
	}
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

func answer(rw http.ResponseWriter, status int, body any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(body) // the client went away
}
