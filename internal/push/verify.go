package push

import (
	"context"
	"fmt"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
)

// A process that is suspended between its last check and the socket may send
// its create after its lease, and after whoever took over has looked for it. So
// an incident that came after a doubt is looked at a second time, later: of two
// the entry's stays.

// DefaultVerifyAfter is when the second look is made.
const DefaultVerifyAfter = 10 * time.Minute

// doubt records that no incident was found where there might have been one:
// whatever is created now owes a second look.
func (a *attempt) doubt() {
	if a.caps.FindIncident {
		a.entry.Verify = &ledger.Verify{}
	}
}

// verifyLater makes the second look due, since the incident is there.
func (a *attempt) verifyLater() {
	now := time.Now().UTC()
	a.entry.Verify = &ledger.Verify{At: now.Add(a.p.VerifyAfter), Since: now}
}

// busyVerify is when a second look is tried again that met a push in the middle
// of something.
const busyVerify = time.Minute

// verify is the second look.
func (a *attempt) verify(ctx context.Context) (Verdict, error) {
	due := a.entry.Verify.Due()
	if due.IsZero() {
		return Verdict{Action: Done, Duplicates: a.toldBefore(), Note: "no second look is owed"}, nil
	}
	if v, held := a.claimed(); held {
		return v, nil
	}
	switch rest := time.Until(due); {
	case rest > maxDelay && !a.behind(time.Now()):
		return Verdict{Action: Done, Note: "too early for the second look"}, nil
	case rest > 0:
		return Verdict{Action: HandBack, Delay: min(rest, maxDelay), Note: "woken up early"}, nil
	case !a.entry.Plan.Empty():
		return a.verifyAgain(ctx, time.Now().Add(busyVerify))
	}
	if f := a.resolveTarget(ctx); f != nil {
		return a.verifyFailed(ctx, f)
	}
	others, err := a.otherIncidents(ctx)
	if err != nil {
		return a.verifyFailed(ctx, failed(StageVerify, err))
	}
	return a.retireAll(ctx, others)
}

// otherIncidents finds the case's incidents beside the entry's: all of them, or
// with a connector that is no Deduplicator the oldest.
func (a *attempt) otherIncidents(ctx context.Context) ([]connector.Ref, error) {
	inc := a.entry.Incident
	if inc == nil || inc.Tracker != "" && a.caps.Address != "" && inc.Tracker != a.caps.Address {
		return nil, nil // a person has decided, or the connector is another tracker's now
	}
	var refs []connector.Ref
	if d, ok := a.target.Connector.(connector.Deduplicator); ok {
		all, err := d.OtherIncidents(ctx, a.correlation(), inc.Ref())
		if err != nil {
			return nil, err
		}
		refs = all
	} else if a.caps.FindIncident {
		ref, err := a.target.Connector.FindIncident(ctx, a.correlation())
		if e := connector.AsError("find incident", err); e != nil {
			if e.Kind == connector.NotFound {
				return nil, nil // somebody took the mark off
			}
			return nil, err
		}
		refs = []connector.Ref{ref}
	}
	var others []connector.Ref
	for _, ref := range refs {
		if ref.ID != inc.ID && ref.ID != a.entry.Unlinked {
			others = append(others, ref)
		}
	}
	return others, nil
}

// retireAll puts the duplicates right under the claim. They are on record before
// the first of them is touched: afterwards nothing at the tracker tells of them.
func (a *attempt) retireAll(ctx context.Context, others []connector.Ref) (Verdict, error) {
	d, able := a.target.Connector.(connector.Deduplicator)
	if len(others) > 0 {
		e := a.entry.Clone()
		for _, ref := range others {
			e.AddDuplicate(ledger.Incident{
				ID: ref.ID, Title: ref.Title, URL: ref.URL, How: ledger.Found, Tracker: a.caps.Address, At: time.Now().UTC(),
			})
		}
		if err := a.hold(ctx, e); err != nil {
			return Verdict{}, err
		}
	}
	for _, ref := range others {
		if !able {
			break
		}
		req, cancel, err := a.lend(ctx)
		if err != nil {
			return Verdict{}, err
		}
		err = d.RetireDuplicate(req, a.correlation(), a.entry.Incident.Ref(), ref)
		cancel()
		if e := connector.AsError("retire duplicate", err); e != nil && e.Kind != connector.NotFound {
			return a.verifyFailed(ctx, failed(StageVerify, fmt.Errorf("incident %q: %w", ref.ID, err)))
		}
	}
	return a.verified(ctx, Verdict{Note: "the second look found no other incident"})
}

// verified ends the second look and tells what it has found.
func (a *attempt) verified(ctx context.Context, v Verdict) (Verdict, error) {
	v.Action, v.Duplicates = Done, a.found()
	_, able := a.target.Connector.(connector.Deduplicator)
	switch {
	case len(v.Duplicates) == 0 || v.Err != nil:
	case able:
		v.Note = "the second look found duplicates, and retired them"
	default:
		v.Note = "the second look found a duplicate, which this connector cannot retire"
	}
	e := a.entry.Clone()
	e.Verify, e.Claim = nil, nil
	return v, a.write(ctx, e)
}

// found are the duplicates of this second look, those included that a worker
// which died over it had recorded.
func (a *attempt) found() []connector.Ref {
	var refs []connector.Ref
	for _, d := range a.entry.Duplicates {
		if !d.At.Before(a.entry.Verify.Since) {
			refs = append(refs, d.Ref())
		}
	}
	return refs
}

// toldBefore are the duplicates that a worker may have recorded without living
// to tell them: this very job was delivered to it.
func (a *attempt) toldBefore() []connector.Ref {
	if !a.job.Redelivered {
		return nil
	}
	var refs []connector.Ref
	for _, d := range a.entry.Duplicates {
		refs = append(refs, d.Ref())
	}
	return refs
}

// verifyFailed tries again what may pass, on a backoff of its own, and tells
// what will not: the entry's pushes go on meanwhile.
func (a *attempt) verifyFailed(ctx context.Context, f *failure) (Verdict, error) {
	n := *a.entry.Verify
	n.Attempts++
	n.PutOff += max(0, a.start.Sub(n.At)) // nobody came in time
	refusal := a.refusal(ctx, f)
	d := Decide(Situation{
		Stage: StageVerify, Err: f.err, Attempts: n.Attempts, First: n.Since.Add(n.PutOff), Now: time.Now(), Reason: f.reason,
		Refusal: refusal, Jitter: a.p.Jitter(), Policy: a.p.Policy,
	})
	told := Verdict{Stage: StageVerify, Err: f.err, HoldUntil: d.HoldUntil}
	if d.Verb != Retry {
		told.Note = "the second look is given up: look at the tracker whether the case has two incidents"
		return a.verified(ctx, told)
	}
	if d.PutOff {
		n.Attempts--
		n.PutOff += time.Until(d.At)
	}
	a.entry.Verify = &n
	v, err := a.verifyAgain(ctx, d.At)
	v.Stage, v.Err, v.HoldUntil = told.Stage, told.Err, told.HoldUntil
	return v, err
}

// verifyAgain puts the second look off: Verdict.VerifyAt says until when.
func (a *attempt) verifyAgain(ctx context.Context, at time.Time) (Verdict, error) {
	e := a.entry.Clone()
	e.Claim = nil
	e.Verify.At = at.UTC()
	return Verdict{Action: Done, Note: "the second look will be tried again"}, a.write(ctx, e)
}
