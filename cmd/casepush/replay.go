package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/worker"
)

func (a *app) replayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay (--since TIME | --from-seq N | --case ID)",
		Short: "Bring the trackers in step with the cases of past events",
		Long: `Bring the trackers in step with the cases of past events.

Events are read from the queue's history and reduced to their cases. Each case is compared once with what is
known of its incident, and only what differs is written: the newest state counts, whatever the range of
events. A replay onto trackers that are in step writes nothing. It never closes a case.

What would be done is told first; on a terminal it asks then, elsewhere it needs --yes. The worker does the
pushes. Interrupted, it says how to go on.

Cases that could only fail are left out and told: their connector is not in the configuration, Kibana does not
have them, or a person has to resolve them first. Exit codes: 6 some were left out or, with --wait, dead-lettered,
7 all of these are uncertain, 1 interrupted, or no outcome in time.`,
		Example: `  casepush replay --since 3d --connector soc-jira
  casepush replay --since 2026-11-23T08:00:00Z --until 2026-11-23T12:00:00Z --yes --wait
  casepush replay --from-seq 1 --connector old-jira --to new-jira --plan`,
		Args:    noArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.check(cmd, time.Now()) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error { return a.replay(ctx, o, &f) })
		},
	}
	a.configFlag(cmd.Flags())
	f.add(cmd)
	return cmd
}

const nothingQueued = "before anything was queued"

// replayer is one replay on its way.
type replayer struct {
	*app
	operator
	*replayFlags
	planner *worker.Planner
	*ops.Replay
	tally *tally
}

func (a *app) replay(ctx context.Context, o operator, f *replayFlags) error {
	if err := f.checkConnectors(ctx, o); err != nil {
		return err
	}
	planner, err := worker.NewPlanner(o.config, adapters.Types(), o.queue.Conn)
	if err != nil {
		return fail(exitConfig, err, "")
	}
	r := &replayer{app: a, operator: o, replayFlags: f, planner: planner}
	b := a.newBar()
	r.Replay, err = o.SelectReplay(ctx, f.filter, planner, b.update)
	b.end()
	if err != nil {
		return r.stopped(ctx, err, nothingQueued)
	}
	r.tally = newTally(r.Replay)
	r.announce()
	switch {
	case f.plan:
		return r.showPlan(ctx)
	case len(r.Jobs) == 0:
		return errors.Join(r.print(), r.judge())
	}
	if err := r.mayGoOn(ctx); err != nil {
		return err
	}
	return r.send(ctx)
}

// send queues the jobs and, if that is asked for, waits for their outcomes.
func (r *replayer) send(ctx context.Context) error {
	after, err := r.LastResult(ctx)
	if err != nil {
		return r.stopped(ctx, err, nothingQueued)
	}
	b := r.newBar()
	n, err := r.QueueReplay(ctx, r.Replay, r.rate, func(j ops.ReplayJob) {
		r.tally.queued(j)
		b.update("queueing", uint64(r.tally.Queued), uint64(len(r.Jobs)))
	})
	b.end()
	if err != nil {
		r.tally.Resume = r.ResumeCommand(n, r.filter, r.again...)
		err = r.stopped(ctx, err, fmt.Sprintf("with %d of %s queued", n, plural(len(r.Jobs), "job")))
		return errors.Join(r.print(), withHint(err, "to go on: "+r.tally.Resume))
	}
	if !r.wait {
		fmt.Fprintf(r.err, "queued %s as %s; the worker does the pushes, and casepush incidents ls and casepush dlq ls show what became of them\n", plural(n, "job"), r.ID)
		return errors.Join(r.print(), r.judge())
	}
	open, err := r.AwaitReplay(ctx, after, r.Jobs, r.timeout, func(o push.Result) {
		r.tally.outcome(o)
		b.update("pushing", uint64(r.tally.outcomes()), uint64(len(r.Jobs)))
	})
	b.end()
	r.tally.withoutOutcome(open)
	if err != nil {
		err = r.stopped(ctx, err, fmt.Sprintf("with the outcomes of %d of %s; the worker goes on", r.tally.outcomes(), plural(len(r.Jobs), "push")))
		return errors.Join(r.print(), err)
	}
	return errors.Join(r.print(), r.judge())
}

// stopped gives an error that ends a replay its exit code, and says how far it came.
func (r *replayer) stopped(ctx context.Context, err error, where string) error {
	switch {
	case ctx.Err() != nil:
		return fail(exitFailed, fmt.Errorf("interrupted %s", where), "")
	case !r.queue.Connected():
		return fail(exitUnreachable, fmt.Errorf("ended %s: %w", where, err), "")
	}
	var e *exitError
	if err = planError(err); errors.As(err, &e) {
		return fail(e.code, fmt.Errorf("ended %s: %w", where, err), e.hint)
	}
	return fmt.Errorf("ended %s: %w", where, err)
}

func withHint(err error, hint string) error {
	code := exitFailed
	var e *exitError
	if errors.As(err, &e) {
		code = e.code
	}
	return fail(code, err, hint)
}

// judge is the exit code of a replay that went through.
func (r *replayer) judge() error {
	t := r.tally.counts
	left, uncertain := 0, 0
	for _, l := range r.Left {
		switch {
		case l.Expected():
		case errors.Is(l.Err, ops.ErrUncertain):
			uncertain += l.Cases
		default:
			left += l.Cases
		}
	}
	dead := t.DeadLettered - t.Uncertain
	uncertain += t.Uncertain
	switch {
	case left > 0 && dead > 0:
		return fail(exitPartly, fmt.Errorf("%s left out, %d of %s dead-lettered", plural(left, "case"), dead, plural(len(r.Jobs), "push")), "casepush dlq ls shows the reasons")
	case left > 0:
		return fail(exitPartly, fmt.Errorf("%s left out, as told above", plural(left, "case")), "")
	case dead > 0:
		return fail(exitPartly, fmt.Errorf("%d of %s dead-lettered", dead, plural(len(r.Jobs), "push")), "casepush dlq ls shows the reasons")
	case t.Open > 0:
		return fail(exitFailed, fmt.Errorf("%d of %s without an outcome, and none came for %s: what is left stays on the queue", t.Open, plural(len(r.Jobs), "push"), r.timeout), "is a worker running, and does the tracker answer? casepush incidents ls shows what waits")
	case uncertain > 0:
		return fail(exitUncertain, fmt.Errorf("%s uncertain: something may have been sent, and a person must decide", plural(uncertain, "case")), "casepush incidents ls --uncertain")
	}
	return nil
}
