package push

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
)

// maxMails bounds how many events of one case are read for one push. Older
// ones carry nothing that the newer ones do not.
const maxMails = 256

// state is the case as it is now, as far as we can know.
type state struct {
	c       *kibana.Case
	head    ledger.Position // the newest event that was read: the cursor after this push
	order   ledger.CaseState
	owner   string
	eventID string
	thin    bool      // c was read from Kibana
	headAt  time.Time // when the queue took the newest event; zero if unknown
}

// readState reads the head of the case's events and then, if one that is not
// covered yet is only a wake-up, the case from Kibana: in this order, so that
// the case is at least as new as the cursor that is recorded for it. A snapshot
// that follows the wake-up does not do: producers keep no order, so it may have
// been taken before.
func (a *attempt) readState(ctx context.Context) *failure {
	after := uint64(0)
	if a.entry.Cursor.Stream == a.job.Stream && !a.entry.Dead && a.job.Kind != KindReplay && a.job.Kind != KindRedrive {
		after = min(a.entry.Cursor.Seq, a.job.Seq-1)
	}
	mails, head, err := a.p.Mailbox.Events(ctx, a.job.Space, a.job.Case, after, maxMails)
	if err != nil {
		return failed(StageCase, err)
	}
	if head.Stream == a.job.Stream && !head.Covers(a.wanted()) {
		// Either an old answer, or somebody has removed the event since.
		if has, err := a.p.Mailbox.Has(ctx, a.wanted().Seq); err != nil {
			return failed(StageCase, err)
		} else if has {
			return &failure{stage: StageCase, stale: true}
		}
		head = a.wanted()
	}
	if a.job.Stream != head.Stream {
		// The stream was made anew: the job is all that is left of the event.
		head, mails = a.wanted(), nil
	}
	a.state = state{head: head, owner: a.job.Owner, eventID: a.job.EventID}
	if len(mails) > 0 {
		a.state.headAt = mails[len(mails)-1].StoredAt
	}
	full := len(mails) == maxMails && a.p.Kibana != nil // there may be wake-ups among those left out
	mails = slices.DeleteFunc(mails, func(m Mail) bool { return m.Err != nil })
	if !full && len(mails) > 0 && !slices.ContainsFunc(mails, func(m Mail) bool { return m.Event.Thin() }) {
		return a.stateFromSnapshots(mails)
	}
	return a.stateFromKibana(ctx, mails)
}

func (a *attempt) stateFromKibana(ctx context.Context, mails []Mail) *failure {
	if a.p.Kibana == nil {
		if slices.ContainsFunc(mails, func(m Mail) bool { return !m.Event.Thin() }) {
			return a.stateFromSnapshots(mails)
		}
		if len(mails) == 0 {
			return permanent(StageCase, ReasonEventExpired, errors.New("the event is no longer in the stream, and no kibana is configured to read the case from: publish the case again"))
		}
		return permanent(StageCase, ReasonCaseNotFound, errors.New("the event carries no case, and no kibana is configured to read it from: configure kibana, or publish events with the case"))
	}
	c, err := a.p.Kibana.Case(ctx, a.job.Space, a.job.Case, kibana.What{Comments: true})
	if err != nil {
		if n := len(mails); n > 0 && !mails[n-1].Event.Thin() && connector.AsError("", err).Kind == connector.NotFound {
			return a.stateFromSnapshots(mails) // this Kibana does not have the case: the events do
		}
		return failed(StageCase, err)
	}
	a.use(c, a.state.head.Seq)
	a.state.thin = true
	return nil
}

// stateFromSnapshots takes the newest snapshot, by the case's own order and
// not by that of the queue.
func (a *attempt) stateFromSnapshots(mails []Mail) *failure {
	var best *kibana.Case
	var order ledger.CaseState
	var seq uint64
	var cases []*kibana.Case
	for _, m := range mails {
		if m.Event.Thin() {
			continue
		}
		c, err := m.snapshot()
		if err != nil {
			// The router made a dead letter of this event.
			continue
		}
		cases = append(cases, c)
		if o := caseState(c, m.Seq); best == nil || !o.Before(order) {
			best, order, seq = c, o, m.Seq
		}
	}
	if best == nil {
		return permanent(StageCase, ReasonMalformed, errors.New("no event of the case carries a case that can be read"))
	}
	a.use(merge(best, cases), seq)
	return nil
}

// snapshot is the event's case.
func (m Mail) snapshot() (*kibana.Case, error) {
	if m.Case == nil {
		return kibana.DecodeCase(m.Event.Case)
	}
	own := *m.Case
	return &own, nil
}

func (a *attempt) use(c *kibana.Case, seq uint64) {
	a.state.c, a.state.order = c, caseState(c, seq)
	if c.ID == "" {
		c.ID = a.job.Case
	}
	if c.Owner != "" {
		a.state.owner = c.Owner
	}
	if c.Owner == "" {
		c.Owner = a.state.owner
	}
}

func caseState(c *kibana.Case, seq uint64) ledger.CaseState {
	s := ledger.CaseState{At: c.UpdatedAt.Time, Seq: seq}
	if s.At.IsZero() {
		s.At = c.CreatedAt.Time
	}
	if n, term, ok := kibana.ParseVersion(c.Version); ok {
		s.SeqNo, s.Term = n, term
	}
	return s
}

// merge adds to a snapshot that does not carry all its comments those which
// other snapshots of the case have. A complete snapshot stays as it is: a
// comment that it lacks was deleted.
func merge(best *kibana.Case, all []*kibana.Case) *kibana.Case {
	users := 0
	have := map[string]bool{}
	for _, c := range best.Comments {
		have[c.ID] = true
		if c.IsUser() {
			users++
		}
	}
	if best.Comments != nil && users >= best.TotalComment {
		return best
	}
	merged := *best
	merged.Comments = slices.Clone(best.Comments)
	// Newest snapshots first: of a comment in several, the latest text counts.
	for _, other := range slices.Backward(all) {
		for _, c := range other.Comments {
			if !have[c.ID] {
				have[c.ID] = true
				merged.Comments = append(merged.Comments, c)
			}
		}
	}
	slices.SortStableFunc(merged.Comments, func(x, y kibana.Comment) int {
		return x.CreatedAt.Compare(y.CreatedAt.Time)
	})
	return &merged
}

// readRules finds the configuration of the case's owner.
func (a *attempt) readRules(ctx context.Context) *failure {
	rules, err := a.p.Configurations.Rules(ctx, a.job.Space, a.state.owner)
	if err != nil {
		return failed(StageCase, fmt.Errorf("configuration of owner %q: %w", a.state.owner, err))
	}
	a.rules = rules
	return nil
}

// rows are the mapping rows of this push: the configuration's if its default
// connector is this one, else those of a 7.x definition, else nil for the
// type's own.
func (a *attempt) rows() []connector.MappingRow {
	if a.rules.ConnectorID == a.job.Connector && len(a.rules.Rows) > 0 {
		return a.rules.Rows
	}
	return a.target.Definition.Mapping
}
