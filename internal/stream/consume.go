package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/push"
)

const (
	routerAckWait = 10 * time.Second // routing is a few writes to NATS
	leastAckWait  = 2 * time.Second
	defaultLease  = 30 * time.Second
	routerFlight  = 64
	// maxAckPending bounds the messages of one consumer that are delivered and
	// not acknowledged. Jobs that were handed back for later, because a dead
	// worker still holds their cases, are among them, and so is what a dead
	// worker had fetched: they must not use up what the others need.
	maxAckPending = 4096
	retryDelay    = 2 * time.Second // after an error of the infrastructure
	handBackMax   = 30 * time.Second
	// pullHeartbeat is how often the server says that a request for messages
	// stands. On a busy machine nats.go 1.55 may come to wait without one, and
	// asks again when it has heard nothing twice as long.
	pullHeartbeat = time.Second
)

func (c *Conn) routerName() string { return c.names.prefix + "_router" }

// Route gives every event to f, several at once and in no particular order,
// until ctx is done, and then waits for the calls in flight. An event whose
// call fails comes again.
func (c *Conn) Route(ctx context.Context, f func(ctx context.Context, in Incoming, id string) error) error {
	if err := c.mended(c.mendRouter(ctx, f)); err != nil && ctx.Err() == nil {
		return fmt.Errorf("router: %w", err)
	}
	cons, err := c.events.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: c.routerName(), AckPolicy: jetstream.AckExplicitPolicy, DeliverPolicy: jetstream.DeliverAllPolicy,
		AckWait: routerAckWait, MaxAckPending: maxAckPending, MaxDeliver: -1,
	})
	// A consumer ends with its stream, so whoever makes the stream anew is
	// noticed here.
	err = errors.Join(err, c.refresh(ctx))
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("router: %w", err)
	}
	return c.consume(ctx, cons, routerFlight, func(work context.Context, m jetstream.Msg) {
		meta, err := m.Metadata()
		if err != nil {
			_ = m.NakWithDelay(retryDelay)
			return
		}
		in := c.incoming(meta.Sequence.Stream, m.Subject(), m.Headers(), m.Data())
		in.StoredAt = meta.Timestamp
		c.decoded.put(c.Incarnation(), in.Seq, decodedEvent{in.Event, in.Err, in.Snapshot, in.SnapshotErr})
		if err := f(work, in, c.eventID(in.Event, in.Seq)); err != nil {
			_ = m.NakWithDelay(retryDelay) // a lost NAK only makes it later
			return
		}
		_ = m.Ack() // a lost ack only makes it come again
	})
}

// Work is a queue being worked on.
type Work struct {
	// Connector is the queue's connector id; "" is the queue of events that
	// wait for Kibana to be routed.
	Connector string
	InFlight  int // jobs at once
	// Lease is for how long a claim of Do's holds; 0 is 30 s. The jobs of a
	// worker that died come again after a part of it: whoever gets them has to
	// see the claim unchanged for the whole lease, and begins earlier so.
	Lease time.Duration
	// Do works on one job.
	Do func(ctx context.Context, j push.Job) (push.Verdict, error)
	// Admit waits until the queue may be worked on; nil: always. Nothing is
	// fetched without its leave. Its error is that of ctx.
	Admit func(ctx context.Context) (gate.Session, error)
}

func (w Work) admit(ctx context.Context) (gate.Session, error) {
	if w.Admit == nil {
		return gate.Session{}, nil
	}
	return w.Admit(ctx)
}

// ackWait is how long a job may be without a sign of life.
func (w Work) ackWait() time.Duration {
	lease := w.Lease
	if lease == 0 {
		lease = defaultLease
	}
	return max(leastAckWait, lease/3)
}

