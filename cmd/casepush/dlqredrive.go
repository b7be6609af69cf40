package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/stream"
)

func (a *app) dlqRedrive() *cobra.Command {
	var s selection
	var format string
	var planOnly bool
	cmd := &cobra.Command{
		Use: "redrive [ID…]", Short: "Send dead letters' pushes again",
		Long: `Send dead letters' pushes again. A dead letter goes when its push succeeds.

What can only fail as before is left alone and told. Exit codes: 6 some were left, 7 all that were left
are uncertain: casepush resolve settles them.`,
		Example: "  casepush dlq redrive 17 18\n  casepush dlq redrive --connector soc-jira --reason unauthenticated",
		Args:    func(_ *cobra.Command, args []string) error { return s.checkSome(args) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := a.newListing(format, "id", "connector", "space", "case", "reason", "result")
			if err != nil {
				return err
			}
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error {
				r := redriver{operator: o, listing: l, planOnly: planOnly}
				err := s.each(ctx, o, func(d ops.DeadLetter) error { return r.one(ctx, d) }, r.missing)
				return errors.Join(err, l.close(), r.summary(err))
			})
		},
	}
	s.addAll(cmd)
	cmd.Flags().BoolVar(&planOnly, "plan", false, "only show what would be sent again")
	listingFlag(cmd, &format)
	return cmd
}

// redriver sends dead letters again and counts.
type redriver struct {
	operator
	listing               *listing
	planOnly              bool
	done, left, uncertain int
}

// redriven is one line of JSON.
type redriven struct {
	ID          uint64 `json:"id"`
	ConnectorID string `json:"connector_id,omitempty"`
	SpaceID     string `json:"space_id,omitempty"`
	CaseID      string `json:"case_id,omitempty"`
	Reason      string `json:"reason,omitempty"`
	Redriven    bool   `json:"redriven"`
	Left        string `json:"left,omitempty"` // why
}

func (r *redriver) one(ctx context.Context, d ops.DeadLetter) error {
	act, word := r.Redrive, "redriven"
	if r.planOnly {
		act, word = r.CheckRedrive, "would be redriven"
	}
	err := act(ctx, d)
	row := redriven{ID: d.ID, ConnectorID: d.ConnectorID, SpaceID: d.SpaceID, CaseID: d.CaseID, Reason: string(d.Reason), Redriven: err == nil && !r.planOnly}
	switch {
	case err == nil:
		r.done++
	case errors.Is(err, ops.ErrUncertain):
		r.uncertain++
		r.left++
	case errors.Is(err, ops.ErrSameAgain):
		r.left++
	default:
		return fmt.Errorf("redrive dead letter %d: %w", d.ID, err)
	}
	if err != nil {
		row.Left, word = err.Error(), "left: "+err.Error()
	}
	return r.listing.row(row, strconv.FormatUint(d.ID, 10), d.ConnectorID, d.SpaceID, d.CaseID, string(d.Reason), word)
}

func (r *redriver) missing(id uint64) error {
	r.left++
	return r.listing.row(redriven{ID: id, Left: stream.ErrNoDeadLetter.Error()}, strconv.FormatUint(id, 10), "", "", "", "", "left: "+stream.ErrNoDeadLetter.Error())
}

func (r *redriver) summary(err error) error {
	switch {
	case err != nil || r.left == 0:
		return nil
	case r.left == r.uncertain:
		return fail(exitUncertain, fmt.Errorf("%d of %d dead letters are uncertain: a person must decide", r.left, r.done+r.left), "casepush resolve settles them")
	}
	return fail(exitPartly, fmt.Errorf("%d of %d dead letters were left", r.left, r.done+r.left), "")
}

func (a *app) dlqDrop() *cobra.Command {
	var s selection
	var yes bool
	cmd := &cobra.Command{
		Use: "drop [ID…]", Short: "Remove dead letters for good",
		Long: `Remove dead letters for good, without sending anything. Events stay in their stream, and a case that is
uncertain stays so until casepush resolve. All but a single id needs --yes.`,
		Args: func(_ *cobra.Command, args []string) error { return s.checkSome(args) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), func(ctx context.Context, o operator) error { return a.drop(ctx, o, &s, yes) })
		},
	}
	s.addAll(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "do it")
	return cmd
}

func (a *app) drop(ctx context.Context, o operator, s *selection, yes bool) error {
	found, gone := 0, 0
	missing := func(id uint64) error {
		gone++
		fmt.Fprintf(a.err, "%d: %v\n", id, stream.ErrNoDeadLetter)
		return nil
	}
	sure := yes || len(s.ids) == 1
	err := s.each(ctx, o, func(d ops.DeadLetter) error {
		found++
		if !sure {
			return nil
		}
		if err := o.Drop(ctx, d.ID); err != nil && !errors.Is(err, stream.ErrNoDeadLetter) {
			return err
		}
		_, err := fmt.Fprintf(a.out, "%d\tdropped\n", d.ID)
		return err
	}, missing)
	switch {
	case err != nil:
		return err
	case gone > 0 && found == 0:
		return fail(exitFailed, errors.New("nothing was dropped"), "casepush dlq ls shows what there is")
	case !sure && found > 0:
		return usage("%d dead letters would be dropped for good: repeat with --yes", found)
	case gone > 0:
		return fail(exitPartly, fmt.Errorf("%d of %d dead letters were not there", gone, gone+found), "")
	}
	return nil
}
