package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ops"
)

// linkFlags say which incidents are adopted and how.
type linkFlags struct {
	file, format             string
	overwrite, yes, planOnly bool
}

func (a *app) linkCommand() *cobra.Command {
	var f linkFlags
	cmd := &cobra.Command{
		Use: "link --csv (FILE | -)", Short: "Adopt incidents that cases have already",
		Long: `Adopt incidents that cases have already, from a list: CSV with a header row.

  connector_id, case_id, incident_id   needed; incident_id is the tracker's id, or its key (Jira: HMS-17)
  space_id                             Kibana's space (default: default)
  title, url                           of the incident, for people (default: its id, and none)

Each incident is looked up at the tracker where that is possible. It must be there, and be no other case's. A case
that has another incident keeps it without --overwrite. What a case still owes is pushed at once; else its next
event updates the incident, and sends the comments that casepush has not sent. Incidents that Kibana pushed need
no list: they are found by themselves.

The list is checked whole before anything is done, and may be given again. Exit codes: 6 some were not linked,
5 none was, and a tracker refuses the credentials.`,
		Example: "  casepush link --csv incidents.csv --plan",
		Args:    noArgs,
		PreRunE: func(*cobra.Command, []string) error {
			if f.file == "" {
				return usage("which incidents? Give a list with --csv FILE, or --csv - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return a.link(cmd.Context(), &f) },
	}
	a.configFlag(cmd.Flags())
	cmd.Flags().StringVar(&f.file, "csv", "", "`file` of incidents; - is standard input (required)")
	cmd.Flags().BoolVar(&f.overwrite, "overwrite", false, "also replace other incidents of the cases")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "also link what cannot be looked up")
	cmd.Flags().BoolVar(&f.planOnly, "plan", false, "only show what would be done; trackers are asked all the same")
	listingFlag(cmd, &f.format)
	return cmd
}

func (a *app) link(ctx context.Context, f *linkFlags) error {
	links, err := a.readLinks(f)
	if err != nil {
		return err
	}
	l, err := a.newListing(f.format, "line", "connector", "space", "case", "incident", "result")
	if err != nil {
		return err
	}
	return a.operate(ctx, func(ctx context.Context, o operator) error {
		linker, err := o.NewLinker(ctx, links, ops.LinkOptions{
			Overwrite: f.overwrite, Sure: f.yes, PlanOnly: f.planOnly,
			OnClaim: func(owner string, lease time.Duration) {
				fmt.Fprintf(a.err, "worker %q holds a case: watching for %s whether it is alive\n", owner, lease)
			},
		})
		if err != nil {
			return err
		}
		t := linkTally{listing: l, planOnly: f.planOnly}
		for _, link := range links {
			if err := t.tell(link)(linker.Link(ctx, link)); err != nil {
				return errors.Join(err, l.close())
			}
			if ctx.Err() != nil {
				return errors.Join(fail(exitFailed, errors.New("interrupted"), "the same command goes on"), l.close())
			}
		}
		return errors.Join(l.close(), t.judge(len(links)))
	})
}

// readLinks tells mistakes in the form that editors understand.
func (a *app) readLinks(f *linkFlags) ([]ops.Link, error) {
	in, name := a.in, "stdin"
	if f.file != "-" {
		file, err := os.Open(f.file)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in, name = file, f.file
	}
	links, err := ops.ReadLinks(in, isWeb)
	var wrong *ops.Mistakes
	if errors.As(err, &wrong) {
		for _, m := range wrong.List {
			fmt.Fprintf(a.err, "%s:%d: %v\n", name, m.Line, m.Err)
		}
		if wrong.More > 0 {
			fmt.Fprintf(a.err, "%s: and %d more\n", name, wrong.More)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: nothing was linked", name, err)
	}
	return links, nil
}

// linkTally tells what became of each line and counts.
type linkTally struct {
	listing      *listing
	planOnly     bool
	failed, good int
	refused      int // of the failed, because of credentials
}

// linkRow is one line of JSON.
type linkRow struct {
	Line        int    `json:"line"`
	ConnectorID string `json:"connector_id"`
	SpaceID     string `json:"space_id"`
	CaseID      string `json:"case_id"`
	IncidentID  string `json:"incident_id"`
	Linked      bool   `json:"linked"`
	Redriven    bool   `json:"redriven,omitempty"`
	Message     string `json:"message"`
}

// tell takes what Linker.Link returns.
func (t *linkTally) tell(link ops.Link) func(ops.LinkResult, error) error {
	return func(r ops.LinkResult, err error) error {
		row := linkRow{
			Line: link.Line, ConnectorID: link.Key.Connector, SpaceID: link.Key.Space, CaseID: link.Key.Case,
			IncidentID: link.Incident.ID, Linked: r.Done && !t.planOnly, Redriven: r.Redriven, Message: linkWord(r, t.planOnly),
		}
		if t.good++; err != nil {
			t.good--
			t.failed++
			row.Message = "failed: " + err.Error()
		}
		switch {
		case err == nil:
		case connector.AsError("", err).Kind == connector.Unauthenticated:
			t.refused++
		case !isLinkFailure(err):
			return fmt.Errorf("line %d: case %q at connector %q: %w", link.Line, link.Key.Case, link.Key.Connector, err)
		}
		return t.listing.row(row, strconv.Itoa(link.Line), link.Key.Connector, link.Key.Space, link.Key.Case, link.Incident.Title, row.Message)
	}
}

// isLinkFailure reports whether an error is about one line and not about all.
func isLinkFailure(err error) bool {
	for _, of := range []error{ops.ErrOther, ops.ErrTaken, ops.ErrNoIncident, ops.ErrNotLookedUp, ops.ErrClaimed, ledger.ErrConflict} {
		if errors.Is(err, of) {
			return true
		}
	}
	return false
}

func linkWord(r ops.LinkResult, planOnly bool) string {
	switch {
	case !r.Done:
		return "unchanged: it has this incident"
	case planOnly:
		return "would be linked"
	case r.Redriven:
		return "linked; pushed again now"
	}
	return "linked"
}

func (t *linkTally) judge(links int) error {
	err := fmt.Errorf("%d of %d incidents were not linked", t.failed, links)
	switch {
	case t.failed == 0:
		return nil
	case t.refused > 0 && t.good == 0:
		return fail(exitRefused, err, "correct the connector's secrets")
	}
	return fail(exitPartly, err, "the lines that failed can be corrected and given again; --overwrite replaces other incidents, --yes links what cannot be looked up")
}
