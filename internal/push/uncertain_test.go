package push_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// A create gets no answer, and before anybody can look it up the push becomes a
// dead letter. Whatever comes next must still look first: the incident exists.
func TestDeadLetterRemembersWhatMayHaveBeenCreated(t *testing.T) {
	for name, bury := range map[string]func(*rig) push.Verdict{
		"the search is forbidden": func(r *rig) push.Verdict {
			r.tracker.answers["create"] = noAnswer()
			r.tracker.answers["find"] = refusal(connector.Forbidden, 403)
			return r.finish(push.KindPush, 1)
		},
		"the connector is deleted": func(r *rig) push.Verdict {
			r.tracker.answers["create"] = noAnswer()
			v := r.deliver(push.KindPush, 1)
			wait(time.Until(v.At))
			r.deleted = true
			return r.finish(push.KindRetry, 1)
		},
		"the search fails for 72 hours": func(r *rig) push.Verdict {
			r.tracker.answers["create"] = noAnswer()
			r.tracker.answers["find"] = refusal(connector.Transient, 503)
			return r.finish(push.KindPush, 1)
		},
		"the create itself fails for 72 hours": func(r *rig) push.Verdict {
			r.tracker.answers["create"] = refusal(connector.Transient, 503)
			v := r.deliver(push.KindPush, 1)
			for start := time.Now(); time.Since(start) < push.DefaultPolicy.MaxAge; v = r.deliver(push.KindRetry, 1) {
				wait(time.Until(v.At))
				if time.Since(start) >= push.DefaultPolicy.MaxAge {
					r.tracker.answers["create"] = noAnswer()
				}
			}
			r.tracker.log = []string{"CREATE"} // the one that was made
			return v
		},
	} {
		for _, next := range []push.Kind{push.KindRedrive, push.KindPush} {
			t.Run(name+", then a "+string(next), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testRemembers(newRig(t), bury, next) })
			})
		}
	}
}

func testRemembers(r *rig, bury func(*rig) push.Verdict, next push.Kind) {
	r.publish(1, kibana.Case{Title: "a"})
	if v := bury(r); v.Result == nil || v.Result.Outcome != push.DeadLettered {
		r.t.Fatalf("no dead letter: %+v", v)
	}
	clear(r.tracker.answers)
	r.deleted = false
	seq := uint64(1)
	if next == push.KindPush {
		seq = 2
		r.publish(2, kibana.Case{Title: "b"})
	}
	if v := r.finish(next, seq); v.Result == nil || v.Result.Outcome != push.Pushed {
		r.t.Errorf("%s: %+v", next, v)
	}
	if n := len(r.tracker.incidents); n != 1 {
		r.t.Errorf("%d incidents, want 1; requests: %q", n, r.tracker.log)
	}
	if len(r.told.letters) != 0 {
		r.t.Errorf("dead letters are left: %+v", r.told.letters)
	}
}

// A tracker that answers updates with 503 for 72 hours makes a dead letter. It
// does not hold up the case: nobody has to resolve an update.
func TestOutageOfUpdatesDoesNotBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.publish(1, kibana.Case{Title: "a"})
		r.finish(push.KindPush, 1)
		r.publish(2, kibana.Case{Title: "b"})
		r.tracker.answers["update"] = &connector.Error{Op: "update", Status: 503}
		v := r.finish(push.KindPush, 2)
		if v.Result == nil || v.Result.Reason != push.ReasonRetriesExhausted || r.entry().Blocked {
			t.Fatalf("verdict %+v, blocked %t; want retries_exhausted and an open entry", v, r.entry().Blocked)
		}
		clear(r.tracker.answers)
		r.publish(3, kibana.Case{Title: "c"})
		r.finish(push.KindPush, 3)
		if got := r.tracker.incidents[0].fields["summary"]; got != "c" {
			t.Errorf("summary %q, want the next event's; requests: %q", got, r.tracker.log[max(0, len(r.tracker.log)-5):])
		}
	})
}

