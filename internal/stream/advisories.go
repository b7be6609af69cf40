package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Our consumers have no limit of deliveries. If somebody sets one, the server
// drops what reaches it: the message stays in its stream, is delivered no more,
// also not when the limit goes, and all that tells of it is an advisory, once,
// to whoever listens (measured with nats-server 2.15.2).

const (
	maxDeliveries = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES"
	msgTerminated = "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED"
	// advisoriesHeld bounds the advisories that wait to be handled. What one of
	// those dropped was about is found by the sweep, or when its queue is begun
	// to be worked on the next time.
	advisoriesHeld = 4096
)

// Rescued is something that the server would not have delivered any more.
type Rescued struct {
	Consumer string
	// Limit is the max_deliver that somebody had set; it is taken off. -1: there
	// is none now.
	Limit int
	// Jobs and Events are those put on their queue, or routed, again: those that
	// are just being worked on are among them if there was a limit.
	Jobs, Events int
	// Terminated: a client ended the deliveries of the message with the sequence
	// Seq, for the Reason that it gave. A job is gone with it, and left to the
	// sweep.
	Terminated bool
	Seq        uint64
	Reason     string
	// Err: it has not been mended.
	Err error
}

// Rescue is what Conn.Rescue needs of the worker.
type Rescue struct {
	// Route routes an event again.
	Route func(ctx context.Context, in Incoming, id string) error
	// Told hears of what was found, here or when a queue was begun to be worked
	// on.
	Told func(Rescued)
}

// advisory is what we need of the server's.
type advisory struct {
	Consumer string `json:"consumer"`
	Seq      uint64 `json:"stream_seq"`
	Reason   string `json:"reason"` // of a termination
}

// Reasons by which the server says that a message was removed before it was
// done: by us, or by whoever may do that.
const (
	removedUndone  = "Unacknowledged message was deleted"
	removedByLimit = "Message deleted by stream limits"
)

// Rescue listens until ctx is done for what the server does not deliver any
// more, and brings it back; of all workers one handles each. Nothing is lost if
// nobody listens, but it takes longer: see Sweep.
func (c *Conn) Rescue(ctx context.Context, r Rescue) error {
	advisories := make(chan *nats.Msg, advisoriesHeld)
	for _, about := range []string{c.names.Work() + ".*", c.names.Events() + "." + c.routerName()} {
		for _, kind := range []string{maxDeliveries, msgTerminated} {
			sub, err := c.nc.ChanQueueSubscribe(kind+"."+about, c.names.prefix+"_rescue", advisories)
			if err != nil {
				return fmt.Errorf("listen for undelivered messages: %w", err)
			}
			defer func() { _ = sub.Unsubscribe() }()
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case found := <-c.rescued:
			r.Told(found)
		case m := <-advisories:
			if found, ok := c.rescue(ctx, r, m); ok && ctx.Err() == nil {
				r.Told(found)
			}
		}
	}
}

// rescue handles one advisory; ok is whether there is something to be told.
func (c *Conn) rescue(ctx context.Context, r Rescue, m *nats.Msg) (found Rescued, ok bool) {
	var a advisory
	if json.Unmarshal(m.Data, &a) != nil || a.Reason == removedUndone || a.Reason == removedByLimit {
		return found, false
	}
	terminated := strings.HasPrefix(m.Subject, msgTerminated)
	switch {
	case a.Consumer == c.routerName():
		found = c.rescueEvent(ctx, r, a)
		found.Terminated, found.Seq, found.Reason = terminated, a.Seq, a.Reason
		return found, true
	case terminated:
		return Rescued{Consumer: a.Consumer, Limit: -1, Terminated: true, Seq: a.Seq, Reason: a.Reason}, true
	}
	found, limited, err := c.mendQueue(ctx, a.Consumer)
	if !limited && err == nil {
		found.Jobs, err = c.requeue(ctx, c.names.prefix+".>", a.Seq, a.Seq)
	}
	found.Seq, found.Err = a.Seq, err
	return found, found.Jobs > 0 || err != nil
}

