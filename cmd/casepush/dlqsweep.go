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

// sweep does one thing with each of the selected dead letters, tells it, and counts.
type sweep struct {
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

// swept is one line of JSON.
type swept struct {
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

func (a *app) newSweepListing(format string) (*listing, error) {
	return a.newListing(format, "id", "connector", "space", "case", "reason", "result")
}

// run takes the ids in turn. Interrupted, it says how far it came.
func (s *sweep) run(ctx context.Context, a *app, ids []uint64) error {
	s.total, s.bar = len(ids), a.newBar()
	if isTerminal(a.out) { // both write to the same place
		s.listing.out = clearing{s.listing.out, s.bar}
	}
	err := s.EachDeadLetter(ctx, ids, s.perSecond, func(d ops.DeadLetter) error { return s.one(ctx, d) }, s.missing)
	s.bar.end()
	if err != nil && ctx.Err() != nil {
		err = fail(exitFailed, fmt.Errorf("interrupted: %d of %d dead letters were %s", s.done, s.total, s.did), "the same command goes on")
	}
	return errors.Join(err, s.listing.close())
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

func (s *sweep) one(ctx context.Context, d ops.DeadLetter) error {
	err := s.act(ctx, d)
	switch {
	case err == nil:
		s.done++
	case errors.Is(err, stream.ErrNoDeadLetter): // somebody else was faster
		return s.missing(d.ID)
	case errors.Is(err, ops.ErrUncertain):
		s.uncertain++
		s.left++
	case errors.Is(err, ops.ErrSameAgain):
		s.left++
	default:
		return fmt.Errorf("dead letter %d: %w", d.ID, err)
	}
	return s.tell(d, err)
}

// missing is told of one that is not there: after it was selected it was pushed
// or dropped, which is what was wanted.
func (s *sweep) missing(id uint64) error {
	s.gone++
	return s.tell(ops.DeadLetter{ID: id}, stream.ErrNoDeadLetter)
}

func (s *sweep) tell(d ops.DeadLetter, left error) error {
	did := left == nil && !s.planOnly
	row := swept{ID: d.ID, ConnectorID: d.ConnectorID, SpaceID: d.SpaceID, CaseID: d.CaseID, Reason: string(d.Reason)}
	if s.did == droppedWord {
		row.Dropped = &did
	} else {
		row.Redriven = &did
	}
	word := s.did
	switch {
	case left != nil:
		row.Left, word = left.Error(), "left: "+left.Error()
	case s.planOnly:
		word = "would be " + s.did
	}
	err := s.listing.row(row, strconv.FormatUint(d.ID, 10), d.ConnectorID, d.SpaceID, d.CaseID, string(d.Reason), word)
	s.bar.update(s.does, uint64(s.done+s.left+s.gone), uint64(s.total))
	return err
}

// judge gives the exit code.
func (s *sweep) judge() error {
	left := s.left
	if s.named {
		left += s.gone
	}
	switch {
	case left == 0:
		return nil
	case left == s.uncertain:
		return fail(exitUncertain, fmt.Errorf("%d of %d dead letters are uncertain: a person must decide", left, s.total), "casepush resolve settles them")
	case s.did == droppedWord && s.done == 0:
		return fail(exitFailed, errors.New("nothing was dropped"), "casepush dlq ls shows what there is")
	}
	return fail(exitPartly, fmt.Errorf("%d of %d dead letters were left", left, s.total), "")
}
