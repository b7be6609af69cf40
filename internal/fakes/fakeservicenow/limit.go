package fakeservicenow

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// window is how much one user has asked in one hour of the clock.
type window struct {
	hour  time.Time
	count int
}

// limit answers 429 to who has asked too often within the hour. The headers
// come with every answer, as a rule is there that matches.
func (f *Fake) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.opts.RequestsPerHour <= 0 {
			next.ServeHTTP(w, r)
			return
		}
		now := time.Now()
		over, reset := f.countRequest(user(r), now)
		h := w.Header()
		h.Set("X-RateLimit-Limit", strconv.Itoa(f.opts.RequestsPerHour))
		h.Set("X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
		h.Set("X-RateLimit-Rule", stableID("rate limit rule"))
		if !over {
			next.ServeHTTP(w, r)
			return
		}
		left := reset.Sub(now)
		h.Set("Retry-After", strconv.Itoa(int((left+time.Second-1)/time.Second)))
		(&refusal{
			http.StatusTooManyRequests, "Rate limit exceeded",
			fmt.Sprintf("Rate limit of %d requests per hour for %s exceeded", f.opts.RequestsPerHour, apiName(r.URL.Path)),
		}).send(w)
	})
}

func apiName(path string) string {
	switch {
	case strings.Contains(path, "/import/"):
		return "Import Set API"
	case strings.Contains(path, "/table/"):
		return "Table API"
	default:
		return "elastic_api"
	}
}

// countRequest counts a request and says whether it is over the limit, and
// when the hour ends.
func (f *Fake) countRequest(user string, now time.Time) (bool, time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	hour := now.UTC().Truncate(time.Hour)
	w := f.windows[user]
	if w == nil || !w.hour.Equal(hour) {
		w = &window{hour: hour}
		f.windows[user] = w
	}
	w.count++
	return w.count > f.opts.RequestsPerHour, hour.Add(time.Hour)
}
