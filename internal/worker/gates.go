package worker

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
)

// gates are those of all queues that this worker knows; "" is the queue of
// events that wait for Kibana.
type gates struct {
	mu sync.Mutex
	m  map[string]*guarded
}

// guarded is a queue's gate with what it wants to be stored.
type guarded struct {
	*gate.Gate
	holds latest
}

// of returns the gate of a queue.
func (g *gates) of(id string) *guarded {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.m == nil {
		g.m = map[string]*guarded{}
	}
	one := g.m[id]
	if one == nil {
		one = &guarded{holds: latest{wake: make(chan struct{}, 1)}}
		one.Gate = gate.New(one.holds.put)
		g.m[id] = one
	}
	return one
}

// closed lists the queues that are paused or held now, in order.
func (g *gates) closed() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var ids []string
	for id, one := range g.m {
		if pause, hold, _ := one.State(); pause != nil || hold.Active(time.Now()) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// latest is the newest hold that is not stored yet.
type latest struct {
	storing sync.Mutex // held while one is stored

	mu     sync.Mutex
	hold   *gate.Hold
	number int           // of the hold, in their order
	told   int           // the number up to which they were told to the log
	wake   chan struct{} // has room for one
}

func (l *latest) put(h gate.Hold) {
	l.mu.Lock()
	l.hold = &h
	l.number++
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default: // whoever takes it takes the newest
	}
}

// next is what is to be stored, and whether it has not been told before.
func (l *latest) next() (h *gate.Hold, number int, tell bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hold == nil {
		return nil, 0, false
	}
	tell, l.told = l.told < l.number, l.number
	return l.hold, l.number, tell
}

// done says that the hold of this number is stored.
func (l *latest) done(number int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.number == number {
		l.hold = nil
	}
}

// work works on a queue whenever this worker has it, until ctx is done.
func (w *Worker) work(ctx context.Context, queue stream.Work) error {
	g := w.gates.of(queue.Connector)
	queue.Admit, queue.Lease = g.Admit, w.opts.Config.Worker.Lease
	ctx, stop := context.WithCancel(ctx)
	// Pushes in flight may learn of a hold until they have ended.
	holding, end := context.WithCancel(context.WithoutCancel(ctx))
	var beside sync.WaitGroup
	defer beside.Wait()
	defer end()
	defer stop()
	beside.Go(func() { w.follow(ctx, queue.Connector, g) })
	beside.Go(func() { w.keepHolds(holding, queue.Connector, g) })
	return w.board.Own(ctx, queue.Connector, w.owner, func(ctx context.Context, valid func() bool) error {
		// The board may be behind what the worker before has stored.
		n, err := w.conn.ReadNotes(ctx, queue.Connector)
		if err != nil {
			return err
		}
		g.Learn(n.Hold)
		g.Pause(n.Pause)
		g.Own(valid)
		// The next worker begins as soon as this returns.
		defer w.flushHold(holding, queue.Connector, g)
		defer g.Disown()
		return w.conn.Consume(ctx, queue)
	})
}

// follow tells the gate what other workers and people have stored.
func (w *Worker) follow(ctx context.Context, id string, g *guarded) {
	for ctx.Err() == nil {
		n, changed := w.board.Notes(id)
		g.Learn(n.Hold)
		g.Pause(n.Pause)
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

const (
	// holdRetry is the wait before a hold that could not be stored is stored
	// again; until then only this worker knows of it, which has the queue.
	holdRetry = time.Second
	// flushTime bounds how long a queue is kept for the sake of its hold.
	flushTime = 5 * time.Second
)

// keepHolds tells and stores the holds that the gate decides on.
func (w *Worker) keepHolds(ctx context.Context, id string, g *guarded) {
	for {
		err := w.storeHolds(ctx, id, g)
		var again <-chan time.Time
		if err != nil {
			again = time.After(holdRetry)
		}
		select {
		case <-ctx.Done():
			return
		case <-again:
		case <-g.holds.wake:
		}
	}
}

// flushHold stores what is not stored yet, before another worker begins.
func (w *Worker) flushHold(ctx context.Context, id string, g *guarded) {
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	for w.storeHolds(ctx, id, g) != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(holdRetry / 4):
		}
	}
}

// storeHolds stores what the gate decided on until nothing is left.
func (w *Worker) storeHolds(ctx context.Context, id string, g *guarded) error {
	g.holds.storing.Lock()
	defer g.holds.storing.Unlock()
	for {
		h, number, tell := g.holds.next()
		if h == nil {
			return nil
		}
		if tell {
			w.tellHold(id, *h)
		}
		if err := w.conn.PutHold(ctx, id, *h); err != nil {
			return err
		}
		g.holds.done(number)
		g.Stored(*h)
	}
}

func (w *Worker) tellHold(id string, h gate.Hold) {
	what, why := "connector", h.Reason.String()
	if id == "" {
		id, what, why = ops.KibanaQueue, "Kibana", h.Reason.Of("Kibana")
	}
	who := telemetry.String("connector_id", id)
	if h.Reason == "" {
		w.log.Info(what+" works again", who)
		return
	}
	fields := []telemetry.Field{who, telemetry.String("reason", string(h.Reason)), telemetry.Time("until", h.Until), telemetry.Int("times", h.Times)}
	if h.Words != "" {
		fields = append(fields, telemetry.String("error.message", h.Words))
	}
	switch h.Reason {
	case gate.Unauthenticated, gate.Forbidden:
		w.log.Error(what+" held: "+why+"; if the configuration's are wrong, correct them and restart; if it is mended there, run: casepush connectors resume "+id, fields...)
	default:
		w.log.Warn(what+" held: "+why+"; what needs it waits", fields...)
	}
}

// learn tells the gate what the end of a push says about the tracker.
func (g *guarded) learn(job push.Job, begun time.Time, v push.Verdict) {
	var e *connector.Error
	switch trouble := v.Trouble(); {
	case trouble == push.Limited:
		// The HTTP client told the gate before anybody else.
	case trouble == push.Credentials && errors.As(v.Err, &e):
		why := gate.Unauthenticated
		if e.Kind == connector.Forbidden {
			why = gate.Forbidden
		}
		g.Refused(why, e.RetryAfter, e.Error())
	case trouble == push.Down:
		g.Failed(job.Space+"/"+job.Case, begun, v.Err.Error())
	case v.Err == nil && v.Result != nil:
		g.Worked()
	case v.Stage.AtTracker() && errors.As(v.Err, &e) && e.Status != 0:
		g.Worked() // it answers, if not as we like
	}
}