// Consume works on one queue until ctx is done, and then waits for the jobs in
// flight.
func (c *Conn) Consume(ctx context.Context, w Work) error {
	queue := queueToken(w.Connector)
	name := c.names.prefix + "_route"
	if w.Connector != "" {
		name = c.names.consumer(queue)
	}
	if err := c.mended(c.mendQueue(ctx, name)); err != nil && ctx.Err() == nil {
		return fmt.Errorf("queue of connector %q: %w", w.Connector, err)
	}
	cons, err := c.work.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: name, FilterSubject: c.names.queueFilter(queue), AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: w.ackWait(), MaxAckPending: max(maxAckPending, 4*w.InFlight), MaxDeliver: -1,
	})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("queue of connector %q: %w", w.Connector, err)
	}
	for {
		s, err := w.admit(ctx)
		if err != nil {
			return nil // ctx is done
		}
		flight := w.InFlight
		if s.Alone {
			flight = 1
		}
		session, end := during(ctx, s.Ended)
		err = c.consume(session, cons, flight, func(work context.Context, m jetstream.Msg) { c.job(work, queue, w, m) })
		end()
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// during is a context that ends with ctx, and when ended is closed.
func during(ctx context.Context, ended <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancel(ctx)
	go func() {
		select {
		case <-ended:
			end()
		case <-ctx.Done():
		}
	}()
	return ctx, end
}

func (c *Conn) job(ctx context.Context, queue string, w Work, m jetstream.Msg) {
	var j push.Job
	if err := json.Unmarshal(m.Data(), &j); err != nil || j.Format > push.Format {
		// A newer worker wrote it; one of its kind will take it.
		_ = m.NakWithDelay(handBackMax)
		return
	}
	if meta, err := m.Metadata(); err == nil {
		j.Redelivered, j.QueuedAt = meta.NumDelivered > 1, meta.Timestamp
	}
	if j.Stream != c.Incarnation() {
		if err := c.refresh(ctx); err != nil {
			_ = m.NakWithDelay(retryDelay)
			return
		}
	}
	stop := keepAlive(m, w.ackWait()/3)
	v, err := w.Do(ctx, j)
	stop()
	if err == nil && v.Action != push.HandBack {
		err = c.comeBack(context.WithoutCancel(ctx), queue, j, v)
		v.Action = push.Done
	}
	switch {
	case err != nil:
		_ = m.NakWithDelay(retryDelay)
	case v.Action == push.Done:
		_ = m.Ack()
	default:
		_ = m.NakWithDelay(max(v.Delay, 10*time.Millisecond))
	}
}

// wakeKind: a replay stays one; everything else comes back as a retry.
func wakeKind(k push.Kind) push.Kind {
	if k == push.KindReplay {
		return k
	}
	return push.KindRetry
}

// keepAlive asks the server for more time, every so often, while a push runs.
func keepAlive(m jetstream.Msg, every time.Duration) (stop func()) {
	var timer *time.Timer
	var mu sync.Mutex
	stopped := false
	var tick func()
	tick = func() {
		mu.Lock()
		defer mu.Unlock()
		if stopped {
			return
		}
		_ = m.InProgress()
		timer = time.AfterFunc(every, tick)
	}
	timer = time.AfterFunc(every, tick)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		timer.Stop()
	}
}

// consume gives messages to f, at most flight at once. Messages that were
// fetched and not begun when ctx ends are handed back at once.
func (c *Conn) consume(ctx context.Context, cons jetstream.Consumer, flight int, f func(context.Context, jetstream.Msg)) error {
	messages, err := cons.Messages(jetstream.PullMaxMessages(flight), jetstream.PullHeartbeat(pullHeartbeat), jetstream.PullExpiry(30*time.Second))
	if err != nil {
		return fmt.Errorf("consumer %s: %w", cons.CachedInfo().Name, err)
	}
	slots := make(chan struct{}, flight)
	var running sync.WaitGroup
	defer running.Wait()
	defer handBack(messages) // before the wait: others can begin them meanwhile
	// The calls outlive ctx until they are done: the caller bounds them.
	work := context.WithoutCancel(ctx)
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		switch {
		case ctx.Err() != nil:
			if m != nil {
				_ = m.Nak()
			}
			return nil
		case errors.Is(err, jetstream.ErrMsgIteratorClosed), errors.Is(err, jetstream.ErrConsumerDeleted), errors.Is(err, jetstream.ErrConsumerNotFound):
			return fmt.Errorf("consumer %s: %w", cons.CachedInfo().Name, err)
		case err != nil:
			// A missed heartbeat while NATS is away: the client goes on by itself,
			// but not with a consumer that has gone while it did not ask.
			if _, err := cons.Info(ctx); isAny(err, jetstream.ErrConsumerNotFound, jetstream.ErrStreamNotFound) {
				return fmt.Errorf("consumer %s: %w", cons.CachedInfo().Name, err)
			}
			continue
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			_ = m.Nak()
			return nil
		}
		running.Go(func() {
			defer func() { <-slots }()
			f(work, m)
		})
	}
}

// handBack ends the iteration and gives back what was fetched and not begun;
// else it would be delivered again only after ackWait.
func handBack(messages jetstream.MessagesContext) {
	messages.Drain()
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			messages.Stop() // no effect unless the time was over
			return
		}
		_ = m.Nak()
	}
}
