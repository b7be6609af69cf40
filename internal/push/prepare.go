package push

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/mapping"
)

// work is what differs between the case and what the ledger says the tracker has.
type work struct {
	create   bool
	fields   []connector.Field
	comments []connector.Comment
	// known are fields that need no request but whose Source is to be recorded.
	known map[string]string
}

func (w work) empty() bool { return !w.create && len(w.fields) == 0 && len(w.comments) == 0 }

// prepare reads everything and writes nothing: newest state, what became of an
// earlier attempt, what Kibana has pushed, and what differs. Its decisions
// hold only if the claim that follows finds the entry unchanged.
func (a *attempt) prepare(ctx context.Context) *failure {
	if f := a.readState(ctx); f != nil {
		return f
	}
	if f := a.readRules(ctx); f != nil {
		return f
	}
	if f := a.readAlerts(ctx); f != nil {
		return f
	}
	out, f := a.render()
	if f != nil {
		return f
	}
	// A working copy: nothing of it is stored before the claim. What fails half
	// way leaves nothing of itself: an incident that was found, without the
	// comments that it has, would get them all again.
	stored := a.entry
	a.entry = stored.Clone()
	if f := a.difference(ctx, out); f != nil {
		a.entry = stored
		if f.plan != nil {
			a.entry.Plan = f.plan
		}
		return f
	}
	return nil
}

// difference finds what the tracker has and what it lacks.
func (a *attempt) difference(ctx context.Context, out mapping.Output) *failure {
	if f := a.patience(); f != nil {
		return f
	}
	if f := a.checkTracker(ctx); f != nil {
		return f
	}
	if f := a.settle(ctx, out.Comments); f != nil {
		return f
	}
	if a.entry.Incident == nil {
		if f := a.adopt(ctx, out); f != nil {
			return f
		}
	}
	return a.compare(ctx, out)
}

func (a *attempt) render() (mapping.Output, *failure) {
	out, err := mapping.Render(a.mappingInput())
	if err != nil {
		return mapping.Output{}, failed(StageMapping, err) // Decide knows mapping from template
	}
	return out, nil
}

func (a *attempt) mappingInput() mapping.Input {
	return mapping.Input{
		Case: a.state.c, SpaceID: a.job.Space, Type: a.target.Type, Definition: a.target.Definition, Rows: a.rows(),
		OwnConnector:  a.state.c.Connector.ID == a.job.Connector,
		PublicBaseURL: a.p.PublicBaseURL, OwnUser: a.ownUser(), Limits: a.caps.Limits, NoComments: a.caps.NoComments,
	}
}

// checkTracker makes sure that the incident is one of this tracker: a connector
// may have been pointed at another one, where the same id is somebody else's.
// A tracker that has only moved knows the mark.
func (a *attempt) checkTracker(ctx context.Context) *failure {
	inc := a.entry.Incident
	if inc == nil || inc.Tracker == "" || a.caps.Address == "" || inc.Tracker == a.caps.Address {
		return nil
	}
	moved := fmt.Errorf("the connector's tracker was %s and is %s now, where no incident of this case is found: correct the address, or say which incident it is", inc.Tracker, a.caps.Address)
	if !a.caps.FindIncident {
		return permanent(StageAdopt, ReasonIncidentMissing, moved)
	}
	ref, err := a.target.Connector.FindIncident(ctx, a.correlation())
	switch e := connector.AsError("find incident", err); {
	case err == nil:
		a.setIncident(ref, ledger.Found)
		return nil
	case e.Kind == connector.NotFound:
		return permanent(StageAdopt, ReasonIncidentMissing, moved)
	default:
		return failed(StageAdopt, err)
	}
}

// settle finds out what became of an earlier attempt's intents. It is reached
// only when the settle time is over, so that what is not there now will not
// come any more.
func (a *attempt) settle(ctx context.Context, comments []connector.Comment) *failure {
	p := a.entry.Plan
	if p.Empty() {
		a.entry.Plan = nil
		return nil
	}
	if a.state.head.Stream == p.Through.Stream && !a.state.head.Covers(p.Through) {
		// The earlier attempt had planned from newer events than we can see,
		// unless they were removed since.
		if has, err := a.p.Mailbox.Has(ctx, p.Through.Seq); err != nil {
			return failed(StageSettle, err)
		} else if has {
			return &failure{stage: StageSettle, stale: true}
		}
	}
	if p.Create {
		if f := a.settleCreate(ctx, p); f != nil {
			return f
		}
	} else {
		// An update may be repeated: what is not known to be there is sent again.
		for name := range p.Fields {
			delete(a.entry.Fields, name)
		}
	}
	if a.entry.Incident != nil {
		if f := a.settleComments(ctx, p.Comments, comments); f != nil {
			return f
		}
	}
	a.entry.Plan = nil
	return nil
}

