package push

import (
	"errors"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// Verb is what happens next with a push that met an error.
type Verb int

// Verbs.
const (
	Retry   Verb = iota // try again at Decision.At
	Settle              // look up at Decision.At what has happened, then go on
	Bury                // make a dead letter; what is uncertain stays on record
	Blocked             // the same, and send nothing until a person resolves the entry
)

// Decision is what to do about an error.
type Decision struct {
	Verb   Verb
	At     time.Time // of Retry and Settle
	Reason Reason    // of Bury and Blocked; for Retry what it becomes when time is up
	// HoldUntil: nothing else may be sent through this connector before then,
	// neither by this case nor by another. Zero: the error is this case's own.
	HoldUntil time.Time
	// PutOff: nothing was sent, because the connector or our own rule says not
	// now. That is no attempt, and the wait is no part of the push's age.
	PutOff bool
}

// Policy bounds retries.
type Policy struct {
	Base   time.Duration // ceiling of the first delay
	Cap    time.Duration // ceiling of all delays
	MaxAge time.Duration // from the first attempt to giving up
}

// DefaultPolicy is 5 s to 1 h, for 72 h.
var DefaultPolicy = Policy{Base: 5 * time.Second, Cap: time.Hour, MaxAge: 72 * time.Hour}

// Refusal is whose rule a Forbidden is.
type Refusal int

// Refusals.
const (
	OneRecord  Refusal = iota // a probe was let through: this record's own rule
	NotKnown                  // the probe got no answer
	Everywhere                // the probe was refused too
)

// Situation is all that a decision depends on.
type Situation struct {
	Stage    Stage
	Err      *connector.Error
	Attempts int       // this one included
	First    time.Time // when the first attempt was made, the time that it was put off left out
	Now      time.Time
	// Refusal is whose rule a Forbidden is, as the connector's harmless probe says.
	Refusal Refusal
	// Settle is how long to wait before an unknown effect can be looked up.
	Settle time.Duration
	// Reason, if it is known better than from the error. ReasonUncertain says
	// that what may have happened cannot be looked up.
	Reason Reason
	// Jitter is uniform in [0, 1).
	Jitter float64
	Policy Policy
}

// Decide says what happens next. It is pure: same situation, same decision.
func Decide(s Situation) Decision {
	d := s.byError()
	d.HoldUntil = s.hold(d)
	if s.Reason != "" {
		d.Reason = s.Reason
	}
	if s.Reason == ReasonUncertain {
		d.Verb = Blocked
	}
	return d
}

// byError decides by the error alone.
func (s Situation) byError() Decision {
	if s.changes() && s.Err.Effect == connector.EffectUnknown {
		return s.settle()
	}
	if s.putOff() {
		return Decision{Verb: Retry, At: s.again(), Reason: ReasonRetriesExhausted, PutOff: true}
	}
	switch s.Err.Kind {
	case connector.Rejected:
		return Decision{Verb: Bury, Reason: s.refusal()}
	case connector.Forbidden:
		if s.Refusal == OneRecord {
			return Decision{Verb: Bury, Reason: ReasonForbidden}
		}
	case connector.NotFound:
		return Decision{Verb: Bury, Reason: s.missing()}
	}
	reason := ReasonRetriesExhausted
	switch s.Err.Kind {
	case connector.Unauthenticated:
		reason = ReasonUnauthenticated
	case connector.Forbidden:
		reason = ReasonForbidden
	}
	if s.tired() {
		return Decision{Verb: Bury, Reason: reason}
	}
	return Decision{Verb: Retry, At: s.again(), Reason: reason}
}

// settle is for a change that may have happened.
func (s Situation) settle() Decision {
	if s.tired() {
		// Not blocked: the intent stays in the ledger, and whatever comes
		// next looks it up first.
		return Decision{Verb: Bury, Reason: ReasonRetriesExhausted}
	}
	at := s.again()
	if settled := s.Now.Add(s.Settle); settled.After(at) {
		at = settled
	}
	return Decision{Verb: Settle, At: at, Reason: ReasonRetriesExhausted}
}

// heldDelay is how long a push is put off that a held connector kept back. Its
// job comes back to a queue that is closed, and waits there for as long as it
// takes: a hold may be longer than it said, and a person may end it at any time.
const heldDelay = 5 * time.Second

// again is when the next attempt is made: exactly when the tracker said, if it
// did. Of a request that was never sent nobody said more than how long it waits.
func (s Situation) again() time.Time {
	wait := Backoff(s.Policy, s.Attempts, s.Jitter)
	if after := s.Err.RetryAfter; after > 0 {
		wait = after
		if s.putOff() {
			wait = max(wait, minDelay)
		}
	}
	if s.putOff() && errors.Is(s.Err, connector.ErrHeld) {
		wait = min(wait, heldDelay)
	}
	return s.Now.Add(wait)
}

// hold says until when the error keeps everybody from the connector.
func (s Situation) hold(d Decision) time.Time {
	switch {
	case !s.atTracker() || s.putOff():
		// Who holds it knows for how long.
	case d.Verb == Retry && (s.Err.Kind == connector.Unauthenticated || s.Err.Kind == connector.Forbidden && s.Refusal == Everywhere):
		return d.At
	case s.Err.Kind == connector.RateLimited && s.Err.Scope == connector.WholeTracker:
		// The tracker's own time, whatever else this push waits for.
		return s.again()
	}
	return time.Time{}
}

func (s Situation) tired() bool { return s.Now.Sub(s.First) >= s.Policy.MaxAge }

// putOff reports whether nothing was sent because it is not the time.
func (s Situation) putOff() bool {
	return s.Err.Effect == connector.NotApplied && (errors.Is(s.Err, connector.ErrHeld) || errors.Is(s.Err, errTooEarly))
}

// errTooEarly is the cause of a look-up that was not made, since what it looks
// for may not show yet.
var errTooEarly = errors.New("too early to look")

// changes reports whether the stage's requests leave traces at the tracker.
// Closing is not among them: it is looked up anyway before it is repeated.
func (s Situation) changes() bool {
	return s.Stage == StageCreate || s.Stage == StageUpdate || s.Stage == StageComment
}

// atTracker reports whether the stage talks to the tracker and not to Kibana.
func (s Situation) atTracker() bool { return s.Stage.AtTracker() }

func (s Situation) refusal() Reason {
	switch {
	case errors.Is(s.Err, connector.ErrHostNotAllowed):
		return ReasonHostNotAllowed
	case errors.Is(s.Err, connector.ErrTemplate):
		return ReasonTemplate
	case s.Stage == StageMapping:
		return ReasonMapping
	}
	return ReasonRejected
}

func (s Situation) missing() Reason {
	switch s.Stage {
	case StageCase, StageClose:
		return ReasonCaseNotFound
	case StageUpdate, StageComment, StageRead, StageSettle:
		return ReasonIncidentMissing
	}
	return ReasonRejected
}

// minDelay keeps a retry from following at once.
const minDelay = time.Second

// Backoff is the delay before the attempt that follows the given number of
// attempts: exponential from Base to Cap with full jitter, at least a second.
func Backoff(p Policy, attempts int, jitter float64) time.Duration {
	ceiling := p.Cap
	// Compared this way round, because Base<<shift may overflow.
	if shift := max(attempts, 1) - 1; shift < 63 && p.Base <= p.Cap>>shift {
		ceiling = p.Base << shift
	}
	return max(minDelay, time.Duration(jitter*float64(ceiling)))
}
