package fakejira

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// WriteLimit is how many writes one issue takes in a sliding window.
type WriteLimit struct {
	Writes int // 1 at least
	Per    time.Duration
}

// CloudWriteLimits are Jira Cloud's limits for the writes to one issue, as
// Atlassian describes them: 20 in 2 s and 100 in 30 s.
func CloudWriteLimits() []WriteLimit {
	return []WriteLimit{{Writes: 20, Per: 2 * time.Second}, {Writes: 100, Per: 30 * time.Second}}
}

// limitWrites answers 429 to a write to an issue that has had too many. What is
// refused for other reasons counts too; what is answered 429 does not.
func (j *Fake) limitWrites(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		pause, limit := j.countWrite(r.PathValue("issue"), time.Now())
		if pause <= 0 {
			next(w, r)
			return
		}
		h := w.Header()
		h.Set("Retry-After", strconv.Itoa(int((pause+time.Second-1)/time.Second)))
		h.Set("X-RateLimit-Limit", strconv.Itoa(limit.Writes))
		h.Set("X-RateLimit-Remaining", "0")
		h.Set("X-RateLimit-Reset", time.Now().Add(pause).UTC().Format(time.RFC3339))
		h.Set("RateLimit-Reason", "jira-per-issue-on-write")
		jiraRefuse(w, http.StatusTooManyRequests, "Rate limit exceeded.")
	}
}

// countWrite counts a write, or says how long the issue takes no more and why.
func (j *Fake) countWrite(idOrKey string, now time.Time) (pause time.Duration, reason WriteLimit) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.find(idOrKey)
	if i == nil {
		return 0, reason
	}
	longest := time.Duration(0)
	for _, l := range j.opts.WriteLimits {
		longest = max(longest, l.Per)
	}
	i.writes = slices.DeleteFunc(i.writes, func(at time.Time) bool { return now.Sub(at) >= longest })
	for _, l := range j.opts.WriteLimits {
		if len(i.writes) < l.Writes {
			continue
		}
		// The window is full until the write that is l.Writes back leaves it.
		if left := l.Per - now.Sub(i.writes[len(i.writes)-l.Writes]); left > pause {
			pause, reason = left, l
		}
	}
	if pause == 0 {
		i.writes = append(i.writes, now)
	}
	return pause, reason
}
