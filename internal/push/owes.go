package push

import (
	"time"

	"github.com/casepush/casepush/internal/ledger"
)

// rename makes of a replay or a sweep the job that the entry needs. One without
// an event is about whatever the entry knows of.
func (a *attempt) rename() {
	e := a.entry
	if p := newest(e); a.job.Seq == 0 && !p.IsZero() {
		a.job.Stream, a.job.Seq = p.Stream, p.Seq
	}
	switch a.job.Kind {
	case KindReplay:
		if promised(e) || e.Closing != nil {
			// The entry owes a push or a close, and this job may have replaced
			// its wake-up.
			a.job.Kind = KindRetry
		}
	case KindSweep:
		if due := e.Verify.Due(); a.owes() {
			a.job.Kind = KindRetry
		} else if !due.IsZero() && !due.After(time.Now()) && (e.Blocked || e.Cursor.Covers(a.wanted())) {
			a.job.Kind = KindVerify
		}
	}
}

// owes reports whether the entry has to come back for something, whatever event
// there is: what it has promised, a close, a retry, a plan to be settled. A
// person has to see to what is blocked or dead.
func (a *attempt) owes() bool {
	e := a.entry
	if e.Blocked {
		return false
	}
	unsettled := !e.Plan.Empty() && (!e.Dead || e.Plan.SettleAt.IsZero())
	return promised(e) || e.Closing != nil || e.Retry != nil || unsettled
}

// promised reports whether a job was acknowledged because the entry comes back
// for its event, and has not yet.
func promised(e ledger.Entry) bool { return !e.Want.IsZero() && !e.Cursor.Covers(e.Want) }

// newest is the newest event that the entry knows of.
func newest(e ledger.Entry) ledger.Position {
	if e.Want.IsZero() {
		return e.Cursor
	}
	return e.Cursor.Later(e.Want)
}
