package push

import (
	"context"
	"fmt"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/mapping"
)

// compare finds what the tracker lacks.
func (a *attempt) compare(ctx context.Context, out mapping.Output) *failure {
	a.work = work{known: map[string]string{}}
	for _, c := range out.Comments {
		if !a.entry.HasSent(c.ID, c.Source) {
			a.work.comments = append(a.work.comments, c)
		}
	}
	if a.entry.Incident == nil {
		a.work.create = true
		a.work.fields = plain(out.Incident.Fields)
		return nil
	}
	// An older state never overwrites a newer one; its comments are sent all
	// the same, since nothing else may carry them.
	if !a.state.order.Before(a.entry.Pushed) {
		if f := a.compareFields(ctx, out.Incident.Fields); f != nil {
			return f
		}
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
		head, rest := a.caps.Limits[f.Name].Cut(joined)
		changed = append(changed, connector.Field{Name: f.Name, Value: head, Source: f.Source})
		a.continueIn(f, rest)
	}
	a.work.fields = changed
	return nil
}

// continueIn sends what does not fit into an appended field as comments.
func (a *attempt) continueIn(f connector.Field, rest string) {
	for part := 2; rest != ""; part++ {
		var text string
		text, rest = a.caps.Limits["comment"].Cut(rest)
		c := connector.Comment{
			ID: fmt.Sprintf("%s-%s-appended#%d", a.job.Case, f.Name, part), Source: f.Source, Text: text, Digest: connector.Digest(text),
		}
		if !a.entry.HasSent(c.ID, c.Source) {
			a.work.comments = append(a.work.comments, c)
		}
	}
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
