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
	mu   sync.Mutex
	hold *gate.Hold
	wake chan struct{} // has room for one
}

func (l *latest) put(h gate.Hold) {
	l.mu.Lock()
	l.hold = &h
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default: // whoever takes it takes the newest
	}
}

func (l *latest) take() *gate.Hold {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.hold
	l.hold = nil
	return h
}

// work works on a queue whenever this worker has it, until ctx is done.
func (w *Worker) work(ctx context.Context, queue stream.Work) error {
	g := w.gates.of(queue.Connector)
	queue.Admit, queue.Lease = g.Admit, w.opts.Config.Worker.Lease
	ctx, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	n, _ := w.board.Notes(queue.Connector) // before anything is worked on
	g.Learn(n.Hold)
	g.Pause(n.Pause)
	beside.Go(func() { w.follow(ctx, queue.Connector, g) })
	beside.Go(func() { w.keepHolds(ctx, queue.Connector, g) })
	return w.board.Own(ctx, queue.Connector, w.owner, func(ctx context.Context, valid func() bool) error {
		g.Own(valid)
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

// holdRetry is the wait before a hold that could not be stored is stored again;
// until then only this worker knows of it, which has the queue.
const holdRetry = time.Second

// keepHolds tells and stores the holds that the gate decides on.
func (w *Worker) keepHolds(ctx context.Context, id string, g *guarded) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.holds.wake:
		}
		h := g.holds.take()
		if h == nil {
			continue
		}
		w.tellHold(id, *h)
		for ctx.Err() == nil {
			if err := w.conn.PutHold(ctx, id, *h); err == nil {
				break
			}
			select {
			case <-ctx.Done():
			case <-time.After(holdRetry):
			}
			if newer := g.holds.take(); newer != nil {
				h = newer
			}
		}
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
	case v.Stage.AtTracker() && !errors.Is(v.Err, connector.ErrHeld):
		g.Worked() // it answers, if not as we like
	}
}