func (a *attempt) settleCreate(ctx context.Context, p *ledger.Plan) *failure {
	if a.caps.Idempotent {
		a.repeats = true
		return nil
	}
	if !a.caps.FindIncident {
		if a.target.CreateAgain {
			return nil
		}
		return uncertain(errors.New("the create may have happened, and this tracker cannot be searched: look there whether the case has an incident"))
	}
	ref, err := a.target.Connector.FindIncident(ctx, a.correlation())
	switch e := connector.AsError("find incident", err); {
	case err == nil && ref.ID == a.entry.Unlinked:
		a.doubt()
		return nil // a person said that it is not this case's
	case err == nil:
		a.setIncident(ref, ledger.Found)
		a.verifyLater() // it may be the first of two
		a.entry.Fields, a.entry.Pushed = p.Fields, p.Pushed
		a.wrote = true
		return nil
	case e.Kind == connector.NotFound:
		a.doubt()
		return nil
	default:
		return failed(StageSettle, err)
	}
}

// settleComments looks up the comments that may have been sent. Comments of
// one text that carry no id are told apart by counting: of n identical ones
// that are there, those which the ledger knows come first.
func (a *attempt) settleComments(ctx context.Context, marks []ledger.Mark, texts []connector.Comment) *failure {
	if len(marks) == 0 || a.caps.Idempotent || (!a.caps.CountComments && a.target.CreateAgain) {
		return nil
	}
	if !a.caps.CountComments {
		return uncertain(fmt.Errorf("comment %q may have been sent, and this tracker cannot be searched: look there whether the incident has it", marks[0].ID))
	}
	comments := make([]connector.Comment, len(marks))
	for i, m := range marks {
		comments[i] = connector.Comment{ID: m.ID, Source: m.Source, Digest: m.Digest, Text: textOf(texts, m)}
	}
	counts, err := a.target.Connector.CountComments(ctx, a.entry.Incident.Ref(), comments)
	if err != nil {
		return failed(StageSettle, err)
	}
	a.markFound(marks, counts)
	return nil
}

// markFound records those of the marks that are at the tracker.
func (a *attempt) markFound(marks []ledger.Mark, counts []int) {
	extra := map[string]int{} // by digest: how many are there beyond those known
	for i, m := range marks {
		// Of equal texts the greatest count is the best: one whose text was
		// edited at the tracker is found by its id alone.
		extra[m.Digest] = max(extra[m.Digest], counts[i])
	}
	for digest := range extra {
		extra[digest] -= a.entry.CountDigest(digest)
	}
	for i, m := range marks {
		there := extra[m.Digest] > 0
		if a.caps.CommentsByID {
			there = counts[i] > 0
		}
		if there {
			a.entry.MarkSent(m.ID, ledger.Sent{Source: m.Source, Digest: m.Digest})
			a.wrote = true
			extra[m.Digest]--
		}
	}
}

func textOf(comments []connector.Comment, m ledger.Mark) string {
	for _, c := range comments {
		if c.ID == m.ID && c.Source == m.Source {
			return c.Text
		}
	}
	return ""
}

func uncertain(err error) *failure {
	return permanent(StageSettle, ReasonUncertain, err)
}

func (a *attempt) correlation() connector.CorrelationID {
	return connector.CorrelationID{ConnectorID: a.job.Connector, SpaceID: a.job.Space, CaseID: a.job.Case, After: a.entry.Unlinked}
}

func (a *attempt) setIncident(ref connector.Ref, how ledger.How) {
	a.entry.Incident = &ledger.Incident{
		ID: ref.ID, Title: ref.Title, URL: ref.URL, How: how, Tracker: a.caps.Address, At: time.Now().UTC(),
	}
	if a.entry.Verify != nil && a.entry.Verify.At.IsZero() {
		a.verifyLater()
	}
}

