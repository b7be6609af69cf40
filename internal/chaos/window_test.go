package chaos

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/push"
)

// limiter stands before a tracker. After so many requests it answers 429 with
// Retry-After, and then counts who comes before that time is over.
type limiter struct {
	next http.Handler
	wait time.Duration // whole seconds
	// least and most are the bounds of how many requests lie between windows.
	least, most int
	// grace is how long after a 429 was written a request may still arrive: it
	// was on its way already, or was being written while its sender had the
	// answer still to read.
	grace time.Duration

	mu      sync.Mutex
	rng     *rand.Rand
	left    int       // requests until the next window
	told    time.Time // when the first 429 of the window was written
	until   time.Time
	windows int
	graced  int
	early   []string // those that came within a window, after its grace
}

// ServeHTTP implements http.Handler.
func (l *limiter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !l.limited(r, time.Now()) {
		l.next.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Retry-After", l.ask(time.Now()))
	w.WriteHeader(http.StatusTooManyRequests)
	_ = http.NewResponseController(w).Flush() // an error: nobody listens any more
	l.written(time.Now())
}

// limited judges an arrival.
func (l *limiter) limited(r *http.Request, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.until) {
		if late := now.Sub(l.told); l.told.IsZero() || late <= l.grace {
			l.graced++
		} else {
			l.early = append(l.early, fmt.Sprintf("%s %s came %s after the answer, %s before its end",
				r.Method, r.URL.Path, late.Round(time.Millisecond), l.until.Sub(now).Round(time.Millisecond)))
		}
		return true
	}
	if l.left--; l.left > 0 {
		return false
	}
	l.windows++
	l.left = l.between()
	l.told, l.until = time.Time{}, now.Add(l.wait)
	return true
}

func (l *limiter) between() int { return l.least + l.rng.IntN(l.most-l.least+1) }

// ask says how long to wait: as seconds and, every second window, as a date.
// Both are whole seconds, rounded up; the window lasts as long as it was told.
func (l *limiter) ask(now time.Time) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.windows%2 == 0 {
		l.until = l.until.Add(time.Second - 1).Truncate(time.Second)
		return l.until.UTC().Format(http.TimeFormat)
	}
	seconds := max(1, int((l.until.Sub(now)+time.Second-1)/time.Second))
	l.until = now.Add(time.Duration(seconds) * time.Second)
	return strconv.Itoa(seconds)
}

func (l *limiter) written(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.told.IsZero() {
		l.told = now
	}
}

// TestRetryAfter: no worker asks a tracker anything while it has asked to be
// left alone, whichever of them heard it. In full, workers are killed too.
func TestRetryAfter(t *testing.T) {
	s := size{cases: 20, live: 6 * time.Second, rest: 2 * time.Minute}
	// A second of grace: a slow machine must not look like a hasty worker.
	l := &limiter{wait: 3 * time.Second, least: 15, most: 30, grace: time.Second}
	if startsFull(t) {
		s = size{cases: 400, live: time.Minute, rest: 5 * time.Minute, havoc: plan{
			life: span{5 * time.Second, 15 * time.Second}, down: span{0, 2 * time.Second},
		}}
		l.wait, l.least, l.most, l.grace = 2*time.Second, 40, 200, 150*time.Millisecond
	}
	seed := chosenSeed(t, seedVariable)
	t.Logf("seed %d (%s=%d repeats the choices)", seed, seedVariable, seed)
	r := newRig(t, parts{nodes: 1, workers: 3, trackers: 1, seed: seed})
	l.rng = rand.New(rand.NewPCG(seed, 30))
	l.left = l.between()
	if err := r.trackers[0].behind(l); err != nil {
		t.Fatal(err)
	}
	o := r.chaos(s)
	o.log(t, s)
	o.audit.report(r)
	if o.unrest != nil {
		t.Fatal(o.unrest)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t.Logf("%d windows of %s; %d requests were on their way when the answer left; %d came in a window", l.windows, l.wait, l.graced, len(l.early))
	for _, e := range l.early {
		t.Error(e)
	}
	if l.windows < 2 {
		t.Error("want at least 2 windows: seconds and a date")
	}
	for _, res := range r.results() {
		if res.Outcome == push.DeadLettered {
			t.Errorf("case %s: dead letter %s: being told to wait is no failure", res.CaseID, res.Reason)
		}
	}
}
