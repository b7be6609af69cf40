package stream_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/stream"
)

// TestQueuesSpread: the queues of a worker that ends become those of all others,
// and one that is alone has all of them soon.
func TestQueuesSpread(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	const queues = 10
	var mu sync.Mutex
	has := map[string]int{}
	count := func(owner string, n int) {
		mu.Lock()
		defer mu.Unlock()
		has[owner] += n
	}
	of := func(owner string) int {
		mu.Lock()
		defer mu.Unlock()
		return has[owner]
	}
	boards := map[string]*stream.Board{}
	// begin lets a worker want the queues of this prefix, and returns what stops it.
	begin := func(owner, prefix string) (stop func()) {
		b := boards[owner]
		if b == nil {
			b = board(t, c)
			boards[owner] = b
		}
		var ran []*running
		for i := range queues {
			ran = append(ran, run(t, func(ctx context.Context) error {
				return b.Own(ctx, fmt.Sprintf("%s-%d", prefix, i), owner, func(held context.Context, _ func() bool) error {
					count(owner, 1)
					<-held.Done()
					count(owner, -1)
					return nil
				})
			}))
		}
		return func() {
			for _, r := range ran {
				r.stop()
			}
			for _, r := range ran {
				r.end()
			}
		}
	}
	begun := time.Now()
	stop := begin("first", "q")
	eventually(t, "all queues for who is alone", func() bool { return of("first") == queues })
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("who is alone had all queues after %s", took)
	}
	begin("a", "q")
	begin("b", "q")
	stop()
	eventually(t, "all queues for the others", func() bool { return of("a")+of("b") == queues })
	if a, b := of("a"), of("b"); a == 0 || b == 0 || of("first") != 0 {
		t.Errorf("one has %d and the other %d", a, b)
	}

	// Who has enough lets another one be faster.
	begin("busy", "other")
	eventually(t, "other queues", func() bool { return of("busy") == queues })
	stop = begin("first", "p")
	eventually(t, "more queues", func() bool { return of("first") == queues })
	begin("busy", "p")
	begin("idle", "p")
	stop()
	eventually(t, "more queues for the others", func() bool { return of("busy")+of("idle") == 2*queues })
	if n := of("idle"); n < queues-2 {
		t.Errorf("who had nothing got %d of %d", n, queues)
	}
}
