package push

import (
	"context"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
)

// succeed records that the tracker is in step with the state that was read,
// closes the case if that is the rule, tells the result, and lets the job go:
// in this order. A death before the record is settled by the plan; before the
// close, by Closing; before the result, by Last when the job comes again.
func (a *attempt) succeed(ctx context.Context) (Verdict, error) {
	outcome := Unchanged
	if a.wrote {
		outcome = Pushed
	}
	// A replay does not close, so it leaves a dead letter to be redriven.
	wasDead := a.entry.Dead && a.job.Kind != KindReplay
	e := a.entry.Clone()
	for name, source := range a.work.known {
		if e.Fields == nil {
			e.Fields = map[string]string{}
		}
		e.Fields[name] = source
	}
	o := a.outcome(outcome, "")
	if a.job.Kind != KindReplay {
		// A replay is no event's outcome: that of an event may not be told yet.
		e.Last = o
	}
	e.Cursor = a.cursor(a.state.head)
	e.Plan, e.Retry = nil, nil
	e.Dead = e.Dead && !wasDead
	// An older state changed no field; it does not become the newest either.
	if e.Incident != nil && !a.state.order.Before(e.Pushed) {
		e.Pushed = a.state.order
	}
	e.Claim = nil
	switch {
	case a.closes() && (a.p.Kibana == nil || a.alreadyClosed()):
		// Without Kibana there is nobody to tell but the reader of the result.
		o.Closed, e.Closing = true, nil
	case a.closes():
		e.Closing = &ledger.Closing{Since: a.closingSince()}
		e.Dead = wasDead // until the dead letter is settled, after the close
		if err := a.hold(ctx, e); err != nil {
			return Verdict{}, err
		}
		return a.closeCase(ctx, wasDead)
	case e.Closing != nil && a.job.Kind != KindReplay:
		// An earlier push owes the close.
		e.Dead = wasDead
		if err := a.hold(ctx, e); err != nil {
			return Verdict{}, err
		}
		return a.resumeClosing(ctx)
	}
	if err := a.write(ctx, e); err != nil {
		return Verdict{}, err
	}
	return a.tell(ctx, *o, wasDead)
}

// tell publishes an outcome that is recorded and ends the job.
func (a *attempt) tell(ctx context.Context, o ledger.Outcome, wasDead bool) (Verdict, error) {
	// When it came before, a worker may have died between recording the success
	// and this.
	again := a.job.Redelivered || a.job.Kind == KindRedrive
	if wasDead || again && !a.entry.Dead {
		if err := a.p.DeadLetters.Settle(ctx, a.key, a.entry.Cursor); err != nil {
			return Verdict{}, err
		}
	}
	r := a.result(o)
	if err := a.p.Results.Publish(ctx, r); err != nil {
		return Verdict{}, err
	}
	return Verdict{Action: Done, Result: &r}, nil
}

// outcome makes the record of how this attempt ended.
func (a *attempt) outcome(o Outcome, reason Reason) *ledger.Outcome {
	now := time.Now().UTC()
	from := a.job.StoredAt
	if from.IsZero() {
		from = a.start
	}
	attempts, _ := a.tries()
	through := a.state.head
	if through.IsZero() {
		through = a.wanted()
	}
	return &ledger.Outcome{
		Outcome: string(o), Reason: string(reason), EventID: a.job.EventID, EventSeq: a.job.Seq,
		Through: through, Owner: a.ownerOf(), Attempts: attempts, TookMS: now.Sub(from).Milliseconds(), At: now,
	}
}

// tries counts this attempt and those of the push before it, and says when the
// first one was.
func (a *attempt) tries() (n int, first time.Time) {
	if r := a.entry.Retry; r != nil && r.Attempts > 0 {
		return r.Attempts + 1, r.First
	}
	return 1, time.Now()
}

// putOff is for how long the push was put off so far, without having been tried:
// because its connector was held, or because nobody came in time. That is no age.
func (a *attempt) putOff() time.Duration {
	if r := a.entry.Retry; r != nil && r.Attempts > 0 {
		return r.PutOff + max(0, a.start.Sub(r.NotBefore))
	}
	return 0
}

func (a *attempt) ownerOf() string {
	if a.state.owner != "" {
		return a.state.owner
	}
	return a.job.Owner
}

// result makes the message of a recorded outcome.
func (a *attempt) result(o ledger.Outcome) Result {
	r := Result{
		Format: Format, EventID: o.EventID, EventSeq: o.EventSeq, ThroughSeq: o.Through.Seq,
		CaseID: a.job.Case, SpaceID: a.job.Space, Owner: o.Owner, ConnectorID: a.job.Connector,
		ConnectorTypeID: a.target.Definition.Type, Outcome: Outcome(o.Outcome), Reason: Reason(o.Reason),
		Closed: o.Closed, Attempts: o.Attempts, TookMS: o.TookMS, At: o.At,
	}
	if inc := a.entry.Incident; inc != nil {
		r.ExternalService = &kibana.ExternalService{
			ConnectorID: a.job.Connector, ConnectorName: a.target.Definition.Name,
			ExternalID: inc.ID, ExternalTitle: inc.Title, ExternalURL: inc.URL, PushedAt: kibana.Time{Time: o.At},
		}
		if a.p.Kibana != nil && a.p.Kibana.OwnUser() != "" {
			r.ExternalService.PushedBy = &kibana.User{Username: a.p.Kibana.OwnUser()}
		}
	}
	return r
}