// adopt finds an incident that exists before our first create: Kibana's own
// push of this case to this connector, else one that carries our mark. The
// latter is searched only when this ledger cannot know.
func (a *attempt) adopt(ctx context.Context, out mapping.Output) *failure {
	pushed, f := a.pushedByKibana(ctx)
	if f != nil {
		return f
	}
	if pushed != nil && pushed.ExternalID != "" && pushed.ExternalID != a.entry.Unlinked {
		ref := connector.Ref{ID: pushed.ExternalID, Title: pushed.ExternalTitle, URL: pushed.ExternalURL}
		a.setIncident(ref, ledger.Adopted)
		return a.adoptPushed(ctx, pushed, out)
	}
	switch {
	case a.ledgerKnows():
		return nil
	case !a.caps.FindIncident:
		return a.unsearchable()
	}
	ref, err := a.target.Connector.FindIncident(ctx, a.correlation())
	if e := connector.AsError("find incident", err); e != nil {
		if e.Kind == connector.NotFound {
			a.entry.SearchedAt = a.queued().UTC()
			a.doubt()
			return nil
		}
		return failed(StageAdopt, err)
	}
	if ref.ID == a.entry.Unlinked {
		return nil
	}
	a.setIncident(ref, ledger.Found)
	return a.adoptComments(ctx, out.Comments)
}

func (a *attempt) pushedByKibana(ctx context.Context) (*kibana.ExternalService, *failure) {
	if a.p.Kibana == nil {
		return kibana.PushedInSnapshot(a.state.c, a.job.Connector), nil
	}
	pushed, err := a.p.Kibana.Pushed(ctx, a.job.Space, a.job.Case, a.job.Connector, a.state.c)
	if err != nil {
		if !a.state.thin && connector.AsError("", err).Kind == connector.NotFound {
			// The event carries a case that this Kibana does not have.
			return kibana.PushedInSnapshot(a.state.c, a.job.Connector), nil
		}
		return nil, failed(StageCase, err)
	}
	return pushed, nil
}

// adoptPushed records what Kibana's push has brought to the tracker: every
// comment that is stamped and was not edited since, and, if the case has not
// changed since, its fields.
func (a *attempt) adoptPushed(ctx context.Context, pushed *kibana.ExternalService, out mapping.Output) *failure {
	c := a.state.c
	if !a.state.thin && a.p.Kibana != nil {
		// The event's case may be older than Kibana's push; the stamps are read
		// from the case as it is now.
		now, err := a.p.Kibana.Case(ctx, a.job.Space, a.job.Case, kibana.What{Comments: true})
		switch {
		case err == nil:
			c = now
		case connector.AsError("", err).Kind != connector.NotFound:
			return failed(StageAdopt, err)
		}
	}
	stamped := map[string]bool{mapping.AlertTotalID(a.state.c.ID): c.AlertsPushed()}
	for _, c := range c.Comments {
		last := c.CreatedAt
		if c.UpdatedAt.After(last.Time) {
			last = c.UpdatedAt
		}
		stamped[c.ID] = !c.PushedAt.IsZero() && (pushed.PushedAt.IsZero() || !last.After(pushed.PushedAt.Time))
	}
	for _, c := range out.Comments {
		if stamped[mapping.BaseID(c.ID)] {
			a.entry.MarkSent(c.ID, ledger.Sent{Source: c.Source, Digest: c.Digest})
		}
	}
	if !a.state.order.At.IsZero() && !a.state.order.At.After(pushed.PushedAt.Time) {
		a.entry.Fields, a.entry.Pushed = sources(out.Incident.Fields), a.state.order
	}
	return nil
}

// adoptComments records the comments that a found incident has already.
func (a *attempt) adoptComments(ctx context.Context, comments []connector.Comment) *failure {
	if !a.caps.CountComments {
		return nil
	}
	marks := make([]ledger.Mark, len(comments))
	for i, c := range comments {
		marks[i] = ledger.Mark{ID: c.ID, Source: c.Source, Digest: c.Digest}
	}
	a.counted = true
	return a.settleComments(ctx, marks, comments)
}

func sources(fields []connector.Field) map[string]string {
	m := make(map[string]string, len(fields))
	for _, f := range fields {
		m[f.Name] = f.Source
	}
	return m
}
