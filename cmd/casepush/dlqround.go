package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/stream"
)

// round does one thing with each of the selected dead letters, tells it, and counts.
type round struct {
	operator
	act        func(context.Context, ops.DeadLetter) error
	does, did  string  // in words: would be …, …
	planOnly   bool    // act changes nothing
	perSecond  float64 // 0 is no limit
	named      bool    // ids were named: one that is not there is a mistake
	listing    *listing
	bar        *bar
	total      int
	done, left int // left: for a reason that was told
	uncertain  int // of those left
	gone       int // not there, or not any more
}

// roundLine is one line of JSON.
type roundLine struct {
	ID          uint64 `json:"id"`
	ConnectorID string `json:"connector_id,omitempty"`
	SpaceID     string `json:"space_id,omitempty"`
	CaseID      string `json:"case_id,omitempty"`
	Reason      string `json:"reason,omitempty"`
	Redriven    *bool  `json:"redriven,omitempty"`
	Dropped     *bool  `json:"dropped,omitempty"`
	Left        string `json:"left,omitempty"` // why
}

const (
	redrivenWord = "redriven"
	droppedWord  = "dropped"
)

func (a *app) newRoundListing(format string) (*listing, error) {
	return a.newListing(format, "id", "connector", "space", "case", "reason", "result")
}

// run takes the ids in turn. Interrupted, it says how far it came.
func (r *round) run(ctx context.Context, a *app, ids []uint64) error {
	r.total, r.bar = len(ids), a.newBar()
	if isTerminal(a.out) { // both write to the same place
		r.listing.out = clearing{r.listing.out, r.bar}
	}
	err := r.EachDeadLetter(ctx, ids, r.perSecond, func(d ops.DeadLetter) error { return r.one(ctx, d) }, r.missing)
	r.bar.end()
	if err != nil && ctx.Err() != nil {
		err = fail(exitFailed, fmt.Errorf("interrupted: %d of %d dead letters were %s", r.done, r.total, r.did), "the same command goes on")
	}
	return errors.Join(err, r.listing.close())
}

// clearing takes the bar away before something is written to its terminal.
type clearing struct {
	io.Writer
	bar *bar
}

func (c clearing) Write(p []byte) (int, error) {
	c.bar.end()
	return c.Writer.Write(p)
}

func (r *round) one(ctx context.Context, d ops.DeadLetter) error {
	err := r.act(ctx, d)
	switch {
	case err == nil:
		r.done++
	case errors.Is(err, stream.ErrNoDeadLetter): // somebody else was faster
		return r.missing(d.ID)
	case errors.Is(err, ops.ErrUncertain):
		r.uncertain++
		r.left++
	case errors.Is(err, ops.ErrSameAgain):
		r.left++
	default:
		return fmt.Errorf("dead letter %d: %w", d.ID, err)
	}
	return r.tell(d, err)
}

// missing is told of one that is not there: after it was selected it was pushed
// or dropped, which is what was wanted.
func (r *round) missing(id uint64) error {
	r.gone++
	return r.tell(ops.DeadLetter{ID: id}, stream.ErrNoDeadLetter)
}

func (r *round) tell(d ops.DeadLetter, left error) error {
	did := left == nil && !r.planOnly
	row := roundLine{ID: d.ID, ConnectorID: d.ConnectorID, SpaceID: d.SpaceID, CaseID: d.CaseID, Reason: string(d.Reason)}
	if r.did == droppedWord {
		row.Dropped = &did
	} else {
		row.Redriven = &did
	}
	word := r.did
	switch {
	case left != nil:
		row.Left, word = left.Error(), "left: "+left.Error()
	case r.planOnly:
		word = "would be " + r.did
	}
	err := r.listing.row(row, strconv.FormatUint(d.ID, 10), d.ConnectorID, d.SpaceID, d.CaseID, string(d.Reason), word)
	r.bar.update(r.does, uint64(r.done+r.left+r.gone), uint64(r.total))
	return err
}

// judge gives the exit code.
func (r *round) judge() error {
	left := r.left
	if r.named {
		left += r.gone
	}
	switch {
	case left == 0:
		return nil
	case left == r.uncertain:
		return fail(exitUncertain, fmt.Errorf("%d of %d dead letters are uncertain: a person must decide", left, r.total), "casepush resolve settles them")
	case r.did == droppedWord && r.done == 0:
		return fail(exitFailed, errors.New("nothing was dropped"), "casepush dlq ls shows what there is")
	}
	return fail(exitPartly, fmt.Errorf("%d of %d dead letters were left", left, r.total), "")
}
