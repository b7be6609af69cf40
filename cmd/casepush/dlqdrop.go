package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/ops"
)

// dropFlags say what is removed.
type dropFlags struct {
	selection
	format        string
	planOnly, yes bool
}

func (a *app) dlqDrop() *cobra.Command {
	var f dropFlags
	cmd := &cobra.Command{
		Use: "drop [ID…]", Short: "Remove dead letters for good",
		Long: `Remove dead letters for good, without sending anything. Events stay in their stream, and a case that is
uncertain stays so until casepush resolve. All but a single id needs --yes; --plan shows what it would be.`,
		Example: "  casepush dlq drop 17\n  casepush dlq drop --connector old-jira --before 30d --plan",
		Args:    func(_ *cobra.Command, args []string) error { return f.checkSome(args, time.Now()) },
		PreRunE: func(*cobra.Command, []string) error {
			if f.planOnly && f.yes {
				return usage("--plan drops nothing: it goes without --yes")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error { return a.drop(ctx, o, &f) })
		},
	}
	f.addAll(cmd)
	cmd.Flags().BoolVar(&f.planOnly, "plan", false, "only show what would be dropped")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do it")
	listingFlag(cmd, &f.format)
	return cmd
}

func (a *app) drop(ctx context.Context, o operator, f *dropFlags) error {
	l, err := a.newRoundListing(f.format)
	if err != nil {
		return err
	}
	ids, err := f.find(ctx, o)
	if err != nil {
		return err
	}
	if sure := f.yes || f.planOnly || len(f.ids) == 1; !sure && len(ids) > 0 {
		return usage("%d dead letters would be dropped for good: repeat with --yes, or look with --plan", len(ids))
	}
	r := round{
		operator: o, did: droppedWord, does: "dropping", planOnly: f.planOnly, named: len(f.ids) > 0, listing: l,
		act: func(ctx context.Context, d ops.DeadLetter) error { return o.Drop(ctx, d.ID) },
	}
	if f.planOnly {
		r.act = func(context.Context, ops.DeadLetter) error { return nil }
	}
	if err := r.run(ctx, a, ids); err != nil {
		return err
	}
	return r.judge()
}
