package push

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ledger"
)

// Preview is what a push would do now.
type Preview struct {
	Outcome  Outcome // pushed or unchanged, as far as can be told beforehand
	Creates  bool
	Incident connector.Ref // zero if it would be created
	Fields   []string      // names of the fields that would be sent
	Comments int           // how many would be added
	Closes   bool
	// Waits says why nothing would be sent now; "" if something would.
	Waits string
}

// PlaceholderID stands in the requests of a preview where the id of an
// incident would be that does not exist yet.
const PlaceholderID = "INCIDENT-ID"

// PreviewEvent finds out what Push would do if the event were published now,
// and sends the requests through the target's connector. The caller gives this Pusher connectors whose
// HTTP client records changing requests instead of sending them. Nothing is
// written anywhere. An error is a failure that the push would meet.
func (p *Pusher) PreviewEvent(ctx context.Context, job Job, e event.Event) (Preview, error) {
	imagined := &Pusher{Options: p.Options}
	imagined.Mailbox = withEvent{p.Mailbox, e}
	job.Stream, job.Seq = p.Mailbox.Incarnation(), math.MaxUint64
	a := &attempt{p: imagined, job: job, key: job.Key(), start: time.Now()}
	var err error
	if a.entry, a.rev, err = p.Ledger.Get(ctx, a.key); err != nil {
		return Preview{}, err
	}
	if f := a.resolveTarget(ctx); f != nil {
		return Preview{}, f.err
	}
	if why := a.waits(); why != "" {
		return Preview{Waits: why}, nil
	}
	if f := a.prepare(ctx); f != nil {
		switch {
		case f.stale:
			return Preview{Waits: "a replica answered with an older state"}, nil
		case errors.Is(f.err, errTooEarly):
			return Preview{Waits: "the ledger was lost or restored: what was sent before has to show first"}, nil
		}
		return Preview{}, f.err
	}
	v := Preview{
		Outcome: Unchanged, Creates: a.work.create, Comments: len(a.work.comments),
		Closes: a.closes() && !a.alreadyClosed(),
	}
	if !a.work.empty() {
		v.Outcome = Pushed
	}
	for _, f := range a.work.fields {
		v.Fields = append(v.Fields, f.Name)
	}
	if inc := a.entry.Incident; inc != nil {
		v.Incident = inc.Ref()
	}
	a.rehearse(ctx, v.Incident)
	return v, nil
}

// withEvent is a mailbox with one event more, the newest.
type withEvent struct {
	Mailbox
	event event.Event
}

// Events implements Mailbox.
func (m withEvent) Events(ctx context.Context, space, caseID string, after uint64, limit int) ([]Mail, ledger.Position, error) {
	mails, head, err := m.Mailbox.Events(ctx, space, caseID, after, limit)
	if err != nil {
		return nil, head, err
	}
	head.Seq = math.MaxUint64
	return append(mails, Mail{Seq: head.Seq, Event: m.event}), head, nil
}

func (a *attempt) waits() string {
	switch e := a.entry; {
	case e.Blocked:
		return "uncertain: a person has to resolve it"
	case !e.Plan.Empty() && (e.Plan.SettleAt.IsZero() || a.unsettled() > 0):
		return "an earlier attempt has to be looked up first"
	}
	return ""
}

// rehearse makes the requests. Their errors are expected: each changing
// request ends in the recorder.
func (a *attempt) rehearse(ctx context.Context, ref connector.Ref) {
	in := connector.Incident{Fields: a.work.fields}
	if a.work.create {
		_, _ = a.target.Connector.CreateIncident(ctx, a.correlation(), in)
		ref = connector.Ref{ID: PlaceholderID, Title: PlaceholderID}
	} else if len(in.Fields) > 0 {
		_ = a.target.Connector.UpdateIncident(ctx, a.correlation(), ref, in)
	}
	for rest := a.work.comments; len(rest) > 0; {
		n := a.batch(rest)
		_ = a.addTo(ctx, ref, rest[:n])
		rest = rest[n:]
	}
}
