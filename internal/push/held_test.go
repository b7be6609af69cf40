package push_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// heldFor is the error of a request that a held connector did not send.
func heldFor(d time.Duration) *connector.Error {
	e := refusal(connector.RateLimited, 0)
	e.RetryAfter, e.Err = d, &connector.HeldError{For: d}
	return e
}

// A connector is paused for longer than a push may be tried. The push waits, is
// no dead letter, and has its full time afterwards.
func TestHeldIsNoAttempt(t *testing.T) {
	for _, op := range []string{"create", "find"} {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				old := kibana.Case{Title: "a", CreatedAt: kibana.Time{Time: time.Now().Add(-24 * time.Hour)}} // is searched for
				r.publish(1, old)
				r.tracker.answers[op] = heldFor(2 * time.Hour)
				kind := push.KindPush
				for range 50 { // 100 h
					v := r.deliver(kind, 1)
					if v.Action != push.Later || !v.At.Equal(time.Now().Add(5*time.Second)) || !v.HoldUntil.IsZero() || v.Trouble() != push.NoTrouble {
						t.Fatalf("%+v (trouble %s), want it on the queue soon", v, v.Trouble())
					}
					if n := r.entry().Retry.Attempts; n != 0 {
						t.Fatalf("%d attempts", n)
					}
					wait(2 * time.Hour) // the queue is closed
					kind = push.KindRetry
				}
				r.tracker.answers[op] = refusal(connector.Transient, 503)
				if v := r.deliver(push.KindRetry, 1); v.Action != push.Later || v.Trouble() != push.Down || r.entry().Retry.Attempts != 1 {
					t.Errorf("the first attempt after the pause: %+v, %+v", v, r.entry().Retry)
				}
				clear(r.tracker.answers)
				if v := r.finish(push.KindRetry, 1); v.Result == nil || v.Result.Outcome != push.Pushed || v.Result.Attempts != 2 {
					t.Errorf("%+v", v.Result)
				}
			})
		})
	}
}

// Between two attempts the connector is paused for days. That neither ages the
// push nor makes its backoff grow; the attempts do.
func TestHoldIsNoAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.publish(1, kibana.Case{Title: "a"})
		down := refusal(connector.Transient, 503)
		r.tracker.answers["create"] = down
		wait(time.Until(r.deliver(push.KindPush, 1).At))
		r.tracker.answers["create"] = heldFor(100 * time.Hour)
		r.deliver(push.KindRetry, 1)
		wait(100 * time.Hour) // the queue is closed
		r.tracker.answers["create"] = down
		v := r.deliver(push.KindRetry, 1)
		if got, want := time.Until(v.At), push.Backoff(push.DefaultPolicy, 2, .5); v.Action != push.Later || got != want {
			t.Errorf("%s in %s, want later in %s", v.Action, got, want)
		}
		start := time.Now()
		if v = r.finish(push.KindRetry, 1); v.Result == nil || v.Result.Reason != push.ReasonRetriesExhausted {
			t.Errorf("%+v", v.Result)
		}
		if d := time.Since(start); d < push.DefaultPolicy.MaxAge-time.Hour || d > push.DefaultPolicy.MaxAge+time.Hour {
			t.Errorf("given up after %s, want about %s", d, push.DefaultPolicy.MaxAge)
		}
	})
}

// What was held back comes back to its queue soon: the queue waits for the end of
// the hold. Of unknown length it is waited for like an error, and never for less
// than a second.
func TestHoldOfUnknownLength(t *testing.T) {
	for held, want := range map[time.Duration]time.Duration{
		0:                push.Backoff(push.DefaultPolicy, 1, .5),
		time.Millisecond: time.Second,
		time.Minute:      5 * time.Second,
	} {
		t.Run(held.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.publish(1, kibana.Case{Title: "a"})
				r.tracker.answers["create"] = heldFor(held)
				for kind := push.KindPush; kind != "" && !t.Failed(); {
					v := r.deliver(kind, 1)
					if got := time.Until(v.At); v.Action != push.Later || got != want {
						t.Errorf("%s in %s, want later in %s", v.Action, got, want)
					}
					wait(time.Until(v.At))
					if kind == push.KindRetry {
						break
					}
					kind = push.KindRetry // the second wait is no longer
				}
			})
		})
	}
}

