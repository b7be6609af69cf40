package ops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// Errors of Resolve, besides those of push.Resolve.
var (
	// ErrNoEntry: nothing is known of the case at the connector.
	ErrNoEntry = errors.New("the ledger knows no push of it")
	// ErrClaimed: a worker is at it.
	ErrClaimed = errors.New("a worker is at it")
	// ErrInStep: nothing is wrong, so taking a good incident has to be asked for.
	ErrInStep = errors.New("nothing is uncertain")
	// ErrTaken: the incident is another case's.
	ErrTaken = errors.New("the incident is another case's")
	// ErrNoIncident: the tracker says that there is no such incident.
	ErrNoIncident = errors.New("the tracker has no such incident")
	// ErrNotLookedUp: the tracker could not be asked for the incident.
	ErrNotLookedUp = errors.New("the incident could not be looked up")
)

// ResolveOptions say how to settle an entry by hand.
type ResolveOptions struct {
	push.Resolution
	// Sure: also take or replace the incident of an entry where nothing is
	// wrong, and take the person's word for one that cannot be looked up.
	Sure bool
	// OnClaim hears that a claim is in the way, which is watched for its lease
	// to see whether its owner is alive; may be nil.
	OnClaim func(owner string, lease time.Duration)
}

// Resolved is the end of Resolve.
type Resolved struct {
	Incident
	// Redriven: a job was stored that pushes the case now.
	Redriven bool
}

// Resolve settles by hand what is uncertain and sends what the entry owes. A
// claim is watched for the length of its lease first: the error is ErrClaimed
// if its owner shows life, ledger.ErrConflict if the entry changes meanwhile.
// An incident is looked up at a tracker that can be read.
//
// The dead letter goes when the push succeeds: until then it is the only word
// of what is not done.
func (o *Ops) Resolve(ctx context.Context, key ledger.Key, opts ResolveOptions) (Resolved, error) {
	if key.Space == "" {
		key.Space = event.DefaultSpace
	}
	e, rev, err := o.unclaimed(ctx, key, opts.OnClaim)
	if err != nil {
		return Resolved{}, err
	}
	if err := o.checkIncident(ctx, key, e, opts); err != nil {
		return Resolved{}, err
	}
	opts.Resolution.At = time.Now()
	if !opts.Incident.IsZero() {
		opts.Tracker = o.address(ctx, key.Connector)
	}
	settled, err := push.Resolve(e, opts.Resolution)
	if err != nil {
		return Resolved{}, err
	}
	stored, _, err := ledger.Write(ctx, o.conn.Ledger(), key, settled, rev)
	if err != nil {
		return Resolved{}, err
	}
	r := Resolved{Incident: incident(key, stored)}
	r.Redriven, err = o.pushOwed(ctx, key, e, stored)
	return r, err
}

// pushOwed starts a push of what the entry owed before it was settled. A death
// before it leaves the entry open and the dead letter there: redriving that does
// the rest.
func (o *Ops) pushOwed(ctx context.Context, key ledger.Key, before, stored ledger.Entry) (started bool, err error) {
	if !owes(before) {
		return false, nil
	}
	var last ledger.Outcome
	if before.Last != nil {
		last = *before.Last
	}
	if err := o.redrive(ctx, key, last.Owner, last.EventID, newest(stored)); err != nil {
		return false, fmt.Errorf("resolved and recorded, but no push was started: run it again: %w", err)
	}
	return true, nil
}

// owes reports whether a push of the entry is not done.
func owes(e ledger.Entry) bool {
	return e.Blocked || e.Dead || e.Retry != nil || !e.Plan.Empty() || e.Claim != nil ||
		!e.Want.IsZero() && !e.Cursor.Covers(e.Want)
}

// newest is the event that a push of the entry has to cover.
func newest(e ledger.Entry) ledger.Position {
	if e.Want.IsZero() {
		return e.Cursor
	}
	return e.Cursor.Later(e.Want)
}

const claimPoll = 500 * time.Millisecond

// unclaimed reads the entry. A claim counts as ended when this very revision
// was seen unchanged for its whole lease, on our own clock.
func (o *Ops) unclaimed(ctx context.Context, key ledger.Key, onClaim func(string, time.Duration)) (ledger.Entry, ledger.Revision, error) {
	e, rev, err := o.conn.Ledger().Get(ctx, key)
	switch {
	case err != nil:
		return e, rev, err
	case !e.Exists():
		return e, rev, ErrNoEntry
	case e.Claim == nil:
		return e, rev, nil
	}
	if onClaim != nil {
		onClaim(e.Claim.Owner, e.Claim.Lease)
	}
	tick := time.NewTicker(min(claimPoll, e.Claim.Lease))
	defer tick.Stop()
	for seen := time.Now(); time.Since(seen) < e.Claim.Lease; {
		select {
		case <-ctx.Done():
			return e, rev, ctx.Err()
		case <-tick.C:
		}
		_, now, err := o.conn.Ledger().Get(ctx, key)
		if err != nil {
			return e, rev, err
		}
		if now != rev {
			return e, rev, fmt.Errorf("%w: %q holds the claim and works", ErrClaimed, e.Claim.Owner)
		}
	}
	return e, rev, nil
}
