package push

import (
	"context"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
)

// closes reports whether this push closes the case: the rule of the case's
// owner says so, the event is a new one, and the state is not older than what
// was pushed or than our own last close (a case reopened since stays open).
func (a *attempt) closes() bool {
	if !a.rules.ClosePushed || a.job.Kind == KindReplay {
		return false
	}
	if a.state.order.Before(a.entry.Pushed) {
		return false
	}
	closed := a.entry.ClosedAt
	switch {
	case closed.IsZero() || a.alreadyClosed():
		return true
	case a.state.thin:
		// What was read is always new, but the event may be older than our
		// close, and somebody has reopened the case since.
		old := !a.state.headAt.IsZero() && !a.state.headAt.After(closed)
		return !old || a.entry.Dead
	}
	return a.state.order.At.After(closed)
}

// alreadyClosed: the state that was just read from Kibana says so.
func (a *attempt) alreadyClosed() bool {
	return a.state.thin && a.state.c.Status == kibana.StatusClosed
}

// closingSince is the instant after which a close answers this push: on
// Kibana's clock, that of the state that was read, where it is known.
func (a *attempt) closingSince() time.Time {
	if at := a.state.order.At; !at.IsZero() {
		return at.UTC()
	}
	return time.Now().UTC()
}

// closeCase closes the case under the claim, then records that it did.
func (a *attempt) closeCase(ctx context.Context, wasDead bool) (Verdict, error) {
	opts := kibana.CloseOptions{}
	if a.state.thin {
		opts.Version = a.state.c.Version
	}
	if reopened, f := a.reopened(ctx); f != nil {
		return a.fail(ctx, f)
	} else if reopened {
		return a.closed(ctx, time.Time{}, wasDead)
	}
	// Not beyond the claim: the next holder may find the case reopened.
	held, cancel := context.WithDeadline(ctx, a.deadline)
	defer cancel()
	done, err := a.p.Kibana.Close(held, a.job.Space, a.job.Case, opts)
	if err != nil {
		if e := connector.AsError("close case", err); e.Kind == connector.NotFound && a.state.c != nil && !a.state.thin {
			// The event brought a case that this Kibana does not have: there
			// is nothing to close.
			return a.closed(ctx, time.Time{}, wasDead)
		}
		return a.fail(ctx, failed(StageClose, err))
	}
	return a.closed(ctx, orNow(done.At), wasDead)
}

// reopened reports whether somebody closed and reopened the case while the event
// waited: then the event is older than that decision. It asks Kibana only when
// the event has waited.
func (a *attempt) reopened(ctx context.Context) (bool, *failure) {
	waited := a.job.Kind != KindPush || a.job.Redelivered
	if !waited || a.state.headAt.IsZero() {
		return false, nil
	}
	at, known, err := a.p.Kibana.ClosedSince(ctx, a.job.Space, a.job.Case, a.state.headAt)
	if e := connector.AsError("read closes", err); e != nil && e.Kind == connector.NotFound {
		return false, nil // closing says so
	}
	return known && !at.IsZero(), failed(StageClose, err)
}

// orNow is the time of a close that Kibana did not tell the time of.
func orNow(at time.Time) time.Time {
	if at.IsZero() {
		return time.Now()
	}
	return at
}

// closed records when the case was closed, zero if there was nothing to close.
// The time is Kibana's: by a later one, that of a close which is found out only
// after a crash for example, an event that came with a reopening would look
// older than the close and leave the case open.
func (a *attempt) closed(ctx context.Context, at time.Time, wasDead bool) (Verdict, error) {
	e := a.entry.Clone()
	e.Closing, e.Claim, e.Retry = nil, nil, nil
	e.Dead = false
	if !at.IsZero() {
		e.ClosedAt = at.UTC()
		if e.Last != nil {
			e.Last.Closed = true
		}
	}
	if err := a.write(ctx, e); err != nil {
		return Verdict{}, err
	}
	return a.tell(ctx, *e.Last, wasDead)
}

// resumeClosing closes what an earlier attempt had pushed and recorded, but
// not closed, unless the close happened after all and only its record is
// missing: the case may have been reopened since.
func (a *attempt) resumeClosing(ctx context.Context) (Verdict, error) {
	wasDead := a.entry.Dead
	if a.p.Kibana == nil {
		return a.closed(ctx, time.Now(), wasDead)
	}
	since := a.entry.Closing.Since
	a.state.head, a.state.owner = a.entry.Cursor, a.entry.Last.Owner
	at, known, err := a.p.Kibana.ClosedSince(ctx, a.job.Space, a.job.Case, since)
	switch {
	case err != nil:
		return a.fail(ctx, failed(StageClose, err))
	case known && !at.IsZero():
		return a.closed(ctx, at, wasDead)
	}
	if err := a.hold(ctx, a.entry.Clone()); err != nil {
		return Verdict{}, err
	}
	return a.closeCase(ctx, wasDead)
}

// ownUser is whom Kibana names as the writer of what we write there, "" if that
// is not known. After a start, until our first write, only the case can tell,
// when its last change was our close.
func (a *attempt) ownUser() string {
	if a.p.Kibana == nil {
		return ""
	}
	if own := a.p.Kibana.OwnUser(); own != "" {
		return own
	}
	c := a.state.c
	if c.UpdatedBy != nil && !c.UpdatedAt.IsZero() && a.isOurClose(c.UpdatedAt.Time) {
		return c.UpdatedBy.Username
	}
	return ""
}

// isOurClose reports whether a change at this time was our close, or may have
// been: one that is owed and whose answer was lost.
func (a *attempt) isOurClose(at time.Time) bool {
	if at.Equal(a.entry.ClosedAt) {
		return true
	}
	owed := a.entry.Closing
	return owed != nil && a.state.c.Status == kibana.StatusClosed && at.Equal(a.state.c.ClosedAt.Time) && !at.Before(owed.Since)
}