// fail records an error and what follows from it. Like succeed it stores
// before it tells, and tells before it lets the job go.
func (a *attempt) fail(ctx context.Context, f *failure) (Verdict, error) {
	if f.stale {
		return Verdict{Action: HandBack, Delay: staleDelay, Note: "a replica answered with an older state"}, nil
	}
	attempts, first := a.tries()
	d := a.decide(ctx, f, attempts, first)
	switch d.Verb {
	case Retry, Settle:
		return a.retry(ctx, f, d, attempts, first)
	default:
		return a.bury(ctx, f, d, attempts, first)
	}
}

func (a *attempt) decide(ctx context.Context, f *failure, attempts int, first time.Time) Decision {
	refusal := a.refusal(ctx, f) // may add to the error
	return Decide(Situation{
		Stage: f.stage, Err: f.err, Attempts: attempts, First: first.Add(a.putOff()), Now: time.Now(), Reason: f.reason,
		Refusal: refusal,
		Settle:  a.settleAfter(), Jitter: a.p.Jitter(), Policy: a.p.Policy,
	})
}

// probeTimeout bounds the probe after a refusal.
const probeTimeout = 10 * time.Second

// refusal finds out whose rule a Forbidden is. Only a probe that is let through
// says that it is this record's: the connector may be held meanwhile.
// What the tracker asks for there holds for the push too.
func (a *attempt) refusal(ctx context.Context, f *failure) Refusal {
	if f.err.Kind != connector.Forbidden || !f.stage.AtTracker() || a.target.Connector == nil {
		return OneRecord
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	e := connector.AsError("probe", a.target.Connector.Probe(ctx))
	if e == nil {
		return OneRecord
	}
	told := *f.err
	told.RetryAfter = max(told.RetryAfter, e.RetryAfter)
	f.err = &told
	if e.Kind == connector.Forbidden || e.Kind == connector.Unauthenticated {
		return Everywhere
	}
	return NotKnown
}

func (a *attempt) settleAfter() time.Duration {
	if a.entry.Plan == nil {
		return 0
	}
	return a.settleTime(a.entry.Plan)
}

// retry records the wait, after which the queue stores the wake-up, after
// which it acknowledges the job: a death in between leaves the job.
func (a *attempt) retry(ctx context.Context, f *failure, d Decision, attempts int, first time.Time) (Verdict, error) {
	e := a.entry.Clone()
	e.Claim = nil
	if e.Plan.Empty() {
		e.Plan = nil
	} else if d.Verb == Settle {
		a.settleLater(e.Plan, time.Until(d.At))
	}
	e.Want = a.promise()
	e.Retry = &ledger.Retry{
		NotBefore: d.At.UTC(), Attempts: attempts, First: first.UTC(), PutOff: a.putOff(),
		Stage: string(f.stage), Reason: f.err.Error(),
	}
	if d.PutOff {
		e.Retry.Attempts--
		e.Retry.PutOff += max(0, time.Until(d.At))
	}
	if err := a.write(ctx, e); err != nil {
		return Verdict{}, err
	}
	at := d.At
	if d.Verb == Settle {
		at = at.Add(settleMargin)
	}
	return Verdict{Action: Later, At: at, HoldUntil: d.HoldUntil, Stage: f.stage, Err: f.err, Note: "will be tried again"}, nil
}

// bury stores the dead letter before the cursor moves past the event: a death
// in between tells it twice, never not at all.
func (a *attempt) bury(ctx context.Context, f *failure, d Decision, attempts int, first time.Time) (Verdict, error) {
	o := a.outcome(DeadLettered, d.Reason)
	letter := DeadLetter{
		Format: Format, ConnectorID: a.job.Connector, ConnectorTypeID: a.target.Definition.Type,
		SpaceID: a.job.Space, CaseID: a.job.Case, Owner: o.Owner, EventID: a.job.EventID,
		EventSeq: a.job.Seq, EventStream: a.job.Stream, ThroughSeq: o.Through.Seq,
		Stage: f.stage, Reason: d.Reason, Message: f.err.Error(), Status: f.err.Status,
		Attempts: attempts, FirstAt: first.UTC(), LastAt: o.At,
	}
	if inc := a.entry.Incident; inc != nil {
		letter.IncidentID, letter.IncidentTitle = inc.ID, inc.Title
	}
	if err := a.p.DeadLetters.Put(ctx, letter); err != nil {
		return Verdict{}, err
	}
	e := a.entry.Clone()
	e.Claim, e.Retry, e.Dead = nil, nil, true
	if a.job.Kind != KindReplay {
		e.Closing, e.Last = nil, o
	}
	if d.Verb == Blocked {
		// The plan stays: it is what a person has to resolve. Nothing advances.
		e.Blocked = true
		e.Want = a.promise()
	} else {
		// What may have been sent is looked up by whatever comes next.
		if e.Plan.Empty() {
			e.Plan = nil
		} else if e.Plan.SettleAt.IsZero() && !a.deadline.IsZero() {
			a.settleLater(e.Plan, a.settleTime(e.Plan))
		}
		e.Cursor = a.cursor(o.Through)
	}
	if err := a.write(ctx, e); err != nil {
		return Verdict{}, err
	}
	r := a.result(*o)
	if err := a.p.Results.Publish(ctx, r); err != nil {
		return Verdict{}, err
	}
	return Verdict{Action: Done, HoldUntil: d.HoldUntil, Result: &r, Stage: f.stage, Err: f.err, Note: string(d.Reason)}, nil
}
