package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) ledgerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "Copy the ledger, restore it, or say that it lacks something",
		RunE:  needsVerb,
	}
	a.configFlag(cmd.PersistentFlags())
	cmd.AddCommand(a.ledgerExport(), a.ledgerImport(), a.ledgerDistrust())
	return cmd
}

func (a *app) ledgerDistrust() *cobra.Command {
	var before, why string
	var at time.Time
	cmd := &cobra.Command{
		Use: "distrust", Short: "Say that the ledger may lack what was done",
		Long: `Say that the ledger may lack what was done before a time: after NATS lost data, or was restored from a copy
of its own. From then on, whatever is older is looked up at the tracker before anything is created or added, and
trackers that cannot be searched wait for a person. Nothing is sent twice for lack of a record.

It costs look-ups and some waiting, and it cannot be taken back: a time earlier than one that is known changes
nothing. Workers that run hear of it. casepush ledger import says it by itself.`,
		Args: noArgs,
		PreRunE: func(*cobra.Command, []string) error {
			now := time.Now()
			if at = now; before == "" {
				return nil
			}
			if err := readWhen("before", before, now, &at); err != nil {
				return err
			}
			if at.After(now) {
				return usage("--before %s is in the future", timeText(at))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error { return a.distrust(ctx, o, at, why) })
		},
	}
	cmd.Flags().StringVar(&before, "before", "", "the `time` before which it may lack something: RFC 3339, or how long ago, such as 2h or 3d (default now)")
	cmd.Flags().StringVar(&why, "why", "a person said so", "`reason`, for the record")
	return cmd
}

func (a *app) distrust(ctx context.Context, o operator, before time.Time, why string) error {
	known := o.TrustedSince()
	if err := o.DistrustLedger(ctx, before, why); err != nil {
		return err
	}
	word := "the ledger is trusted since %s: what is older is looked up before anything is sent\n"
	if !before.After(known) {
		word = "nothing was changed: the ledger is trusted since %s anyway\n"
	}
	_, err := fmt.Fprintf(a.out, word, timeText(o.TrustedSince()))
	return err
}
