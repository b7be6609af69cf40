package ops_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
)

func TestDeadLetterFilter(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for i, caseID := range []string{"a", "b", "c"} {
		d.letter(t, push.DeadLetter{
			ConnectorID: "soc-jira", CaseID: caseID, EventSeq: 1, Stage: push.StageCreate, Reason: push.ReasonRejected, LastAt: at.Add(time.Duration(i) * time.Hour),
		})
	}
	d.letter(t, push.DeadLetter{CaseID: "d", EventSeq: 1, Stage: push.StageRoute, Reason: push.ReasonNoConnector, LastAt: at})
	for _, c := range []struct {
		filter ops.DeadLetterFilter
		want   []uint64
	}{
		{ops.DeadLetterFilter{}, []uint64{1, 2, 3, 4}},
		{ops.DeadLetterFilter{Stage: push.StageRoute}, []uint64{4}},
		{ops.DeadLetterFilter{Connector: "soc-jira", Since: at.Add(time.Hour)}, []uint64{2, 3}},
		{ops.DeadLetterFilter{Before: at.Add(time.Hour)}, []uint64{1, 4}},
		{ops.DeadLetterFilter{Since: at.Add(time.Hour), Before: at.Add(2 * time.Hour)}, []uint64{2}},
		{ops.DeadLetterFilter{Case: "c", Reason: push.ReasonRejected}, []uint64{3}},
		{ops.DeadLetterFilter{Case: "c", Reason: push.ReasonForbidden}, nil},
	} {
		if got, err := d.DeadLetterIDs(t.Context(), c.filter); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v %v, want %v", c.filter, got, err, c.want)
		}
	}
}

// Many are taken in turn, no faster than is asked, until somebody interrupts.
func TestEachDeadLetter(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, caseID := range []string{"a", "b", "c"} {
		d.letter(t, push.DeadLetter{ConnectorID: "soc-jira", CaseID: caseID, EventSeq: 1, Stage: push.StageCreate, Reason: push.ReasonRejected})
	}
	var took, gone []uint64
	note := func(into *[]uint64) func(uint64) error {
		return func(id uint64) error {
			*into = append(*into, id)
			return nil
		}
	}
	take := func(l ops.DeadLetter) error { return note(&took)(l.ID) }
	begun := time.Now()
	const perSecond = 20
	if err := d.EachDeadLetter(t.Context(), []uint64{3, 99, 1, 2}, perSecond, take, note(&gone)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(took, []uint64{3, 1, 2}) || !slices.Equal(gone, []uint64{99}) {
		t.Errorf("took %v, gone %v", took, gone)
	}
	if d := time.Since(begun); d < 3*time.Second/perSecond {
		t.Errorf("four in %s, at most %d a second", d, perSecond)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	took = nil
	err := d.EachDeadLetter(ctx, []uint64{1, 2, 3}, 0, func(l ops.DeadLetter) error {
		interrupt()
		return take(l)
	}, note(&gone))
	if !errors.Is(err, context.Canceled) || len(took) != 1 {
		t.Errorf("interrupted: %v, took %v", err, took)
	}
}
