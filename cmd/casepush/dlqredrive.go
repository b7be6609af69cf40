package main

import (
	"context"
	"math"
	"time"

	"github.com/spf13/cobra"
)

// Redriven jobs go to the same queues as those of new events, which wait behind
// them: many go in slowly.
const (
	manyLetters = 100
	manyRate    = 50 // a second
)

// redriveFlags say what is sent again and how.
type redriveFlags struct {
	selection
	format   string
	planOnly bool
	rate     float64 // a second
	rateSet  bool
}

func (a *app) dlqRedrive() *cobra.Command {
	var f redriveFlags
	cmd := &cobra.Command{
		Use: "redrive [ID…]", Short: "Send dead letters' pushes again",
		Long: `Send dead letters' pushes again. A dead letter goes when its push succeeds.

What can only fail as before is left alone and told. Interrupted, the same command goes on: a push that was
sent again twice is made once. Exit codes: 6 some were left, 7 all that were left are uncertain: casepush
resolve settles them; 1 interrupted.`,
		Example: "  casepush dlq redrive 17 18\n  casepush dlq redrive --connector soc-jira --reason unauthenticated\n  casepush dlq redrive --since 2h --stage create --plan",
		Args:    func(_ *cobra.Command, args []string) error { return f.checkSome(args, time.Now()) },
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.checkRate(cmd) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error { return a.redrive(ctx, o, &f) })
		},
	}
	f.addAll(cmd)
	cmd.Flags().BoolVar(&f.planOnly, "plan", false, "only show what would be sent again")
	cmd.Flags().Float64Var(&f.rate, "rate", 0, "at most this many `pushes` a second are queued; 0 is no limit (default: no limit for up to 100, else 50)")
	listingFlag(cmd, &f.format)
	return cmd
}

func (f *redriveFlags) checkRate(cmd *cobra.Command) error {
	f.rateSet = cmd.Flags().Changed("rate")
	switch {
	case f.rate < 0 || math.IsNaN(f.rate) || math.IsInf(f.rate, 0):
		return usage("--rate %v: want a number of pushes a second, or 0 for no limit", f.rate)
	case f.planOnly && f.rateSet:
		return usage("--plan sends nothing: it goes without --rate")
	}
	return nil
}

// perSecond is how fast so many are sent again; 0 is as fast as it goes.
func (f *redriveFlags) perSecond(letters int) float64 {
	if f.rateSet || f.planOnly || letters <= manyLetters {
		return f.rate
	}
	return manyRate
}

func (a *app) redrive(ctx context.Context, o operator, f *redriveFlags) error {
	l, err := a.newRoundListing(f.format)
	if err != nil {
		return err
	}
	ids, err := f.find(ctx, o)
	if err != nil {
		return err
	}
	r := round{
		operator: o, act: o.Redrive, does: "redriving", did: redrivenWord, planOnly: f.planOnly,
		perSecond: f.perSecond(len(ids)), named: len(f.ids) > 0, listing: l,
	}
	if f.planOnly {
		r.act = o.CheckRedrive
	}
	if err := r.run(ctx, a, ids); err != nil {
		return err
	}
	return r.judge()
}
