package jira

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/casepush/casepush/internal/connector"
)

// maxThrottled bounds the issues whose writes are counted. One that was
// written to least recently is forgotten first; Jira's own 429 covers it.
const maxThrottled = 4096

// writeRate is so many writes to one issue in a window of time.
type writeRate struct {
	writes int
	window time.Duration
}

// cloudWriteRates are Jira Cloud's limits for writes to one issue: 20 in 2 s
// and 100 in 30 s (header RateLimit-Reason: jira-per-issue-on-write; the
// numbers are second-hand, Atlassian's pages confirm the kind only).
func cloudWriteRates() []writeRate {
	return []writeRate{{20, 2 * time.Second}, {100, 30 * time.Second}}
}

// throttle spaces the writes to one issue. A nil throttle lets all pass. It is
// safe for concurrent use.
type throttle struct {
	rates []writeRate

	mu     sync.Mutex
	issues map[string]*list.Element // of *issueWrites
	recent *list.List               // most recent first
}

// issueWrites counts the writes to one issue.
type issueWrites struct {
	issue    string
	limiters []*rate.Limiter
}

func newThrottle(rates []writeRate) *throttle {
	return &throttle{rates: rates, issues: map[string]*list.Element{}, recent: list.New()}
}

// wait returns when the issue may be written to. If that is later than ctx
// ends, it returns a RateLimited error at once and nothing is counted. Both
// this and a cancelled wait leave the effect at "not applied".
func (t *throttle) wait(ctx context.Context, op, issue string) error {
	if t == nil {
		return nil
	}
	now := time.Now()
	delay, cancel := t.reserve(issue, now)
	if delay == 0 {
		return nil
	}
	if end, ok := ctx.Deadline(); ok && end.Before(now.Add(delay)) {
		cancel()
		return &connector.Error{
			Op: op, Kind: connector.RateLimited, Effect: connector.NotApplied, RetryAfter: delay, Scope: connector.OneIncident,
			Err: fmt.Errorf("issue %q has had as many writes as Jira allows; nothing was sent", issue),
		}
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		cancel()
		return &connector.Error{Op: op, Effect: connector.NotApplied, Err: context.Cause(ctx)}
	}
}

// reserve counts one write and says how long to wait before it; cancel takes
// it back.
func (t *throttle) reserve(issue string, now time.Time) (delay time.Duration, cancel func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	reservations := make([]*rate.Reservation, 0, len(t.rates))
	for _, l := range t.limiters(issue) {
		r := l.ReserveN(now, 1)
		reservations = append(reservations, r)
		delay = max(delay, r.DelayFrom(now))
	}
	return delay, func() {
		for _, r := range reservations {
			r.Cancel()
		}
	}
}

// limiters returns the issue's limiters, with t.mu held. Each takes half of
// the limit as a burst and half by time, so that no window, wherever it
// begins, holds more than the whole.
func (t *throttle) limiters(issue string) []*rate.Limiter {
	if e, ok := t.issues[issue]; ok {
		t.recent.MoveToFront(e)
		return e.Value.(*issueWrites).limiters
	}
	w := &issueWrites{issue: issue}
	for _, r := range t.rates {
		half := r.writes / 2
		w.limiters = append(w.limiters, rate.NewLimiter(rate.Every(r.window/time.Duration(half)), half))
	}
	t.issues[issue] = t.recent.PushFront(w)
	if t.recent.Len() > maxThrottled {
		oldest := t.recent.Back()
		t.recent.Remove(oldest)
		delete(t.issues, oldest.Value.(*issueWrites).issue)
	}
	return w.limiters
}