// The tracker's own time is what everybody waits for, to the nanosecond, unless
// the limit is one of this incident.
func TestRateLimitHoldsTheConnector(t *testing.T) {
	for name, tt := range map[string]struct {
		err   *connector.Error
		hold  time.Duration
		means push.Trouble
	}{
		"an hour for all":          {&connector.Error{Kind: connector.RateLimited, Effect: connector.NotApplied, Status: 429, RetryAfter: time.Hour}, time.Hour, push.Limited},
		"two days for all":         {&connector.Error{Kind: connector.RateLimited, Effect: connector.NotApplied, Status: 429, RetryAfter: 48*time.Hour + 1}, 48*time.Hour + 1, push.Limited},
		"less than the settling":   {&connector.Error{Kind: connector.RateLimited, Status: 429, RetryAfter: time.Second}, time.Second, push.Limited},
		"this incident alone":      {&connector.Error{Kind: connector.RateLimited, Effect: connector.NotApplied, Status: 429, RetryAfter: time.Hour, Scope: connector.OneIncident}, 0, push.NoTrouble},
		"for no time that it says": {&connector.Error{Kind: connector.RateLimited, Effect: connector.NotApplied, Status: 429}, push.Backoff(push.DefaultPolicy, 1, .5), push.Limited},
		"wrong credentials":        {refusal(connector.Unauthenticated, 401), push.Backoff(push.DefaultPolicy, 1, .5), push.Credentials},
		"down":                     {noAnswer(), 0, push.Down},
		"rejected":                 {refusal(connector.Rejected, 400), 0, push.NoTrouble},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.publish(1, kibana.Case{Title: "a"})
				r.tracker.answers["create"] = tt.err
				v := r.deliver(push.KindPush, 1)
				var hold time.Duration
				if !v.HoldUntil.IsZero() {
					hold = time.Until(v.HoldUntil)
				}
				if hold != tt.hold || v.Trouble() != tt.means {
					t.Errorf("held for %s, trouble %s; want %s, %s", hold, v.Trouble(), tt.hold, tt.means)
				}
			})
		})
	}
}

// A refusal is this record's own rule, unless a probe is refused too: then the
// connector is held, and nothing is a dead letter before its time.
func TestForbidden(t *testing.T) {
	for name, tt := range map[string]struct {
		probe error
		bury  bool
		hold  bool
	}{
		"one record":       {nil, true, false},
		"everything":       {refusal(connector.Forbidden, 403), false, true},
		"nothing is said":  {refusal(connector.Transient, 503), false, false},
		"held by others":   {heldFor(time.Hour), false, false},
		"credentials gone": {refusal(connector.Unauthenticated, 401), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.publish(1, kibana.Case{Title: "a"})
				r.tracker.answers["create"] = refusal(connector.Forbidden, 403)
				r.tracker.probe = tt.probe
				v := r.deliver(push.KindPush, 1)
				if buried := v.Result != nil && v.Result.Reason == push.ReasonForbidden; buried != tt.bury {
					t.Errorf("%+v", v)
				}
				if held := !v.HoldUntil.IsZero(); held != tt.hold || held != (v.Trouble() == push.Credentials) {
					t.Errorf("held until %s, trouble %s", v.HoldUntil, v.Trouble())
				}
				if tt.bury {
					return
				}
				if v = r.finish(push.KindRetry, 1); v.Result == nil || v.Result.Reason != push.ReasonForbidden {
					t.Errorf("in the end: %+v", v.Result)
				}
			})
		})
	}
}
