package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/ops"
)

func (a *app) dlqCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dlq",
		Short: "Dead letters: pushes put aside for a person",
		Long:  "Dead letters: pushes that cannot be done without a person, each with the reason.",
		RunE:  needsVerb,
	}
	a.configFlag(cmd.PersistentFlags())
	cmd.AddCommand(a.dlqLs(), a.dlqShow(), a.dlqRedrive(), a.dlqDrop())
	return cmd
}

// needsVerb is run when a command with sub-commands gets none, or none it knows.
func needsVerb(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("unknown command %q for %q", args[0], cmd.CommandPath())
	}
	return cmd.Help()
}

func (a *app) dlqLs() *cobra.Command {
	var s selection
	var format string
	cmd := &cobra.Command{
		Use: "ls", Short: "List dead letters, oldest first", Args: noArgs,
		PreRunE: func(_ *cobra.Command, args []string) error { return s.check(args, time.Now()) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := a.newListing(format, "id", "at", "connector", "space", "case", "stage", "reason", "attempts", "first", "event", "message")
			if err != nil {
				return err
			}
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error {
				err := o.DeadLetters(ctx, s.filter, func(d ops.DeadLetter) error {
					return l.row(d, strconv.FormatUint(d.ID, 10), timeText(d.LastAt), d.ConnectorID, d.SpaceID, d.CaseID,
						string(d.Stage), string(d.Reason), strconv.Itoa(d.Attempts), timeText(d.FirstAt), strconv.FormatUint(d.EventSeq, 10), d.Message)
				})
				return errors.Join(err, l.close())
			})
		},
	}
	s.add(cmd)
	listingFlag(cmd, &format)
	return cmd
}

func (a *app) dlqShow() *cobra.Command {
	var s selection
	var format string
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show one dead letter, and what can be done about it",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("%s takes one id, got %d", cmd.CommandPath(), len(args))
			}
			return errors.Join(checkShowFormat(format), s.check(args, time.Now()))
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error {
				d, err := o.DeadLetter(ctx, s.ids[0])
				if err != nil {
					return fmt.Errorf("dead letter %w", err)
				}
				return a.printDeadLetter(d, format)
			})
		},
	}
	showFlag(cmd, &format)
	return cmd
}

func showFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVarP(format, "output", "o", "", "`format`: text or json (default text)")
}

func checkShowFormat(format string) error {
	if format != "" && format != "text" && format != formatJSON {
		return usage("-o %q: want text or json", format)
	}
	return nil
}

func (a *app) printDeadLetter(d ops.DeadLetter, format string) error {
	if format == formatJSON {
		return a.printJSON(struct {
			ops.DeadLetter
			Mend string `json:"mend"`
		}{d, ops.Mend(d)})
	}
	status := ""
	if d.Status != 0 {
		status = strconv.Itoa(d.Status)
	}
	return a.printDetails([]detail{
		{"dead letter", strconv.FormatUint(d.ID, 10)},
		{"case", d.SpaceID + "/" + d.CaseID},
		{"owner", d.Owner},
		{"connector", d.ConnectorID},
		{"connector type", d.ConnectorTypeID},
		{"incident", d.IncidentTitle},
		{"event", fmt.Sprintf("%d (%s)", d.EventSeq, d.EventID)},
		{"reason", string(d.Reason)},
		{"stage", string(d.Stage)},
		{"HTTP status", status},
		{"message", d.Message},
		{"attempts", strconv.Itoa(d.Attempts)},
		{"first attempt", timeText(d.FirstAt)},
		{"last attempt", timeText(d.LastAt)},
		{"what to do", ops.Mend(d)},
	})
}
