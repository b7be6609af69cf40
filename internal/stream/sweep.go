package stream

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Sweep is how Conn.Sweep goes about it.
type Sweep struct {
	// Age: what is younger is left alone, since it may still be on its way.
	Age time.Duration
	// Named is the connector that an event, or its case, names; "" if it names
	// none or cannot be read.
	Named func(Incoming) string
	// Route routes an event again, as one that a sweep has found.
	Route func(ctx context.Context, in Incoming, id string) error
	// Queue makes sure that somebody works on a connector's queue.
	Queue func(connector string)
	// Window is how many events, or entries that owe something, are held in
	// memory at once, in some 300 bytes each; 0 is 50,000. There is a pass over
	// the ledger for each window of events.
	Window int
}

// Swept is what a sweep found.
type Swept struct {
	Events  int // looked at
	Entries int // looked at
	Routed  int // events that had left no trace, and were routed again
	Owed    int // entries that owed something with nothing in sight, and got a job
	Pending int // events with a job in sight and no more: they are looked at again
}

const (
	sweepWindow = 50_000
	// sweepPending bounds the events that a later sweep looks at again by their
	// sequences. If there are more, it reads from the first that is too much.
	sweepPending = 4096
)

// sweepMark is how far the sweep has come.
type sweepMark struct {
	Stream string `json:"stream"` // incarnation that sequences count in
	Seq    uint64 `json:"seq"`    // up to it every event is settled, except for Pending
	// Pending are events with nothing but a job or wake-up in sight, which may
	// be lost later.
	Pending []uint64 `json:"pending,omitempty"`
	// Trusted is since when the ledger was trusted: what it covered before may be
	// gone if that has changed.
	Trusted time.Time `json:"trusted"`
	At      time.Time `json:"at,omitzero"` // of the last sweep that came to its end
}

func (c *Conn) sweepSubject() string { return c.names.setting("sweep") }

// sweepMark reads how far the sweep has come; from the first event on if that
// means nothing any more.
func (c *Conn) sweepMark(ctx context.Context) (sweepMark, error) {
	if err := c.refresh(ctx); err != nil {
		return sweepMark{}, err
	}
	var was sweepMark
	_, ok, err := c.getSetting(ctx, c.sweepSubject(), &was)
	if err != nil {
		return sweepMark{}, err
	}
	now := sweepMark{Stream: c.Incarnation(), Trusted: c.Ledger().TrustedSince().UTC(), At: was.At}
	if ok && was.Stream == now.Stream && was.Trusted.Equal(now.Trusted) {
		return was, nil
	}
	return now, nil
}

// SweptAt is when the last sweep came to its end, by the clock of whoever swept;
// zero if none has.
func (c *Conn) SweptAt(ctx context.Context) (time.Time, error) {
	var m sweepMark
	_, _, err := c.getSetting(ctx, c.sweepSubject(), &m)
	return m.At, err
}

// Sweep looks for what has been forgotten, which should be nothing: events that
// are routed and have left no trace (a job or wake-up, a ledger entry, an
// outcome, a dead letter), and entries that owe something with neither job nor
// wake-up. Both are brought back. Whatever meets an error is left to the next
// sweep.
//
// It reads events that no earlier sweep has settled, and the ledger, once. It
// may run beside a worker, and beside another sweep: at worst a push is looked
// at twice. Events on subjects of another form than a case's are not looked at.
func (c *Conn) Sweep(ctx context.Context, o Sweep) (Swept, error) {
	mark, err := c.sweepMark(ctx)
	if err != nil {
		return Swept{}, fmt.Errorf("sweep: %w", err)
	}
	o.Window = cmp.Or(o.Window, sweepWindow)
	s := &sweeper{c: c, Sweep: o, before: time.Now().Add(-o.Age), mark: mark}
	for _, step := range []func(context.Context) error{s.events, s.entries} {
		if err := step(ctx); err != nil {
			return s.found, fmt.Errorf("sweep: %w", err)
		}
	}
	s.mark.At = time.Now().UTC()
	return s.found, s.save(ctx)
}

// sweeper is one sweep.
type sweeper struct {
	Sweep
	c       *Conn
	before  time.Time // what came later is left alone
	mark    sweepMark // up to where this sweep has come
	pending []uint64  // of this sweep
	found   Swept
}

// save stores how far the sweep has come. Events that are pending and too many
// to be listed hold it up.
func (s *sweeper) save(ctx context.Context) error {
	slices.Sort(s.pending)
	m := s.mark
	m.Pending = s.pending
	if most := min(sweepPending, s.Window); len(m.Pending) > most {
		m.Seq = m.Pending[most] - 1
		m.Pending = m.Pending[:most]
	}
	s.found.Pending = len(s.pending)
	return s.c.putSetting(ctx, s.c.sweepSubject(), m)
}
