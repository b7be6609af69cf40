package httpclient

import (
	"container/heap"
	"context"
	"errors"
	"math"
	"sync"
	"time"
)

// Class is what a request does, for the order in which requests get their
// share of [Settings.RequestsPerSecond]. Creates go before comments, and
// comments before updates of fields: people wait for an incident to be there,
// and a later update says all that an earlier one did.
type Class int

// Classes. The zero value goes first.
const (
	Creates  Class = iota // creates, and the reads and searches before any change
	Comments              // comments
	Updates               // changes of fields
)

// headStart is by how much a request of the first class may come later than
// one of this class and still go before it. No class starves: who has waited
// that long is overtaken by nobody.
func (c Class) headStart() time.Duration {
	switch c {
	case Comments:
		return 5 * time.Second
	case Updates:
		return 10 * time.Second
	default:
		return 0
	}
}

// errNoRoom: the request would have had to wait for longer than it has time. Our
// own rule holds it back, and nothing is wrong with the tracker.
var errNoRoom = errors.New("delivery.requests_per_second leaves no room before the deadline")

// maxInterval keeps sums of times from overflowing.
const maxInterval = 24 * time.Hour

// pacer spaces requests: a token bucket, kept as the time at which it will be
// full again. Safe for concurrent use; nil lets everything pass.
type pacer struct {
	interval time.Duration // between two requests
	slack    time.Duration // by how much a burst may be ahead

	mu      sync.Mutex
	full    time.Time
	queue   waiters
	arrived int
	timer   *time.Timer // runs while somebody waits
}

// pace makes the pacer of a client; bursts are at most one second's worth.
func pace(perSecond float64) *pacer {
	if !(perSecond > 0) {
		return nil
	}
	interval := maxInterval
	if ns := math.Ceil(float64(time.Second) / perSecond); ns < float64(maxInterval) {
		interval = max(1, time.Duration(ns))
	}
	burst := max(1, time.Duration(min(perSecond, float64(time.Second))))
	return &pacer{interval: interval, slack: (burst - 1) * interval}
}

// wait returns when it is the request's turn. It returns [errNoRoom] at once
// when ctx would end first, as it looks now, and else when it does; a
// cancelled wait returns the error of ctx. Whoever got an error has used nothing.
func (p *pacer) wait(ctx context.Context, class Class) error {
	if p == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	w, err := p.join(ctx, class)
	if err != nil || w == nil {
		return err
	}
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
		return p.leave(ctx, w)
	}
}

// join lets the request pass (nil), or puts it in line.
func (p *pacer) join(ctx context.Context, class Class) (*waiter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	w := &waiter{rank: now.Add(class.headStart()), number: p.arrived, turn: make(chan struct{})}
	p.arrived++
	if end, ok := ctx.Deadline(); ok && p.at(now, p.queue.before(w)).After(end) {
		return nil, errNoRoom
	}
	if len(p.queue) == 0 && p.take(now) {
		return nil, nil
	}
	heap.Push(&p.queue, w)
	if len(p.queue) == 1 {
		p.timer = time.AfterFunc(p.at(now, 0).Sub(now), p.serve)
	}
	return w, nil
}

// leave takes a request whose context has ended out of the line. If its turn
// has come meanwhile it goes on, and whoever sends it sees the context's end.
func (p *pacer) leave(ctx context.Context, w *waiter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.place < 0 {
		return nil
	}
	heap.Remove(&p.queue, w.place)
	if len(p.queue) == 0 {
		p.timer.Stop()
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errNoRoom
	}
	return ctx.Err()
}

// serve calls those whose turn has come, and comes back for the others.
func (p *pacer) serve() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for len(p.queue) > 0 && p.take(now) {
		close(heap.Pop(&p.queue).(*waiter).turn)
	}
	if len(p.queue) > 0 {
		p.timer.Reset(p.at(now, 0).Sub(now))
	}
}

// at is when the request with so many before it has its turn.
func (p *pacer) at(now time.Time, before int) time.Time {
	turn := later(p.full, now).Add(time.Duration(before)*p.interval - p.slack)
	return later(turn, now)
}

// take uses the turn of now, if there is one.
func (p *pacer) take(now time.Time) bool {
	if p.at(now, 0).After(now) {
		return false
	}
	p.full = later(p.full, now).Add(p.interval)
	return true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// waiter is one request that waits.
type waiter struct {
	rank   time.Time // its arrival and its class's head start
	number int       // among all that arrived, for those of one rank
	place  int       // in the queue; -1 when it is not in it any more
	turn   chan struct{}
}

// waiters is a heap: the first is the next.
type waiters []*waiter

func (q waiters) Len() int           { return len(q) }
func (q waiters) Less(i, j int) bool { return q[i].goesBefore(q[j]) }

func (q waiters) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push implements heap.Interface.
func (q *waiters) Push(x any) {
	w := x.(*waiter)
	w.place = len(*q)
	*q = append(*q, w)
}

// Pop implements heap.Interface.
func (q *waiters) Pop() any {
	last := len(*q) - 1
	w := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	w.place = -1
	return w
}

// before counts those that go before w.
func (q waiters) before(w *waiter) int {
	n := 0
	for _, other := range q {
		if other.goesBefore(w) {
			n++
		}
	}
	return n
}

func (w *waiter) goesBefore(other *waiter) bool {
	if !w.rank.Equal(other.rank) {
		return w.rank.Before(other.rank)
	}
	return w.number < other.number
}
