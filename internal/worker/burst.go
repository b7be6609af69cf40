package worker

import (
	"context"
	"sync"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// bursts makes one job of the events of one case that are routed at the same
// time: the newest one's stands for all of them. The zero value is ready. Safe
// for concurrent use.
type bursts struct {
	mu    sync.Mutex
	cases map[burstKey]*burst
}

// burstKey is a case in one incarnation of the event stream: in another one
// sequences begin anew.
type burstKey struct {
	ledger.Key
	stream string
}

// burst is what is being routed of one case.
type burst struct {
	users  int
	newest push.Job
	stored uint64        // sequence of the newest job that is on the queue
	turn   chan struct{} // holds one token while nobody stores
}

// put returns when a job of the case is stored that is at least as new as the
// given one, by whichever call. Calls of one case store one after the other:
// what comes meanwhile is stored together.
func (b *bursts) put(ctx context.Context, job push.Job, store func(context.Context, push.Job) error) error {
	key := burstKey{job.Key(), job.Stream}
	one := b.join(key, job)
	defer b.leave(key, one)
	select {
	case <-one.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { one.turn <- struct{}{} }()
	next, done := b.next(one, job)
	if done {
		return nil
	}
	if err := store(ctx, next); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	one.stored = max(one.stored, next.Seq)
	return nil
}

func (b *bursts) join(key burstKey, job push.Job) *burst {
	b.mu.Lock()
	defer b.mu.Unlock()
	one := b.cases[key]
	if one == nil {
		one = &burst{turn: make(chan struct{}, 1)}
		one.turn <- struct{}{}
		if b.cases == nil {
			b.cases = map[burstKey]*burst{}
		}
		b.cases[key] = one
	}
	one.users++
	if job.Seq > one.newest.Seq {
		one.newest = job
	}
	return one
}

func (b *bursts) leave(key burstKey, one *burst) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(b.cases, key)
	}
}

// next is the job to store; done says that the given one is stored for already.
func (b *bursts) next(one *burst, job push.Job) (next push.Job, done bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return one.newest, job.Seq <= one.stored
}
