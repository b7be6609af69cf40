package worker

import (
	"context"
	"sync"
	"time"
)

// queues are the running consumers.
type queues struct {
	mu      sync.Mutex
	ctx     context.Context
	running map[string]bool
	done    sync.WaitGroup
}

func (q *queues) open(ctx context.Context) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ctx, q.running = ctx, map[string]bool{}
}

// start runs f unless a queue of this name runs already.
func (q *queues) start(name string, f func(context.Context)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running[name] || q.ctx.Err() != nil {
		return
	}
	q.running[name] = true
	q.done.Go(func() { f(q.ctx) })
}

// drain waits for all queues to end and reports whether they did in time.
func (q *queues) drain(atMost time.Duration) bool {
	ended := make(chan struct{})
	go func() {
		q.done.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return true
	case <-time.After(atMost):
		return false
	}
}
