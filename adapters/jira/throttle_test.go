package jira

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// No window of 2 s holds more than 20 writes to one issue, none of 30 s more
// than 100, wherever it begins.
func TestThrottleWindows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(cloudWriteRates())
		var at []time.Time
		for i := range 300 {
			if i == 120 {
				time.Sleep(time.Minute) // a rest, after which the burst is full again
			}
			if err := th.wait(t.Context(), "add comment", "1"); err != nil {
				t.Fatal(err)
			}
			at = append(at, time.Now())
		}
		for _, r := range cloudWriteRates() {
			for i := range at {
				n := 0
				for _, other := range at[i:] {
					if other.Sub(at[i]) < r.window {
						n++
					}
				}
				if n > r.writes {
					t.Fatalf("%d writes within %v from %v", n, r.window, at[i].Sub(at[0]))
				}
			}
		}
		if took := at[len(at)-1].Sub(at[0]); took > 4*time.Minute {
			t.Errorf("300 writes took %v: slower than half of what Jira allows", took)
		}
	})
}

func TestThrottleIssuesAreApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(cloudWriteRates())
		start := time.Now()
		for i := range 2 * maxThrottled {
			if err := th.wait(t.Context(), "update incident", fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("writes to different issues waited %v", took)
		}
		if n := len(th.issues); n != maxThrottled || th.recent.Len() != n {
			t.Errorf("%d issues kept, want %d", n, maxThrottled)
		}
	})
}

// The issue that was written to least recently is forgotten, not another.
func TestThrottleForgets(t *testing.T) {
	t.Parallel()
	th := newThrottle(cloudWriteRates())
	now := time.Now()
	for i := range maxThrottled {
		th.reserve(fmt.Sprint(i), now)
	}
	th.reserve("0", now)
	th.reserve("new", now)
	if th.issues["0"] == nil || th.issues["1"] != nil {
		t.Errorf("issue 0 kept: %v, issue 1 kept: %v; want 1 forgotten", th.issues["0"] != nil, th.issues["1"] != nil)
	}
}

func TestThrottleDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle([]writeRate{{2, time.Minute}})
		if err := th.wait(t.Context(), "add comment", "1"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		for range 3 { // what was refused is not counted
			var e *connector.Error
			if err := th.wait(ctx, "add comment", "1"); !errors.As(err, &e) {
				t.Fatalf("error %v, want a *connector.Error", err)
			}
			if e.Kind != connector.RateLimited || e.Effect != connector.NotApplied || e.RetryAfter != time.Minute || e.Scope != connector.OneIncident {
				t.Errorf("error %+v", e)
			}
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("waited %v for nothing", waited)
		}
	})
}

func TestThrottleCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle([]writeRate{{2, time.Minute}})
		if err := th.wait(t.Context(), "add comment", "1"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		var e *connector.Error
		err := th.wait(ctx, "add comment", "1")
		if !errors.As(err, &e) || !errors.Is(err, context.Canceled) || e.Kind != connector.Transient || e.Effect != connector.NotApplied {
			t.Errorf("error %v", err)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("waited %v, want 1 s", waited)
		}
	})
}
