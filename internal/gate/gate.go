package gate

import (
	"context"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// tripCases is how many distinct cases in a row must get no useful answer
// before the tracker counts as down. A single case may be broken by itself.
const tripCases = 5

// Gate is the gate of one connector's queue in one process. Safe for
// concurrent use.
type Gate struct {
	store func(Hold)

	mu      sync.Mutex
	owned   func() bool // nil: another worker has the queue
	had     bool        // this worker has had the queue before
	kept    bool        // the hold is our own and not stored yet
	paused  *Pause
	hold    Hold
	failed  map[string]bool // cases without a useful answer since the last one that got one
	worked  time.Time       // when that was
	changed chan struct{}   // closed and replaced when a session has to end
}

// New makes a gate of a queue that this worker does not have yet. store hears
// every hold that the gate decides on, in order, and that one is over (without
// a Reason). It is called under a lock: it must not block nor call the gate.
func New(store func(Hold)) *Gate {
	return &Gate{store: store, changed: make(chan struct{})}
}

// Session is leave to work on the queue. The zero value never ends.
type Session struct {
	Alone bool            // one job at a time
	Ended <-chan struct{} // closed when the leave is over or becomes another
}

// Admit waits until the queue may be worked on. After a hold it gives leave for
// one job at a time, until one has shown that the tracker works again.
func (g *Gate) Admit(ctx context.Context) (Session, error) {
	for {
		s, wait, open := g.session()
		if open {
			return s, nil
		}
		var over <-chan time.Time
		if wait > 0 {
			timer := time.NewTimer(wait)
			defer timer.Stop()
			over = timer.C
		}
		select {
		case <-ctx.Done():
			return Session{}, ctx.Err()
		case <-s.Ended:
		case <-over:
		}
	}
}

// session is the leave now; wait is how long a closed gate stays so by itself,
// 0 if only a change opens it.
func (g *Gate) session() (s Session, wait time.Duration, open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s = Session{Alone: g.hold.Reason != "", Ended: g.changed}
	switch {
	case g.owned == nil, g.paused != nil:
		return s, 0, false
	case g.hold.Active(time.Now()):
		return s, time.Until(g.hold.Until), false
	}
	return s, 0, true
}

// Enter says whether a request may be sent at this moment: nil, or an error
// that wraps connector.ErrHeld and says for how long not.
func (g *Gate) Enter(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	switch {
	case g.paused != nil:
		return &connector.HeldError{Why: "the connector is paused"}
	case g.hold.Active(now):
		return &connector.HeldError{Why: g.hold.Reason.String(), For: g.hold.Until.Sub(now)}
	case g.owned == nil || !g.owned():
		return &connector.HeldError{Why: "another worker has the queue"}
	}
	return nil
}

// Limited begins a hold of at least d: the tracker asked for it. 0: it did not
// say for how long.
func (g *Gate) Limited(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.begin(RateLimited, d, "")
}

// Refused begins a hold because nothing that is sent will work; atLeast is what
// the tracker asked for. It returns the end of the hold.
func (g *Gate) Refused(why Reason, atLeast time.Duration, words string) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.begin(why, atLeast, words)
	return g.hold.Until
}

// Failed hears that a push of the case, begun at the given time, got no useful
// answer. It begins a hold, and reports so, when that happened to several cases
// in a row, or to the one that went alone after the tracker was down. A push
// that was begun before another one worked says nothing: timeouts come late.
func (g *Gate) Failed(caseID string, begun time.Time, words string) (hold Hold, began bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if begun.Before(g.worked) {
		return g.hold, false
	}
	if g.failed == nil {
		g.failed = map[string]bool{}
	}
	g.failed[caseID] = true
	if len(g.failed) < tripCases && g.hold.Reason != Down {
		return g.hold, false
	}
	return g.hold, g.begin(Down, 0, words)
}

// Worked hears that the tracker gave a useful answer: what held is over.
func (g *Gate) Worked() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.failed)
	g.worked = time.Now()
	if g.hold.Reason == "" || g.hold.Active(g.worked) {
		return // an answer to a push that was in flight when the hold began proves nothing
	}
	g.keep(Hold{})
	g.change()
}

// keep makes h the hold, to be stored; the caller holds the lock.
func (g *Gate) keep(h Hold) {
	g.hold, g.kept = h, true
	g.store(h)
}

// Stored says that the hold which the gate wanted to be stored is.
func (g *Gate) Stored(h Hold) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h == g.hold {
		g.kept = false
	}
}

// begin starts a hold, unless one that lasts longer is on, and reports whether
// it did.
func (g *Gate) begin(why Reason, atLeast time.Duration, words string) bool {
	now := time.Now()
	times := g.hold.Times
	d := atLeast
	if why != RateLimited || d == 0 {
		d = max(d, delay(why, times))
	}
	var asked time.Time
	if atLeast > 0 {
		asked = now.Add(atLeast).UTC()
	}
	if h := g.hold; h.Active(now) {
		if asked.After(h.Until) {
			// Several pushes in flight were each told a time: the latest counts.
			h.Until, h.Asked = asked, asked
			g.keep(h)
		}
		return false // a push that was in flight when the hold began
	}
	clear(g.failed)
	g.keep(Hold{Reason: why, Since: now.UTC(), Until: now.Add(d).UTC(), Asked: asked, Times: times + 1, Words: words})
	g.change()
	return true
}

// Own says that this worker has the queue for as long as valid reports so. The
// first time, refused credentials are tried once as soon as the tracker's own
// time is over: this worker may have been started with better ones.
func (g *Gate) Own(valid func() bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.hold.Reason.Refused() && !g.had {
		g.hold.Until = g.hold.Asked
	}
	g.owned, g.had = valid, true
	g.change()
}

// Disown says that another worker may have the queue.
func (g *Gate) Disown() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.owned = nil
	g.change()
}

// Pause sets or, with nil, lifts the pause.
func (g *Gate) Pause(p *Pause) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if (p == nil) == (g.paused == nil) {
		return
	}
	g.paused = p
	g.change()
}

// Learn hears what is stored of the hold. The word of a worker that has the
// queue, or whose own is not stored yet, counts; but a person's resuming ends a
// hold that began before, and whatever the tracker asked for, whoever heard it,
// holds for all.
func (g *Gate) Learn(h Hold) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch own := g.owned != nil || g.kept; {
	case !h.ResumedAt.IsZero():
		if g.hold.Reason == "" || g.hold.Since.After(h.ResumedAt) {
			return
		}
		g.hold, g.kept = Hold{}, false
		clear(g.failed)
		if g.owned != nil {
			g.keep(Hold{})
		}
	case h == g.hold:
		return
	case own && g.hold.Active(time.Now()) && h.Asked.After(g.hold.Until):
		g.hold.Until, g.hold.Asked = h.Until, h.Asked
	case own && !(time.Now().Before(h.Asked) && h.Asked.After(g.hold.Until)):
		return
	default:
		g.hold = h
	}
	g.change()
}

// State is what is known now: the pause, and the hold, active or waiting for
// the push that proves it over.
func (g *Gate) State() (paused *Pause, hold Hold, owned bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.paused, g.hold, g.owned != nil
}

// change ends the sessions that are on. The caller holds the lock.
func (g *Gate) change() {
	close(g.changed)
	g.changed = make(chan struct{})
}
