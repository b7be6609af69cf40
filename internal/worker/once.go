package worker

import (
	"context"
	"time"

	"github.com/casepush/casepush/internal/stream"
)

// Left is what a drained worker leaves behind.
type Left struct {
	Waiting uint64   // retries that wait for their time
	Held    []string // connectors that refuse our credentials, with jobs on their queues
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
		left = Left{Waiting: b.Waiting, Held: w.queues.holding()}
		if w.idle(b, left) {
			quiet++
		} else {
			quiet = 0
		}
	}
	stop()
	for i, id := range left.Held {
		if id == "" { // the queue of events that wait for Kibana
			left.Held[i] = "kibana"
		}
	}
	return left, <-ended
}

// idle: everything is done, or what is left belongs to connectors that are held.
func (w *Worker) idle(b stream.Backlog, left Left) bool {
	if b.Events > 0 {
		return false
	}
	for id, n := range b.ByConnector {
		held := false
		for _, h := range left.Held {
			held = held || h == id
		}
		if n > 0 && !held {
			return false
		}
	}
	return true
}
