package worker

import (
	"sync"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// maxCovered bounds how many cases are remembered.
const maxCovered = 4096

// covered remembers how far this worker has brought the latest cases, and told
// so. Of a burst of events the first job that is worked on covers all; the others
// need no look into the ledger then, and no turn of the case. The zero value is
// ready. Safe for concurrent use.
type covered struct {
	mu    sync.Mutex
	upTo  map[ledger.Key]ledger.Position
	order []ledger.Key // oldest first
}

// note takes in how a job ended.
func (c *covered) note(job push.Job, v push.Verdict) {
	r := v.Result
	// What comes after it, a second look, is stored after this: the job may come again.
	if r == nil || v.Action != push.Done || !v.VerifyAt.IsZero() || job.Kind == push.KindReplay || r.Outcome != push.Pushed && r.Outcome != push.Unchanged {
		return // the cursor has not moved, or it is not told
	}
	key, at := job.Key(), ledger.Position{Stream: job.Stream, Seq: r.ThroughSeq}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.upTo == nil {
		c.upTo = map[ledger.Key]ledger.Position{}
	}
	if _, known := c.upTo[key]; !known {
		c.order = append(c.order, key)
	}
	c.upTo[key] = c.upTo[key].Later(at)
	for len(c.order) > maxCovered {
		delete(c.upTo, c.order[0])
		c.order = c.order[1:]
	}
}

// has reports whether the job's event is covered and told. Only the job of an
// event is done then: all others want more than that.
func (c *covered) has(job push.Job) bool {
	if job.Kind != push.KindPush {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at, known := c.upTo[job.Key()]
	return known && at.Covers(job.Position())
}
