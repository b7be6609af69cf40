package worker

import (
	"context"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/stream"
)

// Left is what a drained worker leaves behind.
type Left struct {
	Waiting uint64   // retries that wait for their time
	Refused []string // connectors that refuse our credentials; "kibana" is Kibana
	Held    []string // others that are paused or held, with jobs on their queues
}

const drainPoll = 100 * time.Millisecond

// Drain runs the worker until nothing can be done now, and stops it. Retries
// in the future are left to the next run.
func (w *Worker) Drain(ctx context.Context) (Left, error) {
	runCtx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- w.Run(runCtx) }()
	var left Left
	tick := time.NewTicker(drainPoll)
	defer tick.Stop()
	for quiet := 0; quiet < 2; { // twice, since an event on its way from one queue to the next is in neither
		select {
		case err := <-ended:
			return left, err
		case <-tick.C:
		}
		b, err := w.conn.Backlog(runCtx)
		if err != nil {
			continue // NATS is away; the worker waits for it too
		}
		left = w.left(b)
		if idle(b, left) {
			quiet++
		} else {
			quiet = 0
		}
	}
	stop()
	for _, ids := range [][]string{left.Refused, left.Held} {
		if i := slices.Index(ids, ""); i >= 0 { // the queue of events that wait for Kibana
			ids[i] = "kibana"
		}
	}
	return left, <-ended
}

// left says what cannot be done now.
func (w *Worker) left(b stream.Backlog) Left {
	l := Left{Waiting: b.Waiting}
	for _, id := range w.gates.closed() {
		if _, hold, _ := w.gates.of(id).State(); hold.Reason.Refused() {
			l.Refused = append(l.Refused, id)
		} else if b.ByConnector[id] > 0 {
			l.Held = append(l.Held, id)
		}
	}
	return l
}

// idle: everything is done, or what is left belongs to connectors that are held.
func idle(b stream.Backlog, left Left) bool {
	if b.Events > 0 {
		return false
	}
	for id, n := range b.ByConnector {
		if n > 0 && !slices.Contains(left.Held, id) && !slices.Contains(left.Refused, id) {
			return false
		}
	}
	return true
}
