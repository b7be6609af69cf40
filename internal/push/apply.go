package push

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
)

// maxConflicts bounds how often an update that only needs a fresh read is
// repeated at once.
const maxConflicts = 3

// claim takes the entry and records what is about to be sent, in one write:
// from here on, whoever finds the entry knows what may have happened.
func (a *attempt) claim(ctx context.Context) error {
	e := a.entry.Clone()
	e.Epoch++
	e.Plan = a.plan()
	e.Want = a.promise()
	return a.hold(ctx, e)
}

// hold writes the entry as claimed by us and starts a fresh lease, counted
// from before the write: others count from when they see it, which is later.
func (a *attempt) hold(ctx context.Context, e ledger.Entry) error {
	from := time.Now()
	e.Claim = &ledger.Claim{ID: rand.Text(), Owner: a.p.Owner, Lease: a.p.Lease}
	if err := a.write(ctx, e); err != nil {
		return err
	}
	a.deadline = from.Add(a.p.Lease)
	return nil
}

// Parts of the lease: a request starts only while more than startPart of it is
// left, and ends before its last endPart.
const (
	startPart = 2
	endPart   = 6
)

// lend gives the context for one request that changes something: it ends
// before the lease does. When too little of the lease is left, the claim is
// renewed first, with all progress recorded. The check happens here, right
// before the request: a process that was suspended in between must not send.
func (a *attempt) lend(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if a.left() < a.p.Lease/startPart {
		if err := a.hold(ctx, a.entry.Clone()); err != nil {
			return nil, nil, err
		}
	}
	if a.left() < a.p.Lease/startPart {
		return nil, nil, fmt.Errorf("lease of %s: too short for this machine's pace: %w", a.p.Lease, ledger.ErrConflict)
	}
	ctx, cancel := context.WithDeadline(ctx, a.deadline.Add(-a.p.Lease/endPart))
	return ctx, cancel, nil
}

// left is the rest of the lease by the clock that says less: the monotonic one
// stops while a machine is suspended, the wall clock may be set back.
func (a *attempt) left() time.Duration {
	monotonic := time.Until(a.deadline)
	wall := a.deadline.Round(0).Sub(time.Now().Round(0))
	return min(monotonic, wall)
}

// apply sends the work. What was sent for certain moves from the plan to the
// entry (in memory; the next write stores it); what may have been sent stays
// in the plan. The error is the ledger's.
func (a *attempt) apply(ctx context.Context) (*failure, error) {
	if a.work.create {
		if f, err := a.create(ctx); f != nil || err != nil {
			return f, err
		}
	} else if len(a.work.fields) > 0 {
		if f, err := a.update(ctx); f != nil || err != nil {
			return f, err
		}
	}
	return a.comment(ctx)
}

func (a *attempt) create(ctx context.Context) (*failure, error) {
	req, cancel, err := a.lend(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	ref, err := a.target.Connector.CreateIncident(req, a.correlation(), connector.Incident{Fields: a.work.fields})
	if err != nil {
		f := failed(StageCreate, err)
		if f.err.Effect == connector.NotApplied && !a.repeats {
			a.entry.Plan = nil // no incident, so no comments either
		} else {
			// None of the comments was sent.
			a.entry.Plan.Comments = nil
		}
		return f, nil
	}
	a.setIncident(ref, ledger.Created)
	if a.repeats {
		// The answer may be that of an earlier create, with an older state.
		a.entry.Plan.Create = false
		return a.update(ctx)
	}
	a.landed()
	return nil, nil
}

func (a *attempt) update(ctx context.Context) (*failure, error) {
	for try := 1; ; try++ {
		req, cancel, err := a.lend(ctx)
		if err != nil {
			return nil, err
		}
		err = a.target.Connector.UpdateIncident(req, a.correlation(), a.entry.Incident.Ref(), connector.Incident{Fields: a.work.fields})
		cancel()
		if err == nil {
			a.landed()
			return nil, nil
		}
		f := failed(StageUpdate, err)
		applied := f.err.Effect != connector.NotApplied
		if f.err.Kind == connector.Conflict && !applied && try < maxConflicts {
			continue
		}
		if !applied {
			a.entry.Plan = nil
		} else {
			a.entry.Plan.Comments = nil
		}
		return f, nil
	}
}

// landed records that the fields of the work are at the tracker.
func (a *attempt) landed() {
	if a.entry.Fields == nil {
		a.entry.Fields = map[string]string{}
	}
	maps.Copy(a.entry.Fields, sources(a.work.fields))
	a.entry.Pushed = a.state.order
	a.entry.Plan.Create, a.entry.Plan.Fields = false, nil
	a.wrote = true
}

// comment sends the comments in order. One that the tracker refuses for good
// does not keep the later ones back; any other error ends the attempt. Of a
// batch that is refused each goes by itself: one of them is why.
func (a *attempt) comment(ctx context.Context) (*failure, error) {
	var refused *failure
	alone := 0 // so many of the next are not batched
	for rest := a.work.comments; len(rest) > 0; {
		n := 1
		if alone > 0 {
			alone--
		} else {
			n = a.batch(rest)
		}
		err, ledgerErr := a.add(ctx, rest[:n])
		if ledgerErr != nil {
			return nil, ledgerErr
		}
		if err == nil {
			for _, c := range rest[:n] {
				a.entry.MarkSent(c.ID, ledger.Sent{Source: c.Source, Digest: c.Digest})
			}
			a.entry.Plan.Comments, rest = a.entry.Plan.Comments[n:], rest[n:]
			a.wrote = true
			continue
		}
		f := failed(StageComment, err)
		switch {
		case f.err.Effect != connector.NotApplied:
			a.entry.Plan.Comments = a.entry.Plan.Comments[:n] // the later ones were not sent
			return f, nil
		case f.err.Kind != connector.Rejected:
			a.entry.Plan.Comments = nil
			return f, nil
		case n > 1:
			alone = n
		default:
			a.entry.Plan.Comments, rest = a.entry.Plan.Comments[1:], rest[1:]
			if refused == nil {
				refused = f
			}
		}
	}
	return refused, nil
}

// batch is how many of the comments go into one request: those of the first
// one's target that follow it at once.
func (a *attempt) batch(comments []connector.Comment) int {
	b, ok := a.target.Connector.(connector.Batcher)
	if !ok {
		return 1
	}
	most, n := b.Batch(comments[0].Target), 1
	for n < min(most, len(comments)) && comments[n].Target == comments[0].Target {
		n++
	}
	return n
}

// add sends comments in one request.
func (a *attempt) add(ctx context.Context, comments []connector.Comment) (err, ledgerErr error) {
	req, cancel, err := a.lend(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return a.addTo(req, a.entry.Incident.Ref(), comments), nil
}

func (a *attempt) addTo(ctx context.Context, ref connector.Ref, comments []connector.Comment) error {
	if b, ok := a.target.Connector.(connector.Batcher); ok && len(comments) > 1 {
		return b.AddComments(ctx, ref, comments)
	}
	return a.target.Connector.AddComment(ctx, ref, comments[0])
}
