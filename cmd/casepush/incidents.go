package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/ops"
)

func (a *app) incidentsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "incidents",
		Short: "The ledger: which incident each case has, and how it stands",
		RunE:  needsVerb,
	}
	a.configFlag(cmd.PersistentFlags())
	cmd.AddCommand(a.incidentsLs(), a.incidentsShow())
	return cmd
}

func (a *app) incidentsShow() *cobra.Command {
	var filter ops.IncidentFilter
	var format string
	cmd := &cobra.Command{
		Use: "show CASE", Short: "Show all that the ledger knows of a case",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("%s takes one case id, got %d arguments", cmd.CommandPath(), len(args))
			}
			filter.Case = args[0]
			return checkShowFormat(format)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error { return a.showIncidents(ctx, o, filter, format) })
		},
	}
	cmd.Flags().StringVar(&filter.Connector, "connector", "", "only at the connector with this `id`")
	cmd.Flags().StringVar(&filter.Space, "space-id", "", "only in this Kibana `space`")
	showFlag(cmd, &format)
	return cmd
}

// showIncidents holds the entries of one case: as many as there are connectors.
func (a *app) showIncidents(ctx context.Context, o operator, filter ops.IncidentFilter, format string) error {
	found := []ops.Incident{}
	err := o.Incidents(ctx, filter, func(i ops.Incident) error {
		found = append(found, i)
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return fail(exitFailed, fmt.Errorf("case %q: %w", filter.Case, ops.ErrNoEntry), "was it pushed? casepush dlq ls --case shows a push that found no connector")
	case format == formatJSON:
		return a.printJSON(found)
	}
	for n, i := range found {
		if n > 0 {
			fmt.Fprintln(a.out)
		}
		if err := a.printDetails(incidentDetails(i)); err != nil {
			return err
		}
	}
	return nil
}

func incidentDetails(i ops.Incident) []detail {
	details := []detail{
		{"case", i.SpaceID + "/" + i.CaseID},
		{"connector", i.ConnectorID},
		{"state", string(i.State)},
		{"incident", strings.TrimSpace(i.Title + " " + bracketed(i.IncidentID))},
		{"url", i.URL},
		{"how", string(i.How)},
		{"since", timeText(i.Since)},
		{"second look at", timeText(i.SecondLook)},
		{"comments", strconv.Itoa(i.Comments)},
		{"cursor", fmt.Sprintf("event %d", i.Cursor)},
		{"claimed by", i.ClaimedBy},
	}
	for _, d := range i.Duplicates {
		details = append(details, detail{"duplicate", strings.TrimSpace(d.Title + " " + bracketed(d.IncidentID) + " " + d.URL)}, detail{"found at", timeText(d.FoundAt)})
	}
	if u := i.Uncertain; u != nil {
		how := "uncertain"
		if i.State == ops.StateClaimed {
			how = "in flight"
		}
		details = append(details, detail{how, u.String()}, detail{how + " since", timeText(u.Since)}, detail{"looked up at", timeText(u.LookUpAt)})
	}
	details = append(details, detail{"what to do", ops.MendIncident(i, time.Now())})
	if r := i.Retry; r != nil {
		details = append(details, detail{"next attempt", timeText(r.At)}, detail{"attempts", strconv.Itoa(r.Attempts)},
			detail{"first attempt", timeText(r.First)}, detail{"stage", r.Stage}, detail{"message", r.Reason})
	}
	if l := i.Last; l != nil {
		details = append(details, detail{"last outcome", strings.TrimSpace(string(l.Outcome) + " " + bracketed(string(l.Reason)))},
			detail{"of event", fmt.Sprintf("%d (%s)", l.EventSeq, l.EventID)}, detail{"at", timeText(l.At)})
	}
	return append(details, detail{"case closed at", timeText(i.ClosedAt)})
}

func bracketed(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}
