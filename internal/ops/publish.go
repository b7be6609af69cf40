package ops

import (
	"context"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// Receipt says that the queue has an event.
type Receipt struct {
	Seq     uint64 `json:"event_seq"`
	CaseID  string `json:"case_id"`
	SpaceID string `json:"space_id"`
	// Duplicate: the queue had an event of this id within its window already
	// and took no second one; Seq is the first one's.
	Duplicate bool `json:"duplicate"`
}

// Publish puts an event on the queue. It returns after the queue has stored it.
func (o *Ops) Publish(ctx context.Context, e event.Event) (Receipt, error) {
	if e.SpaceID == "" {
		e.SpaceID = event.DefaultSpace
	}
	seq, duplicate, err := o.conn.Publish(ctx, e)
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Seq: seq, CaseID: e.CaseID, SpaceID: e.SpaceID, Duplicate: duplicate}, nil
}

// Awaited is a published event whose outcome is listened for. Close it.
type Awaited struct {
	Receipt
	connector string // that the event names; "" if it names none
	listener  *stream.Listener
}

// PublishAwaited puts an event on the queue and listens for its outcome, from
// before the event is published.
func (o *Ops) PublishAwaited(ctx context.Context, e event.Event) (*Awaited, error) {
	if e.SpaceID == "" {
		e.SpaceID = event.DefaultSpace
	}
	l, err := o.conn.Listen(e.SpaceID, e.CaseID)
	if err != nil {
		return nil, err
	}
	r, err := o.Publish(ctx, e)
	if err != nil {
		l.Close()
		return nil, err
	}
	return &Awaited{Receipt: r, connector: e.ConnectorID, listener: l}, nil
}

// Outcome waits for the first outcome that covers the event: its own, or that
// of a newer event of the case, at the connector that the event names if it
// names one. That of a duplicate may have been told before, and is then never
// heard: bound ctx, or do not wait for it.
func (a *Awaited) Outcome(ctx context.Context) (push.Result, error) {
	for {
		r, err := a.listener.Next(ctx, a.Seq)
		if err != nil || r.EventSeq == a.Seq || a.connector == "" || a.connector == r.ConnectorID {
			return r, err
		}
	}
}

// Close ends listening.
func (a *Awaited) Close() { a.listener.Close() }
