package push

import "time"

// rename makes of a replay or a sweep the job that the entry needs. One without
// an event is about whatever the entry knows of.
func (a *attempt) rename() {
	e := a.entry
	if p := e.Newest(); a.job.Seq == 0 && !p.IsZero() {
		a.job.Stream, a.job.Seq = p.Stream, p.Seq
	}
	switch a.job.Kind {
	case KindReplay:
		if e.Promised() || e.Closing != nil {
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
	return e.Promised() || e.Closing != nil || e.Retry != nil || e.Unsettled()
}
