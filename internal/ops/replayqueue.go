package ops

import (
	"context"
	"time"
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
