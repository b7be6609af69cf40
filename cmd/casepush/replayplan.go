package main

import (
	"context"
	"fmt"

	"github.com/casepush/casepush/internal/ops"
)

// showPlan prints what each of the jobs would send now.
func (r *replayer) showPlan(ctx context.Context) error {
	failed, blocked := 0, 0
	for n, j := range r.Jobs {
		p, err := r.planJob(ctx, j)
		if ctx.Err() != nil {
			return r.stopped(ctx, err, fmt.Sprintf("after %d of %d plans", n, len(r.Jobs)))
		}
		if err != nil {
			if err = planError(err); len(r.Jobs) == 1 {
				return err
			}
			failed++
			fmt.Fprintln(r.err, err)
			continue
		}
		if p.blocked {
			blocked++
		}
		if err := r.printPlan(p, r.format); err != nil {
			return err
		}
	}
	switch {
	case failed > 0:
		return fail(exitPartly, fmt.Errorf("%d of %d pushes cannot be planned", failed, len(r.Jobs)), "")
	case blocked > 0:
		return fail(exitUncertain, fmt.Errorf("%d of %d cases are uncertain: a person must decide", blocked, len(r.Jobs)), "casepush incidents ls --uncertain")
	}
	return r.judge()
}

func (r *replayer) planJob(ctx context.Context, j ops.ReplayJob) (planned, error) {
	p := planned{CaseID: j.Case, SpaceID: j.Space, ConnectorID: j.Connector, Requests: []plannedRequest{}}
	e, err := r.NewestEvent(ctx, j.Job)
	if err != nil {
		return p, err
	}
	v, requests, err := r.planner.PlanJob(ctx, j.Job, e)
	if err != nil {
		return p, fmt.Errorf("plan push of case %q to connector %q: %w", j.Case, j.Connector, err)
	}
	p.fill(v, requests)
	return p, nil
}
