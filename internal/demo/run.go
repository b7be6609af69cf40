package demo

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/push"
)

// Row is what became of one sample case.
type Row struct {
	Sample string
	CaseID string
	Did    string // what was done with it
	Look   string // what to look at
	// Outcome and Reason of the last push.
	Outcome  push.Outcome
	Reason   push.Reason
	Attempts int
	// IncidentURL is "" if there is no incident; Incident is its key.
	Incident, IncidentURL string
	Status                string // of the case in Kibana; "" if there is none
	// Wrong says where the sample is not in the state in which it should be.
	Wrong []string
}

// Samples is how many sample cases there are.
func Samples() int { return len(samples()) + len(troubles()) }

// Run pushes the samples and returns what became of them, always in the same
// order. An error means that the demo could not go on, because ctx ended for
// example; a sample that differs from what was expected says so in its row.
func (d *Demo) Run(ctx context.Context) ([]Row, error) {
	var slow, fast []*play // each written by one goroutine
	var group errgroup.Group
	group.Go(func() error { return d.play(ctx, troubles(), &slow) })
	group.Go(func() error { return d.play(ctx, samples(), &fast) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	d.plays = append(fast, slow...)
	return d.rows(), nil
}

// rows compares the state of all servers with what it should be.
func (d *Demo) rows() []Row {
	rows := make([]Row, 0, len(d.plays))
	for _, p := range d.plays {
		rows = append(rows, d.row(p))
	}
	return rows
}

func (d *Demo) play(ctx context.Context, list []sample, into *[]*play) error {
	for _, s := range list {
		p := &play{demo: d, sample: s, caseID: s.caseID()}
		*into = append(*into, p)
		if err := p.run(ctx); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			p.failed = fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func (p *play) run(ctx context.Context) error {
	if p.want.status != "" {
		in := p.in
		in.ID = p.caseID
		if _, err := p.demo.kibana.AddCase(event.DefaultSpace, in); err != nil {
			return err
		}
	}
	for _, s := range p.steps {
		if err := s(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// Stray compares all that the trackers hold with the rows: an incident that
// belongs to no sample is an error.
func (d *Demo) Stray(rows []Row) error {
	known := map[string]bool{}
	for _, r := range rows {
		known[r.Incident] = true
	}
	var errs []error
	for _, t := range d.trackers {
		for _, issue := range t.jira.Issues() {
			if !known[issue.Key] {
				errs = append(errs, fmt.Errorf("%s belongs to no sample: %q", issue.Key, issue.Text("summary")))
			}
		}
	}
	return errors.Join(errs...)
}
