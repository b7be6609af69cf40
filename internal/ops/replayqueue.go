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

// QueueReplay puts the replay's jobs on their connectors' queues, in order and
// each after the one before was stored, at most perSecond of them a second; 0
// is as fast as it goes. It returns how many were stored for certain: one more
// may have been when there is an error, which does no harm. told hears of each.
//
// Jobs carry no message id: one that is dropped as a duplicate could be the
// wake-up that a case needs.
func (o *Ops) QueueReplay(ctx context.Context, r *Replay, perSecond float64, told func(ReplayJob)) (int, error) {
	p := pacer{}
	if perSecond > 0 {
		p.every = time.Duration(float64(time.Second) / perSecond)
	}
	for n, j := range r.Jobs {
		if err := p.wait(ctx); err != nil {
			return n, err
		}
		if err := o.conn.PutJob(ctx, j.Job); err != nil {
			return n, err
		}
		told(j)
	}
	return len(r.Jobs), nil
}

// pacer lets its user go on once in a while; it makes up for no lost time.
type pacer struct {
	every time.Duration
	next  time.Time
}

func (p *pacer) wait(ctx context.Context) error {
	now := time.Now()
	if rest := p.next.Sub(now); rest > 0 {
		timer := time.NewTimer(rest)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		now = p.next
	}
	p.next = now.Add(p.every)
	return ctx.Err()
}

// LastResult is a place in the stream of outcomes to await a replay from: take
// it before the first job is queued.
func (o *Ops) LastResult(ctx context.Context) (uint64, error) { return o.conn.LastResult(ctx) }

// AwaitReplay gives told one outcome of each job: the first that was stored
// after the place given and covers the job's event at its connector, be it the
// replay's own or that of another push. It returns the jobs without one, in
// order, when there is none for the time given, or with an error.
func (o *Ops) AwaitReplay(ctx context.Context, after uint64, jobs []ReplayJob, patience time.Duration, told func(push.Result)) ([]ReplayJob, error) {
	open := make(map[ledger.Key]ReplayJob, len(jobs))
	for _, j := range jobs {
		open[j.Key()] = j
	}
	if len(open) == 0 {
		return nil, nil
	}
	waiting, end := context.WithCancelCause(ctx)
	defer end(nil)
	late := time.AfterFunc(patience, func() { end(errLate) })
	defer late.Stop()
	err := o.conn.FollowResults(waiting, after, func(r push.Result) error {
		key := ledger.Key{Connector: r.ConnectorID, Space: r.SpaceID, Case: r.CaseID}
		j, ok := open[key]
		if !ok || r.EventSeq != j.Seq && r.ThroughSeq < j.Seq {
			return nil
		}
		delete(open, key)
		late.Reset(patience)
		told(r)
		if len(open) == 0 {
			return errAllTold
		}
		return nil
	})
	if errors.Is(err, errAllTold) || errors.Is(context.Cause(waiting), errLate) {
		err = nil
	}
	return slices.SortedFunc(maps.Values(open), bySequence), err
}

var (
	errLate    = errors.New("no outcome in time")
	errAllTold = errors.New("all outcomes are told")
)
