package stream

import (
	"context"
	"errors"
	"time"
)

// place is a case by the tokens of its subjects.
type place struct{ space, caseID string }

func (p place) token() string { return p.space + "." + p.caseID }

// asked is the newest event of a case that is for one connector.
type asked struct {
	connector string // "" is whichever the router finds
	seq       uint64
	storedAt  time.Time

	job     bool // a job or wake-up is in sight
	covered bool // by an entry, an outcome or a dead letter
}

// window is some events, reduced to what has to be looked for. Who covers an
// event covers the older ones of its case and connector.
type window struct {
	cases map[place][]*asked
	last  uint64 // sequence of the newest event
	n     int    // events
}

func (w *window) add(at place, a asked) {
	if w.cases == nil {
		w.cases = map[place][]*asked{}
	}
	w.last = max(w.last, a.seq)
	w.n++
	for _, known := range w.cases[at] {
		if known.connector == a.connector {
			if a.seq > known.seq {
				*known = a
			}
			return
		}
	}
	w.cases[at] = append(w.cases[at], &a)
}

// open are the cases of which an event is not covered.
func (w *window) open() []place {
	var open []place
	for at, list := range w.cases {
		for _, a := range list {
			if !a.covered {
				open = append(open, at)
				break
			}
		}
	}
	return open
}

// again looks at the events that were pending when the last sweep ended.
func (s *sweeper) again(ctx context.Context) error {
	var w window
	for _, seq := range s.mark.Pending {
		in, _, ok, err := s.c.Event(ctx, seq)
		if err != nil {
			return err
		}
		if ok {
			w.add(place{in.Space, in.Case}, asked{connector: s.Named(in), seq: seq, storedAt: in.StoredAt})
		}
	}
	return s.settle(ctx, &w)
}

// events looks at the events that came since, up to those that are not routed
// yet or too young.
func (s *sweeper) events(ctx context.Context) error {
	floor, err := s.c.neededByRouter(ctx)
	if err != nil {
		return err
	}
	for s.mark.Seq+1 < floor {
		w, whole, err := s.read(ctx, s.mark.Seq+1, floor-1)
		if err != nil || w.n == 0 {
			return err
		}
		if err := s.settle(ctx, &w); err != nil {
			return err
		}
		s.mark.Seq = w.last
		if err := s.save(ctx); err != nil || whole {
			return err
		}
	}
	return nil
}

var errWindowFull = errors.New("the window is full")

// read reads the next events; whole: there are no more.
func (s *sweeper) read(ctx context.Context, from, to uint64) (w window, whole bool, err error) {
	err = s.c.Past(ctx, Past{FromSeq: from, ToSeq: to, Until: s.before}, func(in Incoming, _ string, _ uint64) error {
		w.add(place{in.Space, in.Case}, asked{connector: s.Named(in), seq: in.Seq, storedAt: in.StoredAt})
		if w.n >= s.Window {
			return errWindowFull
		}
		return nil
	})
	if errors.Is(err, errWindowFull) {
		return w, false, nil
	}
	return w, err == nil, err
}

// settle looks for each event's trace and routes those that have none. Jobs are
// looked for first: one that has ended by then has left its trace elsewhere.
func (s *sweeper) settle(ctx context.Context, w *window) error {
	if w.n == 0 {
		return nil
	}
	s.found.Events += w.n
	for _, look := range []func(context.Context, *window) error{s.jobs, s.covers, s.outcomes, s.letters} {
		if err := look(ctx, w); err != nil {
			return err
		}
	}
	for _, at := range w.open() {
		for _, a := range w.cases[at] {
			if err := s.bring(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// bring routes an event that has no trace.
func (s *sweeper) bring(ctx context.Context, a *asked) error {
	if a.covered {
		return nil
	}
	if !a.job {
		in, id, ok, err := s.c.Event(ctx, a.seq)
		if err != nil || !ok { // removed meanwhile
			return err
		}
		if err := s.Route(ctx, in, id); err != nil {
			return err
		}
		s.found.Routed++
	}
	s.pending = append(s.pending, a.seq)
	return nil
}
