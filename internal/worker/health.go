package worker

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"
)

// health is what the probes ask.
type health struct{ running atomic.Bool }

// probeTimeout bounds what a readiness probe waits for NATS.
const probeTimeout = 2 * time.Second

// Handler serves /livez and /readyz.
//
// /livez says that the process answers; it asks nobody. /readyz is 200 while
// events are taken: the worker runs, is not stopping, and NATS answers with the
// event stream. A tracker that is held is shown and does not make it unready.
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
	if held := w.queues.holding(); len(held) > 0 {
		body["held_connectors"] = held
	}
	ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
	defer cancel()
	switch {
	case !w.health.running.Load():
		body["status"], body["reason"] = "unready", "the worker is starting or stopping"
	case !w.conn.Connected():
		body["status"], body["reason"] = "unready", "NATS is out of reach"
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
