package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
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

// selection says which dead letters a command is about.
type selection struct {
	filter ops.DeadLetterFilter
	reason string
	all    bool
	ids    []uint64
}

func (s *selection) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.filter.Connector, "connector", "", "only those of the connector with this `id`")
	cmd.Flags().StringVar(&s.filter.Case, "case", "", "only those of the case with this `id`")
	cmd.Flags().StringVar(&s.filter.Space, "space-id", "", "only those of this Kibana `space`")
	cmd.Flags().StringVar(&s.reason, "reason", "", "only those with this `reason`")
	_ = cmd.RegisterFlagCompletionFunc("reason", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return reasons(), cobra.ShellCompDirectiveNoFileComp
	})
}

func (s *selection) addAll(cmd *cobra.Command) {
	s.add(cmd)
	cmd.Flags().BoolVar(&s.all, "all", false, "all of them")
}

func reasons() []string {
	var list []string
	for _, r := range push.Reasons() {
		list = append(list, string(r))
	}
	return list
}

// check reads the ids and the reason.
func (s *selection) check(args []string) error {
	s.filter.Reason = push.Reason(s.reason)
	if s.reason != "" && !slices.Contains(push.Reasons(), s.filter.Reason) {
		return usage("--reason %q: there are %q", s.reason, reasons())
	}
	for _, arg := range args {
		id, err := strconv.ParseUint(arg, 10, 64)
		if err != nil || id == 0 {
			return usage("%q is no id of a dead letter: casepush dlq ls shows them", arg)
		}
		s.ids = append(s.ids, id)
	}
	return nil
}

// checkSome also wants something to be selected.
func (s *selection) checkSome(args []string) error {
	if err := s.check(args); err != nil {
		return err
	}
	filtered := s.all || s.filter != ops.DeadLetterFilter{}
	switch {
	case len(s.ids) == 0 && !filtered:
		return usage("which? Name ids, or --all, --connector, --reason, --case or --space-id")
	case len(s.ids) > 0 && filtered:
		return usage("name ids, or select by flags, not both")
	}
	return nil
}

// each gives the selected dead letters to f; missing hears of ids without one.
func (s *selection) each(ctx context.Context, o operator, f func(ops.DeadLetter) error, missing func(id uint64) error) error {
	if len(s.ids) == 0 {
		return o.DeadLetters(ctx, s.filter, f)
	}
	for _, id := range s.ids {
		d, err := o.DeadLetter(ctx, id)
		if errors.Is(err, stream.ErrNoDeadLetter) {
			err = missing(id)
		} else if err == nil {
			err = f(d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *app) dlqLs() *cobra.Command {
	var s selection
	var format string
	cmd := &cobra.Command{
		Use: "ls", Short: "List dead letters, oldest first", Args: noArgs,
		PreRunE: func(_ *cobra.Command, args []string) error { return s.check(args) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := a.newListing(format, "id", "at", "connector", "space", "case", "stage", "reason", "message")
			if err != nil {
				return err
			}
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error {
				err := o.DeadLetters(ctx, s.filter, func(d ops.DeadLetter) error {
					return l.row(d, strconv.FormatUint(d.ID, 10), timeText(d.LastAt), d.ConnectorID, d.SpaceID, d.CaseID,
						string(d.Stage), string(d.Reason), d.Message)
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
			return errors.Join(checkShowFormat(format), s.check(args))
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
