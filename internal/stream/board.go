package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/gate"
)

// Keys of a queue in the config bucket.
const (
	ownerKey = "owner"
	pauseKey = "pause"
	holdKey  = "hold"
)

// everyQueue is the token under which what concerns all queues is kept.
const everyQueue = "+all"

// Notes is what all workers know of a queue.
type Notes struct {
	Owner string // the worker that has it; "" is nobody, or not known
	// Pause is the queue's own, or that of all queues.
	Pause *gate.Pause
	Hold  gate.Hold
}

// Board shows what all workers share about the queues, as it changes; each worker
// has one. Safe for concurrent use.
type Board struct {
	c    *Conn
	mine atomic.Int64 // queues that this worker has, or is about to take

	mu    sync.Mutex
	notes map[string]Notes         // by token
	wake  map[string]chan struct{} // by token; closed at the next change
}

// boardRetry is the wait before a watch that broke is begun anew.
const boardRetry = time.Second

// Board begins to watch, until ctx is done, and returns when everything that
// was stored is known.
func (c *Conn) Board(ctx context.Context) (*Board, error) {
	b := &Board{c: c, notes: map[string]Notes{}, wake: map[string]chan struct{}{}}
	ready := make(chan struct{})
	var once sync.Once
	failed := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			err := b.watch(ctx, func() { once.Do(func() { close(ready) }) })
			select {
			case failed <- err: // only the first is waited for
			default:
			}
			sleep(ctx, boardRetry, nil)
		}
	}()
	select {
	case <-ready:
		return b, nil
	case err := <-failed:
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// watch follows the keys until ctx is done or it breaks; known is called when
// all that was stored has been seen.
func (b *Board) watch(ctx context.Context, known func()) error {
	cons, err := b.c.config.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{b.c.names.setting("queue", ">"), b.c.trustSubject()}, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy,
	})
	if err != nil {
		return fmt.Errorf("watch the queues: %w", err)
	}
	messages, err := cons.Messages(jetstream.PullHeartbeat(pullHeartbeat))
	if err != nil {
		return fmt.Errorf("watch the queues: %w", err)
	}
	defer messages.Stop()
	info, err := cons.Info(ctx)
	if err != nil {
		return fmt.Errorf("watch the queues: %w", err)
	}
	if info.NumPending == 0 && info.Delivered.Consumer == 0 {
		known() // nothing is stored
	}
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, jetstream.ErrMsgIteratorClosed), errors.Is(err, jetstream.ErrStreamNotFound):
			return fmt.Errorf("watch the queues: %w", err)
		case err != nil:
			continue // the consumer is made anew by itself
		}
		b.note(m.Subject(), m.Data())
		if meta, err := m.Metadata(); err == nil && meta.NumPending == 0 {
			known()
		}
	}
}

