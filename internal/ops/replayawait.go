package ops

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// LastResult is a place in the stream of outcomes to await a replay from: take
// it before the first job is queued.
func (o *Ops) LastResult(ctx context.Context) (uint64, error) { return o.conn.LastResult(ctx) }

// AwaitReplay gives told the outcome of each job: the newest that was stored
// after the place given, covers the job's event at its connector, and was there
// when no job and no wake-up of the case was left on the queue. A result does
// not name its job, and that of another push may come first. It returns the jobs
// without an outcome, in order, when none has been told for the time given, or
// with an error.
func (o *Ops) AwaitReplay(ctx context.Context, after uint64, jobs []ReplayJob, patience time.Duration, told func(push.Result)) ([]ReplayJob, error) {
	a := awaiting{Ops: o, told: told, open: map[ledger.Key]ReplayJob{}, heard: map[ledger.Key]push.Result{}, over: map[ledger.Key]uint64{}}
	for _, j := range jobs {
		a.open[j.Key()] = j
	}
	if len(a.open) == 0 {
		return nil, nil
	}
	waiting, end := context.WithCancelCause(ctx)
	defer end(nil)
	late := time.AfterFunc(patience, func() { end(errLate) })
	defer late.Stop()
	err := o.conn.FollowResults(waiting, after, func(seq uint64, r *push.Result) error {
		open := len(a.open)
		err := a.hear(waiting, seq, r)
		if len(a.open) < open {
			late.Reset(patience)
		}
		if err == nil && len(a.open) == 0 {
			err = errAllTold
		}
		return err
	})
	if errors.Is(err, errAllTold) || errors.Is(context.Cause(waiting), errLate) {
		err = nil
	}
	return slices.SortedFunc(maps.Values(a.open), bySequence), err
}

var (
	errLate    = errors.New("no outcome in time")
	errAllTold = errors.New("all outcomes are told")
)

// awaiting is what is known of jobs whose outcomes are not told yet.
type awaiting struct {
	*Ops
	told  func(push.Result)
	open  map[ledger.Key]ReplayJob
	heard map[ledger.Key]push.Result // the newest outcome of open ones
	// over has those of heard whose jobs are gone: the newest of their results
	// up to this sequence is the last word.
	over    map[ledger.Key]uint64
	checked time.Time
}

// checkEvery bounds how often jobs are looked for, two reads for each.
const checkEvery = 250 * time.Millisecond

// hear takes the result that was stored at seq; nil is that there are no
// further ones now.
func (a *awaiting) hear(ctx context.Context, seq uint64, r *push.Result) error {
	if r != nil {
		key := ledger.Key{Connector: r.ConnectorID, Space: r.SpaceID, Case: r.CaseID}
		if j, ok := a.open[key]; ok && (r.EventSeq == j.Seq || r.ThroughSeq >= j.Seq) {
			a.heard[key] = *r
		}
	}
	if len(a.heard) == 0 || r != nil && time.Since(a.checked) < checkEvery {
		return nil
	}
	if err := a.check(ctx); err != nil {
		return err
	}
	a.checked = time.Now()
	for _, key := range slices.SortedFunc(maps.Keys(a.over), a.inOrder) {
		if a.over[key] <= seq {
			a.told(a.heard[key])
			delete(a.open, key)
			delete(a.heard, key)
			delete(a.over, key)
		}
	}
	return nil
}

// check finds out whose jobs are gone, and then up to where their outcomes are stored.
func (a *awaiting) check(ctx context.Context) error {
	var gone []ledger.Key
	for key := range a.heard {
		if _, known := a.over[key]; known {
			continue
		}
		has, err := a.conn.HasJob(ctx, key)
		if err != nil {
			return err
		}
		if !has {
			gone = append(gone, key)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	last, err := a.conn.LastResult(ctx)
	if err != nil {
		return err
	}
	for _, key := range gone {
		a.over[key] = last
	}
	return nil
}

// inOrder compares open jobs by their events.
func (a *awaiting) inOrder(x, y ledger.Key) int { return bySequence(a.open[x], a.open[y]) }
