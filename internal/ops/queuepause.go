package ops

import (
	"context"
	"time"

	"github.com/casepush/casepush/internal/gate"
)

// PauseQueue keeps the queue from being worked on by any worker, until
// ResumeQueue: events are taken and their jobs wait. A queue that is paused
// already stays as it is, whoever did that and why; changed says so. The queue
// of a connector that does not exist yet may be paused.
func (o *Ops) PauseQueue(ctx context.Context, q Queue, p gate.Pause) (changed bool, err error) {
	if q.Pause != nil {
		return false, nil
	}
	return true, o.conn.Pause(ctx, q.ConnectorID, p)
}

// PauseAllQueues is PauseQueue for all, those to come included.
func (o *Ops) PauseAllQueues(ctx context.Context, qs Queues, p gate.Pause) (changed bool, err error) {
	if qs.Pause != nil {
		return false, nil
	}
	return true, o.conn.PauseAll(ctx, p)
}

// ResumeQueue ends the queue's own pause and whatever holds it: a person says
// that the cause is mended, and its pushes go at once. A pause of all queues
// stays. changed is false if there was neither.
func (o *Ops) ResumeQueue(ctx context.Context, q Queue) (changed bool, err error) {
	if q.Pause == nil && q.Hold == nil {
		return false, nil
	}
	at := time.Now()
	if q.Hold != nil && q.Hold.Since.After(at) {
		at = q.Hold.Since // the worker's clock is ahead; it is this hold that the person has seen
	}
	return true, o.conn.Resume(ctx, q.ConnectorID, at.UTC())
}

// ResumeAllQueues ends the pause of all queues. Their own pauses and holds stay.
func (o *Ops) ResumeAllQueues(ctx context.Context, qs Queues) (changed bool, err error) {
	if qs.Pause == nil {
		return false, nil
	}
	return true, o.conn.ResumeAll(ctx)
}