// Worker A's create gets no answer. Worker B, whose clock is five minutes fast,
// gets the case's next job: it must not look before the settle time is over on
// the clock that A's record and the job's time are on.
func TestFastClockDoesNotLookUpEarly(t *testing.T) {
	for _, kind := range []push.Kind{push.KindRetry, push.KindPush, push.KindRedrive} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.publish(1, kibana.Case{Title: "a"})
				r.tracker.answers["create"] = noAnswer()
				r.deliver(push.KindPush, 1)
				clear(r.tracker.answers)
				const fast = 5 * time.Minute
				wait(fast + time.Second)
				r.store.behind = fast // a second has passed
				v := r.deliver(kind, 1)
				if v.Action != push.Later || slices.Contains(r.tracker.log, "find") || len(r.tracker.incidents) != 1 {
					t.Fatalf("verdict %+v, requests %q: looked up early", v, r.tracker.log)
				}
				settle := r.tracker.caps.SettleTime + r.tracker.caps.FindDelay
				if rest := time.Until(v.At); rest < settle-time.Second || rest > settle+time.Second {
					t.Errorf("comes again in %s, want the settle time of %s but a second", rest, settle)
				}
				r.finish(kind, 1)
				if len(r.tracker.incidents) != 1 || r.entry().Incident == nil {
					t.Errorf("%d incidents, entry %+v", len(r.tracker.incidents), r.entry())
				}
			})
		})
	}
}

// While a look-up waits, more events of the case come. Each rewrites the entry,
// and none may begin the settle time anew.
func TestEventsDoNotPutOffTheLookUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.publish(1, kibana.Case{Title: "a"})
		r.tracker.answers["create"] = noAnswer()
		v := r.deliver(push.KindPush, 1)
		clear(r.tracker.answers)
		for seq := uint64(2); seq < 5; seq++ {
			wait(20 * time.Second)
			r.publish(seq, kibana.Case{Title: "b"})
			if w := r.deliver(push.KindPush, seq); w.Action != push.Later {
				t.Errorf("event %d: %+v", seq, w)
			}
		}
		wait(time.Until(v.At))
		if v = r.deliver(push.KindRetry, 1); v.Result == nil || v.Result.ThroughSeq != 4 {
			t.Errorf("at the end of the settle time: %+v", v)
		}
		if got := r.tracker.writes(); !slices.Equal(got, []string{"CREATE", "UPDATE summary=b"}) {
			t.Errorf("requests %q", got)
		}
	})
}

// A job that has waited in its queue for hours meets a look-up that waits. It
// waits as long as that one, and not for as many hours again.
func TestOldJobDoesNotPutOffTheLookUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.publish(1, kibana.Case{Title: "a"})
		r.publish(2, kibana.Case{Title: "b"})
		queued := time.Now()
		wait(10 * time.Hour)
		r.tracker.answers["create"] = noAnswer()
		want := r.deliver(push.KindPush, 1).At
		v := r.deliverQueued(push.KindPush, 2, queued)
		if v.Action != push.Later || v.At.After(want.Add(time.Second)) || v.At.Before(want) {
			t.Errorf("%s at %s, want a wake-up at about %s", v.Action, v.At, want)
		}
	})
}

// A wake-up that fires early is handed back: stored again it would fire early
// again. A new event's job waits as a wake-up and takes no slot.
func TestEarlyWakeUp(t *testing.T) {
	for kind, want := range map[push.Kind]push.Action{push.KindRetry: push.HandBack, push.KindPush: push.Later} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.publish(1, kibana.Case{Title: "a"})
				limited := refusal(connector.RateLimited, 429)
				limited.RetryAfter = 10 * time.Second
				r.tracker.answers["create"] = limited
				until := r.deliver(push.KindPush, 1).At
				clear(r.tracker.answers)
				r.tracker.log = nil
				wait(7 * time.Second)
				v := r.deliver(kind, 1)
				if v.Action != want || len(r.tracker.log) != 0 {
					t.Errorf("%+v, want %s; requests %q", v, want, r.tracker.log)
				}
				if again := time.Now().Add(v.Delay); want == push.HandBack && !again.Equal(until) {
					t.Errorf("comes again at %s, want %s", again, until)
				}
				if r.finish(kind, 1).Result == nil {
					t.Error("no outcome in the end")
				}
			})
		})
	}
}
