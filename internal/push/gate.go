package push

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
)

// gate decides, on the entry alone, whether there is anything to do now. stop
// is true when the verdict is final.
func (a *attempt) gate(ctx context.Context) (v Verdict, stop bool, err error) {
	forced := a.job.Kind == KindRedrive || a.job.Kind == KindReplay
	// An entry that waits for a retry owes something, whatever its cursor says:
	// a redrive or a replay that met an error, for example.
	if !forced && a.entry.Cursor.Covers(a.wanted()) && a.entry.Closing == nil && a.entry.Retry == nil &&
		(a.job.Kind != KindRetry || a.entry.Plan.Empty()) { // a redrive waited for the plan
		v, err = a.covered(ctx)
		return v, true, err
	}
	if a.entry.Blocked {
		// The dead letter was told; resolving makes a job for what is wanted.
		return Verdict{Action: Done, Note: "uncertain: waits for a person"}, true, a.raiseWant(ctx)
	}
	if v, held := a.claimed(); held {
		return v, true, nil
	}
	if v, stop, err = a.waiting(ctx); stop || err != nil {
		return v, stop, err
	}
	if f := a.resolveTarget(ctx); f != nil {
		v, err = a.fail(ctx, f)
		return v, true, err
	}
	return a.abandoned(ctx)
}

// claimed hands the job back while another worker's claim may be alive.
func (a *attempt) claimed() (Verdict, bool) {
	if c := a.entry.Claim; c != nil && c.Owner != a.p.Owner {
		if rest := a.p.watch.rest(a.key, a.rev, c.Lease); rest > 0 {
			return Verdict{Action: HandBack, Delay: min(rest, maxDelay), Note: "claimed by another worker"}, true
		}
	}
	return Verdict{}, false
}

// covered ends a job whose event has its outcome already.
func (a *attempt) covered(ctx context.Context) (Verdict, error) {
	v := Verdict{Action: Done, Note: "covered by an earlier push"}
	if a.job.Kind == KindSweep {
		// It stands for no event whose outcome is to be told.
		v.Duplicates = a.toldBefore()
		return v, nil
	}
	// A worker may have died between recording the outcome and telling it.
	// That this very event has its outcome, and its job is still here, tells
	// the same: this delivery may be the older one, of a worker that was slow.
	if last := a.entry.Last; last != nil && (a.job.Redelivered || last.EventSeq == a.job.Seq) {
		if !a.entry.Dead {
			if err := a.p.DeadLetters.Settle(ctx, a.key, a.entry.Cursor); err != nil {
				return Verdict{}, err
			}
		}
		// Of a connector that is gone the outcome is told without its name.
		_ = a.resolveTarget(ctx)
		r := a.result(*last)
		if err := a.p.Results.Publish(ctx, r); err != nil {
			return Verdict{}, err
		}
	}
	return v, nil
}

// waiting holds back a job while a durable retry of its entry waits, or while
// what is uncertain cannot be looked up yet.
func (a *attempt) waiting(ctx context.Context) (Verdict, bool, error) {
	now := time.Now()
	var until time.Time
	if r := a.entry.Retry; r != nil && a.job.Kind != KindRedrive {
		until = r.NotBefore
	}
	if rest := a.unsettled(); rest > 0 {
		if at := now.Add(rest + settleMargin); at.After(until) {
			until = at
		}
	} else if rest := until.Sub(now); rest > 0 && a.job.Kind == KindRetry && (rest <= maxDelay || a.behind(now)) {
		// The wake-up came early: a new one would come early again.
		return Verdict{Action: HandBack, Delay: min(rest, maxDelay), Note: "woken up early"}, true, nil
	}
	if !until.After(now) {
		return Verdict{}, false, nil
	}
	if err := a.raiseWant(ctx); err != nil {
		return Verdict{}, true, err
	}
	// The wake-up is stored again: the one that the entry speaks of may have
	// been lost with the process that recorded it.
	return Verdict{Action: Later, At: until, Note: "a retry of the entry waits"}, true, nil
}

// skewMargin is how much this machine's clock may be behind the queue's before
// that matters.
const skewMargin = 2 * time.Second

// behind reports whether this machine's clock is behind the queue's: a wake-up
// that it makes lies in the past there, and comes at once.
func (a *attempt) behind(now time.Time) bool { return a.job.QueuedAt.After(now.Add(skewMargin)) }