func (c *Conn) rescueEvent(ctx context.Context, r Rescue, a advisory) Rescued {
	found, limited, err := c.mendRouter(ctx, r.Route)
	if !limited && err == nil {
		found.Events, err = c.recall(ctx, a.Seq, a.Seq, r.Route)
	}
	found.Err = err
	return found
}

// mendQueue takes off a limit of deliveries of a queue's consumer, after it put
// the jobs anew that may have reached it.
func (c *Conn) mendQueue(ctx context.Context, name string) (Rescued, bool, error) {
	return c.mend(ctx, c.work, name, func(found *Rescued, at *jetstream.ConsumerInfo) (err error) {
		found.Jobs, err = c.requeue(ctx, at.Config.FilterSubject, 1, at.Delivered.Stream)
		return err
	})
}

// mendRouter is mendQueue for the router's, whose events are routed.
func (c *Conn) mendRouter(ctx context.Context, route func(context.Context, Incoming, string) error) (Rescued, bool, error) {
	return c.mend(ctx, c.events, c.routerName(), func(found *Rescued, at *jetstream.ConsumerInfo) (err error) {
		found.Events, err = c.recall(ctx, at.AckFloor.Stream+1, at.Delivered.Stream, route)
		return err
	})
}

// mend lets bring do its work and then takes off the limit: a death in between
// leaves the limit, by which the next one knows. limited: there was one.
func (c *Conn) mend(ctx context.Context, s jetstream.Stream, name string, bring func(*Rescued, *jetstream.ConsumerInfo) error) (found Rescued, limited bool, err error) {
	found = Rescued{Consumer: name, Limit: -1}
	cons, err := s.Consumer(ctx, name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return found, false, nil // the one to be made gets everything
	}
	if err != nil {
		return found, false, fmt.Errorf("consumer %s: %w", name, err)
	}
	at := cons.CachedInfo()
	if at.Config.MaxDeliver <= 0 {
		return found, false, nil
	}
	found.Limit = at.Config.MaxDeliver
	if err := bring(&found, at); err != nil {
		return found, true, err
	}
	config := at.Config
	config.MaxDeliver = -1
	if _, err := s.UpdateConsumer(ctx, config); err != nil {
		return found, true, fmt.Errorf("take max_deliver off consumer %s: %w", name, err)
	}
	return found, true, nil
}

// mended tells whoever rescues of what was mended beside.
func (c *Conn) mended(found Rescued, limited bool, err error) error {
	if limited && err == nil {
		select {
		case c.rescued <- found:
		default: // nobody does
		}
	}
	return err
}

// requeue puts the stored jobs of a queue anew, in order, each before its old
// message goes.
func (c *Conn) requeue(ctx context.Context, filter string, from, to uint64) (n int, err error) {
	for seq := from; seq <= to; {
		m, err := c.work.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(filter))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("read job %d: %w", seq, err)
		}
		if m.Sequence > to {
			return n, nil
		}
		if _, err := c.js.Publish(ctx, m.Subject, m.Data); err != nil {
			return n, fmt.Errorf("put job %d anew: %w", m.Sequence, err)
		}
		if err := c.work.DeleteMsg(ctx, m.Sequence); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return n, fmt.Errorf("remove job %d, which was put anew: %w", m.Sequence, err)
		}
		n++
		seq = m.Sequence + 1
	}
	return n, nil
}

// recall routes events again.
func (c *Conn) recall(ctx context.Context, from, to uint64, route func(context.Context, Incoming, string) error) (n int, err error) {
	for seq := from; seq <= to; seq++ {
		in, id, ok, err := c.Event(ctx, seq)
		if err != nil {
			return n, err
		}
		if !ok {
			continue
		}
		if err := route(ctx, in, id); err != nil {
			return n, fmt.Errorf("route event %d again: %w", seq, err)
		}
		n++
	}
	return n, nil
}
