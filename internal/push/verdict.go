package push

import (
	"errors"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// Action is what the queue does with the job.
type Action int

// Actions. The zero value is the safe one.
const (
	HandBack Action = iota // deliver it again after Verdict.Delay; never acknowledge
	Later                  // store a wake-up for Verdict.At, then acknowledge
	Done                   // acknowledge: the ledger covers it
)

// String names the action.
func (a Action) String() string { return [...]string{"hand back", "later", "done"}[a] }

// Verdict is the end of one call of Push.
type Verdict struct {
	Action Action
	Delay  time.Duration // of HandBack
	At     time.Time     // of Later
	// HoldUntil: nothing may be sent through this connector before then. Zero:
	// nothing is known against it. Trouble says why: of a rate limit it is
	// exactly the time that the tracker gave.
	HoldUntil time.Time
	// Result is the final outcome; nil if there is none yet or it was told before.
	Result *Result
	// VerifyAt: the entry owes a second look then. A wake-up of KindVerify is
	// stored for that time before the job is acknowledged, whatever its own kind
	// and action; it replaces an earlier one of the entry and stands beside that
	// of a retry. Storing it again is harmless. Zero of a job that is handed back.
	VerifyAt time.Time
	// Duplicates are the incidents that a second look has found beside the
	// case's. They are retired, unless Err or Note says otherwise: a promise was
	// broken, so somebody has to hear of it.
	Duplicates []connector.Ref
	// Note says in words why there is no result.
	Note string
	// Stage and Err tell what went wrong, if something did. Err is a
	// [*connector.Error] whenever a connector or Kibana returned it.
	Stage Stage
	Err   error
}

// Trouble is what a verdict tells of the tracker as a whole.
type Trouble int

// Troubles.
const (
	NoTrouble   Trouble = iota // nothing is known against it
	Credentials                // it refuses ours, or gives them no right to anything: nothing works until they are corrected
	Limited                    // it wants fewer requests: nothing before Verdict.HoldUntil
	Down                       // it does not answer, or with an error of its own
)

// String names the trouble.
func (t Trouble) String() string {
	return [...]string{"none", "credentials", "limited", "down"}[t]
}

// Trouble judges the tracker by the error of this push. An error of Kibana, of
// this case alone, or of a request that was held back before it was sent, says
// nothing of the tracker. One push that finds it down may be the case's own
// fault: whoever acts on that counts several cases.
func (v Verdict) Trouble() Trouble {
	var e *connector.Error
	if !errors.As(v.Err, &e) || !(Situation{Stage: v.Stage}).atTracker() {
		return NoTrouble
	}
	switch {
	case errors.Is(e, connector.ErrHeld) || errors.Is(e, errTooEarly):
		return NoTrouble
	case e.Kind == connector.Unauthenticated, e.Kind == connector.Forbidden && !v.HoldUntil.IsZero():
		return Credentials
	case e.Kind == connector.RateLimited && e.Scope == connector.WholeTracker:
		return Limited
	case e.Kind == connector.Transient:
		return Down
	}
	return NoTrouble
}
