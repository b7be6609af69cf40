package worker

import (
	"context"
	"slices"
	"sync"
	"time"
)

// queues are the running consumers.
type queues struct {
	mu      sync.Mutex
	ctx     context.Context
	running map[string]bool
	held    map[string]hold
	done    sync.WaitGroup
}

func (q *queues) open(ctx context.Context) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ctx, q.running, q.held = ctx, map[string]bool{}, map[string]hold{}
}

// start runs f unless a queue of this name runs already.
func (q *queues) start(name string, f func(context.Context)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running[name] || q.ctx.Err() != nil {
		return
	}
	q.running[name] = true
	q.done.Go(func() { f(q.ctx) })
}

// drain waits for all queues to end and reports whether they did in time.
func (q *queues) drain(atMost time.Duration) bool {
	ended := make(chan struct{})
	go func() {
		q.done.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return true
	case <-time.After(atMost):
		return false
	}
}

// hold is a connector that nothing is sent to for a while.
type hold struct {
	until time.Time
	probe time.Time // until when one push after the hold goes alone
	times int       // in a row
}

// A tracker that refuses our credentials locks the account or bans the address
// when they are tried too often, so each hold in a row is twice as long.
const (
	firstHold = 30 * time.Second
	maxHold   = time.Hour
)

// hold keeps the connector's jobs back, at least until the given time.
func (q *queues) hold(id string, atLeast time.Time) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := q.held[id]
	now := time.Now()
	if now.Before(h.until) {
		return h.until // a push that was in flight when the hold began
	}
	h.until = now.Add(min(maxHold, firstHold<<min(h.times, 10)))
	if atLeast.After(h.until) {
		h.until = atLeast
	}
	h.times++
	q.held[id] = h
	return h.until
}

// release forgets that the connector was held: a push has gone through.
func (q *queues) release(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.held, id)
}

// probeTime is how long the first push after a hold goes alone.
const probeTime = 10 * time.Second

// heldUntil says until when a job of the connector is held back. After a hold
// it lets one job pass, and the others when that one has gone through.
func (q *queues) heldUntil(id string) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	h, held := q.held[id]
	now := time.Now()
	if !held || now.Before(h.until) {
		return h.until
	}
	if now.Before(h.probe) {
		return h.probe
	}
	h.probe = now.Add(probeTime)
	q.held[id] = h
	return time.Time{}
}

// holding lists the connectors that are held now, in order.
func (q *queues) holding() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var ids []string
	for id, h := range q.held {
		if time.Now().Before(h.until) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
