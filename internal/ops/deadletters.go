package ops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// DeadLetter is a push that was put aside, with the id that commands name it by.
type DeadLetter = stream.StoredDeadLetter

// DeadLetterFilter selects dead letters; empty fields select all.
type DeadLetterFilter struct {
	Connector, Space, Case string
	Reason                 push.Reason
	Stage                  push.Stage
	// Since and Before bound the last attempt: not before Since, and before Before.
	Since, Before time.Time
}

// matches reports whether d is selected.
func (f DeadLetterFilter) matches(d DeadLetter) bool {
	return (f.Connector == "" || f.Connector == d.ConnectorID) && (f.Space == "" || f.Space == d.SpaceID) &&
		(f.Case == "" || f.Case == d.CaseID) && (f.Reason == "" || f.Reason == d.Reason) && (f.Stage == "" || f.Stage == d.Stage) &&
		!d.LastAt.Before(f.Since) && (f.Before.IsZero() || d.LastAt.Before(f.Before))
}

// DeadLetters gives those selected to f, oldest first, until f returns an error.
func (o *Ops) DeadLetters(ctx context.Context, filter DeadLetterFilter, f func(DeadLetter) error) error {
	at := stream.DeadLetterPlace{Connector: filter.Connector, Space: filter.Space, Case: filter.Case}
	return o.conn.DeadLetters().EachOf(ctx, at, func(d DeadLetter) error {
		if !filter.matches(d) {
			return nil
		}
		return f(d)
	})
}

// DeadLetterOf returns the newest dead letter that tells more of a result; ok is
// false if there is none, or none any more.
func (o *Ops) DeadLetterOf(ctx context.Context, r push.Result) (newest DeadLetter, ok bool, err error) {
	of := DeadLetterFilter{Connector: r.ConnectorID, Space: r.SpaceID, Case: r.CaseID, Reason: r.Reason}
	err = o.DeadLetters(ctx, of, func(d DeadLetter) error {
		if d.ConnectorID == r.ConnectorID { // a filter of none takes any
			newest, ok = d, true
		}
		return nil
	})
	return newest, ok, err
}

// DeadLetter returns one; stream.ErrNoDeadLetter if there is none.
func (o *Ops) DeadLetter(ctx context.Context, id uint64) (DeadLetter, error) {
	return o.conn.DeadLetters().Get(ctx, id)
}

// Drop removes a dead letter for good. The event stays in its stream, and an
// entry that is blocked stays so until it is resolved.
func (o *Ops) Drop(ctx context.Context, id uint64) error { return o.conn.DeadLetters().Drop(ctx, id) }

// Reasons why a dead letter is not sent again.
var (
	// ErrUncertain: a person has to resolve the entry.
	ErrUncertain = errors.New("uncertain: a person has to decide")
	// ErrSameAgain: nothing has changed, so it would only fail again.
	ErrSameAgain = errors.New("it would fail as before")
)

// CheckRedrive says why a dead letter cannot be sent again; nil if it can. The
// error wraps ErrUncertain or ErrSameAgain, or is one of the infrastructure.
func (o *Ops) CheckRedrive(ctx context.Context, d DeadLetter) error {
	if d.ConnectorID == "" {
		return o.checkEvent(ctx, d)
	}
	_, err := o.connectors.Target(ctx, d.ConnectorID)
	switch {
	case errors.Is(err, push.ErrConnectorNotFound), errors.Is(err, push.ErrUnsupportedType):
		return fmt.Errorf("%w: connector %q: %w", ErrSameAgain, d.ConnectorID, err)
	case err != nil:
		return err
	}
	e, _, err := o.conn.Ledger().Get(ctx, entryOf(d))
	if err != nil {
		return err
	}
	if e.Blocked {
		return fmt.Errorf("%w: look at the tracker, then run: %s", ErrUncertain, ResolveCommand(d.ConnectorID, d.SpaceID, d.CaseID))
	}
	return nil
}

// checkEvent looks at an event that never reached a connector.
func (o *Ops) checkEvent(ctx context.Context, d DeadLetter) error {
	in, _, ok, err := o.conn.Event(ctx, d.EventSeq)
	switch {
	case err != nil:
		return err
	case !ok || d.EventStream != o.conn.Incarnation():
		return fmt.Errorf("%w: event %d is no longer in the stream: publish the case again", ErrSameAgain, d.EventSeq)
	case in.Err != nil || d.Reason == push.ReasonMalformed:
		return fmt.Errorf("%w: event %d still cannot be read: publish a correct one, then drop this", ErrSameAgain, d.EventSeq)
	case d.Reason == push.ReasonTooLarge:
		return fmt.Errorf("%w: event %d is too large: publish it without its case, then drop this", ErrSameAgain, d.EventSeq)
	}
	return nil
}

// Redrive sends a dead letter's push again, after CheckRedrive. The dead letter
// of a connector goes when the push succeeds; that of an event which was never
// routed goes at once, after its job is stored, and comes back if it fails.
func (o *Ops) Redrive(ctx context.Context, d DeadLetter) error {
	if err := o.CheckRedrive(ctx, d); err != nil {
		return err
	}
	if d.ConnectorID != "" {
		return o.redrive(ctx, entryOf(d), d.Owner, d.EventID, ledger.Position{Stream: d.EventStream, Seq: d.EventSeq})
	}
	err := o.conn.PutRoute(ctx, push.Job{
		Kind: push.KindRedrive, Space: d.SpaceID, Case: d.CaseID, Owner: d.Owner,
		Seq: d.EventSeq, Stream: d.EventStream, EventID: d.EventID, StoredAt: d.FirstAt,
	})
	if err != nil {
		return err
	}
	if err := o.Drop(ctx, d.ID); !errors.Is(err, stream.ErrNoDeadLetter) {
		return err
	}
	return nil // the worker was faster
}

func entryOf(d DeadLetter) ledger.Key {
	return ledger.Key{Connector: d.ConnectorID, Space: d.SpaceID, Case: d.CaseID}
}
