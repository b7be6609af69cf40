package push

import (
	"context"
	"fmt"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/mapping"
)

// A ledger says what was done since it can be trusted (ledger.Store). Of older
// cases it may lack anything: an entry, an incident, comments. So the tracker is
// asked before anything is sent to it that cannot be repeated.
//
// What follows is judged by the age of the case, of the comment, and of what the
// entry knows, and not by when the entry was stored: an entry is written for
// many reasons, and most of them prove nothing.

// ledgerMargin allows for clocks that differ between Kibana, NATS and workers.
const ledgerMargin = 15 * time.Minute

// lost reports whether the ledger was lost or restored: it is not just new.
func (a *attempt) lost() bool { return a.p.Ledger.TrustedSince().After(a.p.Ledger.Since()) }

// ledgerKnows reports whether the absence of an incident in the entry proves
// that none was made: we have looked, or the case is younger than what the
// ledger may lack.
func (a *attempt) ledgerKnows() bool {
	trusted := a.p.Ledger.TrustedSince()
	if at := a.entry.SearchedAt; !at.IsZero() && !at.Before(trusted) {
		return true
	}
	if a.entry.Exists() && a.entry.StoredAt.Before(trusted) {
		return false
	}
	return a.young()
}

// young reports whether the case was made since the ledger can be trusted.
func (a *attempt) young() bool {
	created := a.state.c.CreatedAt
	return !created.IsZero() && created.After(a.p.Ledger.TrustedSince().Add(ledgerMargin))
}

// patience keeps a case whose record may be lost waiting until whatever was sent
// for it before can be seen: a request of the last moment may still run, and a
// search may not show its incident yet.
func (a *attempt) patience() *failure {
	if !a.lost() || a.young() {
		return nil
	}
	d := a.p.Lease + a.caps.SettleTime
	if a.entry.Incident == nil {
		d += a.caps.FindDelay
	}
	rest := a.p.Ledger.TrustedSince().Add(d).Sub(a.queued())
	if rest <= 0 {
		return nil
	}
	return &failure{stage: StageSettle, err: &connector.Error{
		Op: "look up what the ledger may have lost", Effect: connector.NotApplied, RetryAfter: rest + settleMargin, Err: errTooEarly,
	}}
}

// queued is when the queue took this job, on the store's clock: not later than now.
func (a *attempt) queued() time.Time {
	if a.job.QueuedAt.IsZero() {
		return time.Now()
	}
	return a.job.QueuedAt
}

// unsearchable decides on a case whose incident may exist at a tracker that
// cannot be searched. To a ledger that is just new, Kibana's own record says all
// that was pushed before. A ledger that was lost had a record of its own.
func (a *attempt) unsearchable() *failure {
	if a.caps.Idempotent {
		a.repeats = true // what it has may have come from an older state
		return nil
	}
	if !a.lost() || a.target.CreateAgain {
		return nil
	}
	f := uncertain(fmt.Errorf("the ledger was lost or restored at %s, the case is older, and this tracker cannot be searched: look there whether the case has an incident",
		a.p.Ledger.TrustedSince().UTC().Format(time.RFC3339)))
	f.plan = &ledger.Plan{Through: a.state.head, Create: true}
	return f
}

// verifyComments looks up those of the comments to be sent that may be at the
// incident without our knowing. A tracker whose comments cannot be listed gets them.
func (a *attempt) verifyComments(ctx context.Context) *failure {
	if !a.caps.CountComments || a.entry.Incident == nil {
		return nil
	}
	var marks []ledger.Mark
	for _, c := range a.work.comments {
		if a.doubtful(c) {
			marks = append(marks, ledger.Mark{ID: c.ID, Source: c.Source, Digest: c.Digest})
		}
	}
	if f := a.settleComments(ctx, marks, a.work.comments); f != nil {
		return f
	}
	a.work.comments = a.unsent(a.work.comments)
	return nil
}

// doubtful reports whether a comment that the entry does not have may have been
// sent: it is older than what the ledger may lack, and the incident is not one
// that was made since, of which the entry knows everything.
func (a *attempt) doubtful(c connector.Comment) bool {
	trusted, inc := a.p.Ledger.TrustedSince(), a.entry.Incident
	switch {
	case a.counted:
		return false
	case a.lost():
		trusted = trusted.Add(ledgerMargin)
		if inc.How == ledger.Created && inc.At.After(trusted) {
			return false
		}
	case inc.How == ledger.Linked:
		// A person said which it is, and not which comments it has.
		trusted = inc.At.Add(ledgerMargin)
	case inc.How != ledger.Found:
		// Ours from its first moment, or Kibana has told what it has.
		return false
	}
	at := a.written(c)
	return at.IsZero() || !at.After(trusted)
}

// written is when the comment got its text; of what is no person's comment (the
// number of alerts, the rest of a field) all that is known is the case's age.
func (a *attempt) written(c connector.Comment) time.Time {
	id := mapping.BaseID(c.ID)
	for _, there := range a.state.c.Comments {
		if there.ID != id {
			continue
		}
		if there.UpdatedAt.After(there.CreatedAt.Time) {
			return there.UpdatedAt.Time
		}
		return there.CreatedAt.Time
	}
	return a.state.c.CreatedAt.Time
}
