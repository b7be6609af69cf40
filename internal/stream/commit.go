package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// maxBatch bounds the writes of one group; the server takes 1,000.
const maxBatch = 128

// committer writes to one stream. Of a server that flushes each write to its disk
// before it answers, those that wait together go as one atomic batch, which is
// one flush. Safe for concurrent use.
type committer struct {
	js     jetstream.JetStream
	groups bool // else each write goes by itself, at once
	// again is how often a write is repeated that found no leader. Not one which
	// expects a revision: it may have been stored all the same.
	again int

	mu      sync.Mutex
	waiting []*pendingWrite
	busy    bool // somebody is writing
}

// pendingWrite is a message that waits to be written.
type pendingWrite struct {
	msg  *nats.Msg
	done chan written // has room for one
}

type written struct {
	seq       uint64
	duplicate bool
	err       error
}

// publish writes a message, with others or alone. Its headers say what it
// expects (Nats-Expected-Last-Subject-Sequence, Nats-Msg-Id). The error is a
// *jetstream.APIError if it was refused; after any other it may have been stored.
func (b *committer) publish(ctx context.Context, msg *nats.Msg) (seq uint64, duplicate bool, err error) {
	if !b.groups {
		ack, err := b.js.PublishMsg(ctx, msg, jetstream.WithRetryAttempts(b.again))
		if err != nil {
			return 0, false, err
		}
		return ack.Sequence, ack.Duplicate, nil
	}
	if err := ctx.Err(); err != nil {
		return 0, false, err // nobody waits for it: it must not be written behind his back
	}
	w := &pendingWrite{msg, make(chan written, 1)}
	b.mu.Lock()
	b.waiting = append(b.waiting, w)
	begin := !b.busy
	b.busy = true
	b.mu.Unlock()
	if begin {
		go b.run()
	}
	select {
	case r := <-w.done:
		return r.seq, r.duplicate, r.err
	case <-ctx.Done():
		return 0, false, ctx.Err()
	}
}

// run writes until nothing waits.
func (b *committer) run() {
	for {
		group := b.next()
		if len(group) == 0 {
			return
		}
		b.write(group)
	}
}

// next takes the writes of one batch: of each subject the first, since a batch
// has none twice.
func (b *committer) next() []*pendingWrite {
	b.mu.Lock()
	defer b.mu.Unlock()
	var group, rest []*pendingWrite
	subjects := map[string]bool{}
	for _, w := range b.waiting {
		if len(group) == maxBatch || subjects[w.msg.Subject] {
			rest = append(rest, w)
			continue
		}
		subjects[w.msg.Subject] = true
		group = append(group, w)
	}
	b.waiting = rest
	b.busy = len(group) > 0
	return group
}

// write writes a group and tells each member how it went. If the batch was
// refused, for one of its members mostly, each goes by itself.
func (b *committer) write(group []*pendingWrite) {
	if len(group) > 1 {
		err := b.batch(group)
		var refused *jetstream.APIError
		if err == nil {
			return
		}
		if !errors.As(err, &refused) {
			for _, w := range group {
				w.done <- written{err: err}
			}
			return
		}
	}
	var singles sync.WaitGroup
	for _, w := range group {
		singles.Go(func() { b.single(w) })
	}
	singles.Wait()
}

// batch writes the group as one; an error means that no member was told.
func (b *committer) batch(group []*pendingWrite) error {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	msgs := make([]*nats.Msg, len(group))
	for i, w := range group {
		// A copy: the batch's own headers must not stay if it is refused.
		msgs[i] = &nats.Msg{Subject: w.msg.Subject, Data: w.msg.Data, Header: nats.Header{}}
		for k, v := range w.msg.Header {
			msgs[i].Header[k] = v
		}
	}
	ack, err := jetstreamext.PublishMsgBatch(ctx, b.js, msgs, jetstreamext.BatchFlowControl{AckTimeout: requestTimeout})
	if err != nil {
		return fmt.Errorf("batch of %d: %w", len(group), err)
	}
	first := ack.Sequence - uint64(len(group)) + 1
	for i, w := range group {
		w.done <- written{seq: first + uint64(i)}
	}
	return nil
}

func (b *committer) single(w *pendingWrite) {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	ack, err := b.js.PublishMsg(ctx, w.msg, jetstream.WithRetryAttempts(b.again))
	if err != nil {
		w.done <- written{err: err}
		return
	}
	w.done <- written{seq: ack.Sequence, duplicate: ack.Duplicate}
}

// expectLast makes a write depend on the subject's last sequence.
func expectLast(msg *nats.Msg, rev uint64) {
	msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(rev, 10))
}