// note takes in one key.
func (b *Board) note(subject string, body []byte) {
	if subject == b.c.trustSubject() {
		var t trust
		if json.Unmarshal(body, &t) == nil {
			b.c.distrusted.Store(&t)
		}
		return
	}
	rest, ok := strings.CutPrefix(subject, b.c.names.setting("queue", ""))
	token, key, found := strings.Cut(rest, ".")
	if !ok || !found {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.notes[token]
	switch key {
	case ownerKey:
		h := holder{}
		_ = json.Unmarshal(body, &h) // nothing, or what cannot be read: nobody
		n.Owner = h.Owner
	case pauseKey:
		n.Pause = nil
		if len(body) > 0 {
			n.Pause = &gate.Pause{}
			_ = json.Unmarshal(body, n.Pause) // a pause that cannot be read is one
		}
	case holdKey:
		n.Hold = gate.Hold{}
		_ = json.Unmarshal(body, &n.Hold) // the tracker itself tells again
	}
	b.notes[token] = n
	b.wakeUp(token)
}

// wakeUp tells those who wait for the queue; the caller holds the lock.
func (b *Board) wakeUp(token string) {
	if token == everyQueue {
		for t, ch := range b.wake {
			close(ch)
			delete(b.wake, t)
		}
		return
	}
	if ch, ok := b.wake[token]; ok {
		close(ch)
		delete(b.wake, token)
	}
}

// changed is closed at the next change of the queue.
func (b *Board) changed(token string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	ch, ok := b.wake[token]
	if !ok {
		ch = make(chan struct{})
		b.wake[token] = ch
	}
	return ch
}

// Notes is what is known of the connector's queue now; changed is closed when
// that changes. "" is the queue of events that wait for Kibana.
func (b *Board) Notes(queue string) (n Notes, changed <-chan struct{}) {
	token := queueToken(queue)
	changed = b.changed(token)
	b.mu.Lock()
	defer b.mu.Unlock()
	n = b.notes[token]
	if n.Pause == nil {
		n.Pause = b.notes[everyQueue].Pause
	}
	return n, changed
}

// Each gives every queue that something is known of to f, in no order.
func (b *Board) Each(f func(queue string, n Notes)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for token, n := range b.notes {
		switch token {
		case everyQueue, upkeepQueue:
		case routeQueue:
			f("", n)
		default:
			f(decode(token), n)
		}
	}
}

// mergeTries bounds how often a hold is merged with what others store.
const mergeTries = 5

// PutHold stores a hold of the connector's queue, for the other workers and the
// time after a restart: what gate.Merge makes of it and of what is stored.
func (c *Conn) PutHold(ctx context.Context, queue string, h gate.Hold) error {
	subject := c.names.queueSetting(queueToken(queue), holdKey)
	for try := 1; ; try++ {
		var stored gate.Hold
		rev, _, err := c.getSetting(ctx, subject, &stored)
		if err != nil {
			return err
		}
		merged, write := gate.Merge(stored, h, time.Now())
		if !write {
			return nil
		}
		if _, err = c.casSetting(ctx, subject, merged, rev, 0); !errors.Is(err, errTaken) || try == mergeTries {
			return err
		}
	}
}

// ReadNotes reads what is stored of the queue, but for its owner, from the
// leader: a Board may be behind.
func (c *Conn) ReadNotes(ctx context.Context, queue string) (n Notes, err error) {
	token := queueToken(queue)
	if _, _, err := c.getSetting(ctx, c.names.queueSetting(token, holdKey), &n.Hold); err != nil {
		return n, err
	}
	for _, of := range []string{token, everyQueue} {
		var p gate.Pause
		_, ok, err := c.getSetting(ctx, c.names.queueSetting(of, pauseKey), &p)
		if err != nil {
			return n, err
		}
		if ok {
			n.Pause = &p
			break
		}
	}
	return n, nil
}

// Pause keeps the connector's queue from being worked on, by any worker, until
// Resume. Jobs are taken and wait.
func (c *Conn) Pause(ctx context.Context, queue string, p gate.Pause) error {
	return c.putSetting(ctx, c.names.queueSetting(queueToken(queue), pauseKey), p)
}

// PauseAll is Pause for all queues, those of connectors to come included.
func (c *Conn) PauseAll(ctx context.Context, p gate.Pause) error {
	return c.putSetting(ctx, c.names.queueSetting(everyQueue, pauseKey), p)
}

// Resume ends a pause of the queue and whatever holds it: a person says that
// the cause is mended. A pause of all queues stays.
func (c *Conn) Resume(ctx context.Context, queue string, at time.Time) error {
	token := queueToken(queue)
	if err := c.endSetting(ctx, c.names.queueSetting(token, pauseKey)); err != nil {
		return err
	}
	return c.putSetting(ctx, c.names.queueSetting(token, holdKey), gate.Hold{ResumedAt: at})
}

// ResumeAll ends the pause of all queues; those that were paused by themselves
// stay so.
func (c *Conn) ResumeAll(ctx context.Context) error {
	return c.endSetting(ctx, c.names.queueSetting(everyQueue, pauseKey))
}

// endSetting writes the marker of a key that is no more.
func (c *Conn) endSetting(ctx context.Context, subject string) error {
	if _, err := c.js.Publish(ctx, subject, nil, jetstream.WithMsgTTL(markerAge)); err != nil {
		return fmt.Errorf("write %s: %w", subject, err)
	}
	return nil
}