// settleMargin is added to wake-ups that wait for a settle time: the clocks of
// a cluster's servers differ a little.
const settleMargin = time.Second

// unsettled says how long what is uncertain cannot be looked up yet. It
// compares the store's time with the queue's, and asks no clock of this machine.
func (a *attempt) unsettled() time.Duration {
	return a.entry.Plan.Unsettled(a.entry.StoredAt, a.queued())
}

// raiseWant makes the entry promise to come back for the job's event, so that
// the job may be acknowledged.
func (a *attempt) raiseWant(ctx context.Context) error {
	if a.job.Kind == KindReplay || a.entry.Want.Covers(a.job.Position()) {
		return nil
	}
	e := a.entry.Clone()
	e.Want = a.promise()
	return a.write(ctx, e)
}

// abandoned takes over an entry whose holder died in the middle of something:
// its last request may still be running at the tracker, so the outcome is
// looked up only after the settle time, counted from the end of the lease.
func (a *attempt) abandoned(ctx context.Context) (Verdict, bool, error) {
	p := a.entry.Plan
	if p.Empty() || !p.SettleAt.IsZero() {
		return Verdict{}, false, nil
	}
	e := a.entry.Clone()
	e.Claim = nil
	a.settleLater(e.Plan, a.settleTime(e.Plan))
	e.Want = a.promise()
	if e.Retry == nil || e.Retry.Attempts == 0 {
		e.Retry = &ledger.Retry{First: time.Now(), Attempts: 1}
	}
	e.Retry.NotBefore = e.Plan.SettleAt
	e.Retry.Stage, e.Retry.Reason = string(StageSettle), "the worker that held the claim ended before it recorded what it had done"
	if err := a.write(ctx, e); err != nil {
		return Verdict{}, true, err
	}
	return Verdict{Action: Later, At: e.Plan.SettleAt.Add(settleMargin), Note: "waits until what another worker sent can be looked up"}, true, nil
}

// settleLater makes the plan's outcome open to a look-up after d.
func (a *attempt) settleLater(p *ledger.Plan, d time.Duration) {
	p.SettleAt, p.Settle, p.SettleFrom = time.Now().Add(d).UTC(), d, time.Time{}
}

// settleTime is how long after the end of a request its effect can be seen.
func (a *attempt) settleTime(p *ledger.Plan) time.Duration {
	d := a.caps.SettleTime
	if p.Create {
		d += a.caps.FindDelay
	}
	return d
}

// resolveTarget finds the connector.
func (a *attempt) resolveTarget(ctx context.Context) *failure {
	t, err := a.p.Connectors.Target(ctx, a.job.Connector)
	switch {
	case errors.Is(err, ErrConnectorNotFound):
		// The router found it: it was deleted while the job waited.
		return permanent(StageConnector, ReasonConnectorDeleted, fmt.Errorf("connector %q: %w: create it, or push the case to another one", a.job.Connector, err))
	case errors.Is(err, ErrUnsupportedType):
		return permanent(StageConnector, ReasonUnsupportedType, fmt.Errorf("connector %q: %w", a.job.Connector, err))
	case err != nil:
		return failed(StageConnector, err)
	}
	a.target, a.caps = t, t.Connector.Capabilities()
	return nil
}

// permanent is a failure that no retry mends.
func permanent(stage Stage, reason Reason, err error) *failure {
	return &failure{stage: stage, reason: reason, err: &connector.Error{
		Op: string(stage), Kind: connector.Rejected, Effect: connector.NotApplied, Err: err,
	}}
}

// watch judges other workers' leases: a claim has ended when this process has
// seen its very revision unchanged for the whole lease, on its own monotonic
// clock. No two machines' clocks are compared.
type watch struct {
	mu   sync.Mutex
	seen map[ledger.Key]sighting
}

type sighting struct {
	rev ledger.Revision
	at  time.Time
}

// rest says how long the claim has to be watched still.
func (w *watch) rest(key ledger.Key, rev ledger.Revision, lease time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.seen[key]
	if !ok || s.rev != rev {
		if w.seen == nil {
			w.seen = map[ledger.Key]sighting{}
		}
		s = sighting{rev, time.Now()}
		w.seen[key] = s
	}
	return lease - time.Since(s.at)
}

func (w *watch) forget(key ledger.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.seen, key)
}
