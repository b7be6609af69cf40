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

// of are the case's whose space and id end the subject.
func (w *window) of(subject string) []*asked {
	tokens := lastTokens(subject, 2)
	if tokens == nil {
		return nil
	}
	return w.cases[place{tokens[0], tokens[1]}]
}

// oldest is when the oldest event was stored that is not covered.
func (w *window) oldest() time.Time {
	oldest := time.Now()
	for _, list := range w.cases {
		for _, a := range list {
			if !a.covered && a.storedAt.Before(oldest) {
				oldest = a.storedAt
			}
		}
	}
	return oldest
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

// events looks at the events that were pending when the last sweep ended, and at
// those that came since, up to those that are not routed yet or too young.
func (s *sweeper) events(ctx context.Context) error {
	floor, err := s.c.neededByRouter(ctx)
	if err != nil {
		return err
	}
	w, err := s.again(ctx)
	if err != nil {
		return err
	}
	for more := true; more; {
		if more, err = s.read(ctx, &w, floor); err != nil {
			return err
		}
		if err := s.settle(ctx, &w); err != nil {
			return err
		}
		s.mark.Seq = max(s.mark.Seq, w.last)
		if err := s.save(ctx); err != nil {
			return err
		}
		w = window{}
	}
	return nil
}

// again is a window of the events that were pending.
func (s *sweeper) again(ctx context.Context) (w window, err error) {
	for _, seq := range s.mark.Pending {
		in, _, ok, err := s.c.Event(ctx, seq)
		if err != nil {
			return w, err
		}
		if ok {
			s.add(&w, in)
		}
	}
	return w, nil
}

var errWindowFull = errors.New("the window is full")

// read fills the window with the next events before the floor; more: there are
// others.
func (s *sweeper) read(ctx context.Context, w *window, floor uint64) (more bool, err error) {
	if s.mark.Seq+1 >= floor {
		return false, nil
	}
	err = s.c.Past(ctx, Past{FromSeq: s.mark.Seq + 1, ToSeq: floor - 1, Until: s.before}, func(in Incoming, _ string, _ uint64) error {
		s.add(w, in)
		if w.n >= s.Window {
			return errWindowFull
		}
		return nil
	})
	if errors.Is(err, errWindowFull) {
		return true, nil
	}
	return false, err
}

func (s *sweeper) add(w *window, in Incoming) {
	w.add(place{in.Space, in.Case}, asked{connector: s.Named(in), seq: in.Seq, storedAt: in.StoredAt})
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
