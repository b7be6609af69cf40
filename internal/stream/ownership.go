package stream

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// A queue is worked on by one worker at a time. That is not what exactly-once
// rests on (claims in the ledger are): it makes the connector's limits, pauses
// and holds one process's business, so that they hold over all replicas.
const (
	ownFor   = 6 * time.Second // a dead worker's queues are free after it
	ownRenew = 1500 * time.Millisecond
	// ownTrust is for how long after a renewal was begun its owner may rely on
	// it: the server counts from later, on its own clock.
	ownTrust = 4500 * time.Millisecond
	ownRetry = time.Second
	ownPoll  = 5 * time.Second // beside the watch, which tells at once
	// A worker lets others be faster with a free queue by ownStep for each one
	// that it has or is about to take, so that queues spread; by mostGrace at
	// most, since nobody else may want it. Up to one step more is by chance.
	ownStep   = 50 * time.Millisecond
	mostGrace = 1500 * time.Millisecond
)

// holder is the value of a queue's owner key.
type holder struct {
	Owner string `json:"owner"` // "" is nobody: it was given up
}

// Own runs f whenever this worker has the queue, until ctx is done or f returns
// an error, which Own returns. f's context ends when the queue may be somebody
// else's; f is to return then. valid reports whether it still is ours at this
// very moment. When f has returned the queue is anybody's. Of several workers
// that want a free queue the one that has fewest gets it, mostly; alone a worker
// has it within two seconds.
func (b *Board) Own(ctx context.Context, queue, owner string, f func(ctx context.Context, valid func() bool) error) error {
	token := queueToken(queue)
	o := &ownership{c: b.c, subject: b.c.names.queueSetting(token, ownerKey), owner: owner}
	for ctx.Err() == nil {
		changed := b.changed(token)
		taken, err := b.take(ctx, o, changed)
		if taken {
			err := o.hold(ctx, f)
			b.mine.Add(-1)
			if err != nil {
				return err
			}
			continue
		}
		pause := ownPoll
		if err != nil { // NATS is away
			pause = ownRetry
		}
		sleep(ctx, pause, changed)
	}
	return nil
}

// take makes the queue ours if it is nobody's, after others had their chance;
// changed ends that early. What is taken is counted.
func (b *Board) take(ctx context.Context, o *ownership, changed <-chan struct{}) (taken bool, err error) {
	if _, free, err := o.look(ctx); !free || err != nil {
		return false, err
	}
	// Those that are about to be taken count: many may become free at once.
	others := b.mine.Add(1) - 1
	sleep(ctx, min(time.Duration(others)*ownStep, mostGrace)+rand.N(ownStep), changed)
	if taken, err = o.take(ctx); !taken {
		b.mine.Add(-1)
	}
	return taken, err
}

// sleep waits for d, for wake or for the end of ctx.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wake:
	}
}

// ownership is one worker's hold of one queue.
type ownership struct {
	c       *Conn
	subject string
	owner   string

	mu    sync.Mutex
	rev   uint64
	until time.Time // that may be relied on
}

// look reports whether the queue is nobody's else, and the revision of that.
func (o *ownership) look(ctx context.Context) (rev uint64, free bool, err error) {
	var h holder
	rev, ok, err := o.c.getSetting(ctx, o.subject, &h)
	return rev, err == nil && (!ok || h.Owner == "" || h.Owner == o.owner), err
}

// take makes the queue ours if it is nobody's, and reports whether it is.
func (o *ownership) take(ctx context.Context) (bool, error) {
	rev, free, err := o.look(ctx)
	if !free || err != nil {
		return false, err
	}
	err = o.write(ctx, rev)
	if errors.Is(err, errTaken) {
		return false, nil
	}
	return err == nil, err
}

// write takes or renews by compare-and-set.
func (o *ownership) write(ctx context.Context, rev uint64) error {
	from := time.Now()
	ctx, cancel := context.WithTimeout(ctx, ownTrust)
	defer cancel()
	next, err := o.c.casSetting(ctx, o.subject, holder{o.owner}, rev, ownFor)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rev, o.until = next, from.Add(ownTrust)
	return nil
}

// left is how long the hold may be relied on, by the clock that says less: the
// monotonic one stops while a machine sleeps, the other may be set back.
func (o *ownership) left() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	return min(o.until.Sub(now), o.until.Round(0).Sub(now.Round(0)))
}

// hold runs f and renews until f has returned, also while ctx is done: what is
// in flight ends under our hold. f's context ends when the queue is lost.
func (o *ownership) hold(ctx context.Context, f func(context.Context, func() bool) error) error {
	held, lose := context.WithCancel(ctx)
	defer lose()
	renewals, end := context.WithCancel(context.WithoutCancel(ctx))
	var renewing sync.WaitGroup
	renewing.Go(func() {
		defer lose()
		o.renew(renewals)
	})
	err := f(held, func() bool { return o.left() > 0 })
	end()
	renewing.Wait()
	o.giveUp(ctx)
	return err
}

// renew renews until ctx is done or the queue is lost.
func (o *ownership) renew(ctx context.Context) {
	tick := time.NewTicker(ownRenew)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		o.mu.Lock()
		rev := o.rev
		o.mu.Unlock()
		err := o.write(ctx, rev)
		switch {
		case errors.Is(err, errTaken):
			// Perhaps by ourselves, in a renewal whose answer was lost.
			if taken, err := o.take(ctx); err != nil || !taken {
				return
			}
		case err != nil && o.left() <= 0:
			return
		}
	}
}

// giveUp lets another worker have the queue at once.
func (o *ownership) giveUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	o.mu.Lock()
	rev := o.rev
	o.mu.Unlock()
	_, _ = o.c.casSetting(ctx, o.subject, holder{}, rev, ownFor) // else it ends by its own time
}
