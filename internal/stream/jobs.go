package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/push"
)

// PutJob puts a job on its connector's queue and waits until it is stored.
func (c *Conn) PutJob(ctx context.Context, j push.Job) error {
	return c.putJob(ctx, encode(j.Connector), j)
}

// PutRoute puts aside an event whose connector only Kibana knows, so that an
// outage of Kibana does not hold up the others.
func (c *Conn) PutRoute(ctx context.Context, j push.Job) error {
	if j.WaitsSince.IsZero() {
		j.WaitsSince = time.Now().UTC()
	}
	return c.putJob(ctx, routeQueue, j)
}

func (c *Conn) putJob(ctx context.Context, queue string, j push.Job) error {
	j.Format = push.Format
	body, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encode job: %w", err)
	}
	msg := nats.NewMsg(c.names.job(queue, j.Space, j.Case))
	msg.Data = body
	if _, _, err := c.workWrites.publish(ctx, msg); err != nil {
		return fmt.Errorf("put job of case %q on queue of connector %q: %w", j.Case, j.Connector, err)
	}
	return nil
}

// Headers of a scheduled message (ADR-51).
const (
	scheduleHeader = "Nats-Schedule"
	targetHeader   = "Nats-Schedule-Target"
)

// comeBack stores the wake-ups that the end of a job asks for. It is called
// before the job is acknowledged.
func (c *Conn) comeBack(ctx context.Context, queue string, j push.Job, v push.Verdict) error {
	later, look := v.Action == push.Later, v.VerifyAt
	if later && (j.Kind == push.KindVerify || j.Kind == push.KindSweep && v.At.Equal(look)) {
		// What waits is the second look alone: the entry's retry, if it has
		// one, has a wake-up of its own.
		later, look = false, v.At
	}
	if !look.IsZero() {
		second := j
		second.Kind = push.KindVerify
		if err := c.schedule(ctx, c.names.laterVerify(queue, j.Space, j.Case), queue, second, look); err != nil {
			return err
		}
	}
	if !later {
		return nil
	}
	j.Kind = wakeKind(j.Kind)
	subject := c.names.later(queue, j.Space, j.Case)
	if queue == routeQueue {
		subject = c.names.laterRoute(j.Space, j.Case, j.Seq)
	}
	return c.schedule(ctx, subject, queue, j, v.At)
}

// schedule stores a job that comes back to its queue at the given time. A later
// call for the same subject replaces it. Schedules have whole seconds, so the
// time is rounded up; they may fire a little early all the same, which the
// ledger's own time guards against.
func (c *Conn) schedule(ctx context.Context, subject, queue string, j push.Job, at time.Time) error {
	j.Format, j.Redelivered = push.Format, false
	body, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encode job: %w", err)
	}
	msg := nats.NewMsg(subject)
	msg.Data = body
	whole := at.Truncate(time.Second)
	if whole.Before(at) {
		whole = whole.Add(time.Second)
	}
	msg.Header.Set(scheduleHeader, "@at "+whole.UTC().Format(time.RFC3339))
	msg.Header.Set(targetHeader, c.names.job(queue, j.Space, j.Case))
	if _, err := c.js.PublishMsg(ctx, msg); err != nil {
		return fmt.Errorf("schedule %s of case %q: %w", j.Kind, j.Case, err)
	}
	return nil
}

// Queues lists the connectors that have jobs or wake-ups stored.
func (c *Conn) Queues(ctx context.Context) ([]string, error) {
	info, err := c.work.Info(ctx, jetstream.WithSubjectFilter(">"))
	if err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	seen := map[string]bool{}
	var ids []string
	for subject := range info.State.Subjects {
		if g, ok := c.sighted(subject); ok && g.queue != routeQueue && !seen[g.queue] {
			seen[g.queue] = true
			ids = append(ids, decode(g.queue))
		}
	}
	return ids, nil
}

// Backlog is what is left to do.
type Backlog struct {
	Events      uint64            // not routed yet
	ByConnector map[string]uint64 // jobs on the queues, those being worked on included; "" is events that wait for Kibana
	Waiting     uint64            // retries that wait for their time
}

// Backlog counts what is left to do.
func (c *Conn) Backlog(ctx context.Context) (Backlog, error) {
	b := Backlog{ByConnector: map[string]uint64{}}
	cons, err := c.events.Consumer(ctx, c.routerName())
	if err != nil {
		return b, fmt.Errorf("backlog: %w", err)
	}
	stored, err := c.events.Info(ctx)
	if err != nil {
		return b, fmt.Errorf("backlog: %w", err)
	}
	b.Events = unrouted(cons.CachedInfo(), stored.State.Msgs)
	sizes, err := c.QueueSizes(ctx)
	if err != nil {
		return b, fmt.Errorf("backlog: %w", err)
	}
	for id, size := range sizes {
		b.Waiting += size.Retries
		if size.Jobs > 0 {
			b.ByConnector[id] = size.Jobs
		}
	}
	return b, nil
}

// unrouted counts the events that the router has not done. The server counts
// what it is just delivering in neither of its numbers, and has none yet right
// after it made the consumer.
func unrouted(router *jetstream.ConsumerInfo, stored uint64) uint64 {
	n := router.NumPending + uint64(router.NumAckPending)
	switch {
	case n > 0:
		return n
	case router.Delivered.Stream == 0:
		return stored
	case router.Delivered.Stream > router.AckFloor.Stream:
		return 1
	}
	return 0
}
