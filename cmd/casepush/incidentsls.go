package main

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/ops"
)

func (a *app) incidentsLs() *cobra.Command {
	var filter ops.IncidentFilter
	var format string
	cmd := &cobra.Command{
		Use: "ls", Short: "List cases and their incidents", Args: noArgs,
		Long: `List cases and their incidents, in no particular order. States: ok; retry (waits for its next attempt);
uncertain (something may have been sent: it is looked up first, or a person decides); dead (the last push
is a dead letter); claimed (a worker is at it).

--uncertain, --dead and --waiting select by that, several of them what any selects. --uncertain alone tells
what may have been sent, since when, and what a person must do.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			columns, cells := incidentColumns(filter)
			l, err := a.newListing(format, columns...)
			if err != nil {
				return err
			}
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error {
				err := o.Incidents(ctx, filter, func(i ops.Incident) error {
					mend := ops.MendIncident(i, time.Now())
					return l.row(mendedIncident{i, mend}, cells(i, mend)...)
				})
				return errors.Join(err, l.close())
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&filter.Connector, "connector", "", "only those at the connector with this `id`")
	f.StringVar(&filter.Case, "case", "", "only those of the case with this `id`")
	f.StringVar(&filter.Space, "space-id", "", "only those of this Kibana `space`")
	f.BoolVar(&filter.Uncertain, "uncertain", false, "only those where something may have been sent and is not being sent now")
	f.BoolVar(&filter.Dead, "dead", false, "only those whose last push is a dead letter")
	f.BoolVar(&filter.Waiting, "waiting", false, "only those that wait for their next attempt")
	listingFlag(cmd, &format)
	return cmd
}

// mendedIncident is an incident with what to do about it.
type mendedIncident struct {
	ops.Incident
	Mend string `json:"mend,omitempty"`
}

// incidentColumns are those of a listing, and the cells of a row.
func incidentColumns(f ops.IncidentFilter) ([]string, func(i ops.Incident, mend string) []string) {
	if f.Uncertain && !f.Dead && !f.Waiting {
		return []string{"connector", "space", "case", "state", "incident", "uncertain", "since", "what_to_do"}, uncertainCells
	}
	return []string{"connector", "space", "case", "state", "incident", "comments", "cursor", "next_attempt", "outcome", "url"},
		func(i ops.Incident, _ string) []string { return incidentCells(i) }
}

func uncertainCells(i ops.Incident, mend string) []string {
	what, since := "", i.RecordedAt
	if u := i.Uncertain; u != nil {
		what, since = u.String(), u.Since
	}
	return []string{i.ConnectorID, i.SpaceID, i.CaseID, string(i.State), cmp.Or(i.Title, i.IncidentID), what, timeText(since), mend}
}

func incidentCells(i ops.Incident) []string {
	next := ""
	switch {
	case i.Blocked:
		next = "waits for a person"
	case i.Retry != nil:
		next = timeText(i.Retry.At)
	}
	outcome := ""
	if i.Last != nil {
		outcome = string(i.Last.Outcome)
		if i.Last.Reason != "" {
			outcome += ": " + string(i.Last.Reason)
		}
	}
	return []string{
		i.ConnectorID, i.SpaceID, i.CaseID, string(i.State), cmp.Or(i.Title, i.IncidentID), strconv.Itoa(i.Comments),
		strconv.FormatUint(i.Cursor, 10), next, outcome, i.URL,
	}
}
