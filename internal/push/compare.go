package push

import (
	"context"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/mapping"
)

// compare finds what the tracker lacks.
func (a *attempt) compare(ctx context.Context, out mapping.Output) *failure {
	a.work = work{known: map[string]string{}}
	older := a.entry.Incident != nil && a.state.order.Before(a.entry.Pushed)
	a.work.comments = a.unsent(out.Comments)
	if older {
		a.work.comments = slices.DeleteFunc(a.work.comments, func(c connector.Comment) bool { return a.superseded(c.ID) })
	}
	if a.entry.Incident == nil {
		a.work.create = true
		a.work.fields = plain(out.Incident.Fields)
		return nil
	}
	// An older state never overwrites a newer one; its comments are sent all
	// the same, since nothing else may carry them.
	if !older {
		if f := a.compareFields(ctx, out.Incident.Fields); f != nil {
			return f
		}
	}
	if f := a.verifyComments(ctx); f != nil {
		return f
	}
	if a.work.empty() && a.caps.ReadIncident {
		// Nothing to write is a promise that the tracker is in step, so the
		// incident must still be there.
		if _, err := a.target.Connector.ReadIncident(ctx, a.entry.Incident.Ref(), nil); err != nil {
			return failed(StageRead, err)
		}
	}
	return nil
}

// unsent gives those of the comments that the tracker does not have.
func (a *attempt) unsent(comments []connector.Comment) []connector.Comment {
	var out []connector.Comment
	for _, c := range comments {
		if !a.entry.HasSent(c.ID, c.Source) {
			out = append(out, c)
		}
	}
	return out
}

// superseded reports whether an older state's comment has nothing to add: some
// text of it was sent, in however many parts, and that one is newer; or it is no
// person's comment but tells the state itself (the count of alerts, the rest of a cut field).
func (a *attempt) superseded(id string) bool {
	return len(a.entry.Comments[mapping.BaseID(id)]) > 0 || strings.HasPrefix(id, a.state.c.ID+"-")
}

// compareFields finds the fields whose value changed since our last push, so
// that an agent's edits of the others stay.
func (a *attempt) compareFields(ctx context.Context, fields []connector.Field) *failure {
	var changed, appends []connector.Field
	var names []string
	for _, f := range fields {
		switch {
		case a.entry.Fields[f.Name] == f.Source:
		case f.Append:
			appends = append(appends, f)
			names = append(names, f.Name)
		default:
			changed = append(changed, f)
		}
	}
	if len(appends) == 0 {
		a.work.fields = changed
		return nil
	}
	current, err := a.target.Connector.ReadIncident(ctx, a.entry.Incident.Ref(), names)
	if err != nil {
		return failed(StageRead, err)
	}
	for _, f := range appends {
		added, _ := f.Value.(string)
		joined, grown := mapping.Join(current.Text(f.Name), added)
		if !grown {
			a.work.known[f.Name] = f.Source
			continue
		}
		if _, rest := a.caps.Limits[f.Name].Cut(joined); rest != "" {
			// It does not fit any more. The whole of it goes into comments, and
			// not a part: which part would depend on what the field has.
			a.work.known[f.Name] = f.Source
			whole := connector.Comment{ID: a.job.Case + "-" + f.Name + "-appended", Source: f.Source, Text: added}
			a.work.comments = append(a.work.comments, a.unsent(mapping.Parts(whole, a.caps.Limits["comment"]))...)
			continue
		}
		changed = append(changed, connector.Field{Name: f.Name, Value: joined, Source: f.Source})
	}
	a.work.fields = changed
	return nil
}

// plain gives the fields of a create: there is nothing to append to yet.
func plain(fields []connector.Field) []connector.Field {
	out := make([]connector.Field, len(fields))
	for i, f := range fields {
		f.Append = false
		out[i] = f
	}
	return out
}

// plan is the intent of the work.
func (a *attempt) plan() *ledger.Plan {
	p := &ledger.Plan{Through: a.state.head, Create: a.work.create, Pushed: a.state.order}
	if len(a.work.fields) > 0 {
		p.Fields = sources(a.work.fields)
	}
	for _, c := range a.work.comments {
		p.Comments = append(p.Comments, ledger.Mark{ID: c.ID, Source: c.Source, Digest: c.Digest})
	}
	return p
}
