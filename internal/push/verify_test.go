package push_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// doubted pushes a case whose create got no answer and was found later.
func doubted(t *testing.T) (*rig, push.Verdict) {
	r := newRig(t)
	r.publish(1, kibana.Case{Title: "a"})
	r.tracker.answers["create"] = noAnswer()
	v := r.deliver(push.KindPush, 1)
	clear(r.tracker.answers)
	wait(time.Until(v.At))
	if v = r.finish(push.KindRetry, 1); v.Result == nil || v.Result.Outcome != push.Pushed {
		t.Fatalf("%+v", v)
	}
	return r, v
}

// An incident that came without a doubt is not looked at again. One after a
// doubt is, ten minutes later, and every job of the entry says so.
func TestSecondLookIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calm := newRig(t)
		calm.publish(1, kibana.Case{Title: "a"})
		if v := calm.finish(push.KindPush, 1); !v.VerifyAt.IsZero() {
			t.Errorf("a look at %s is due after a calm create", v.VerifyAt)
		}
		r, v := doubted(t)
		due := time.Now().Add(push.DefaultVerifyAfter)
		if !v.VerifyAt.Equal(due) {
			t.Errorf("due at %s, want %s", v.VerifyAt, due)
		}
		if again := r.deliver(push.KindPush, 1); !again.VerifyAt.Equal(due) || again.Action != push.Done {
			t.Errorf("the job came again: %+v", again)
		}
		if early := r.deliver(push.KindVerify, 1); early.Action != push.Done || !early.VerifyAt.Equal(due) {
			t.Errorf("ten minutes early: %+v", early)
		}
		r.tracker.log = nil
		wait(time.Until(due) - time.Second)
		if early := r.deliver(push.KindVerify, 1); early.Action != push.HandBack || early.Delay != time.Second || len(r.tracker.log) != 0 {
			t.Errorf("a second early: %+v, requests %q", early, r.tracker.log)
		}
		wait(time.Second)
		if v := r.deliver(push.KindVerify, 1); v.Action != push.Done || !v.VerifyAt.IsZero() || len(v.Duplicates) != 0 || !slices.Equal(r.tracker.log, []string{"find"}) {
			t.Errorf("%+v, requests %q", v, r.tracker.log)
		}
		if v := r.deliver(push.KindVerify, 1); v.Action != push.Done || len(r.tracker.log) != 1 {
			t.Errorf("a look that nobody owes: %+v, requests %q", v, r.tracker.log)
		}
	})
}

// A tracker that can be searched, and no more, has its oldest incident told.
func TestSecondLookWithoutRetiring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, v := doubted(t)
		older := &incident{made: time.Now().Add(-time.Hour), fields: map[string]string{}}
		r.tracker.incidents = []*incident{older, r.tracker.incidents[0]}
		e := r.entry()
		e.Incident.ID = "2"
		r.put(e)
		wait(time.Until(v.VerifyAt))
		v = r.deliver(push.KindVerify, 1)
		if len(v.Duplicates) != 1 || v.Duplicates[0].ID != "1" || v.Action != push.Done || len(r.tracker.writes()) != 1 {
			t.Errorf("%+v, requests %q", v, r.tracker.log)
		}
		if e := r.entry(); e.Verify != nil || e.Claim != nil || len(e.Duplicates) != 1 || e.Incident.ID != "2" {
			t.Errorf("%+v", e)
		}
	})
}

// A look that fails has a backoff of its own: the push's retry is not touched.
// What is refused for good, and what fails for too long, is told.
func TestSecondLookThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, v := doubted(t)
		wait(time.Until(v.VerifyAt))
		r.tracker.answers["find"] = heldFor(100 * time.Hour)
		if v = r.deliver(push.KindVerify, 1); !v.VerifyAt.Equal(time.Now().Add(5*time.Second)) || r.entry().Verify.Attempts != 0 {
			t.Fatalf("held: %+v", v)
		}
		wait(100 * time.Hour) // its job waits on a queue that is closed
		r.tracker.answers["find"] = refusal(connector.Transient, 503)
		looks := 0
		for start := time.Now(); ; looks++ {
			v = r.deliver(push.KindVerify, 1)
			if v.Action != push.Done || v.Trouble() != push.Down || r.entry().Retry != nil {
				t.Fatalf("%+v, retry %+v", v, r.entry().Retry)
			}
			if v.VerifyAt.IsZero() {
				if age := time.Since(start); age < push.DefaultPolicy.MaxAge-time.Hour {
					t.Errorf("given up after %s", age)
				}
				break
			}
			wait(time.Until(v.VerifyAt))
		}
		if looks < 10 || v.Err == nil || r.entry().Verify != nil {
			t.Errorf("after %d looks: %+v", looks, v)
		}
	})
}

// The wake-up of a second look is lost: a sweep brings it, once it is due. With
// nothing owed a sweep does nothing and tells nothing.
func TestSweepBringsWhatIsOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, v := doubted(t)
		told := len(r.told.results)
		r.tracker.log = nil
		if s := r.deliver(push.KindSweep, 0); s.Action != push.Done || !s.VerifyAt.Equal(v.VerifyAt) || len(r.tracker.log) != 0 {
			t.Errorf("before it is due: %+v, requests %q", s, r.tracker.log)
		}
		wait(time.Until(v.VerifyAt))
		if s := r.deliver(push.KindSweep, 0); s.Action != push.Done || !s.VerifyAt.IsZero() || !slices.Equal(r.tracker.log, []string{"find"}) {
			t.Errorf("when it is due: %+v, requests %q", s, r.tracker.log)
		}
		if s := r.deliver(push.KindSweep, 1); s.Action != push.Done || len(r.tracker.log) != 1 || len(r.told.results) != told {
			t.Errorf("nothing owed: %+v, requests %q, %d results", s, r.tracker.log, len(r.told.results)-told)
		}
		r.publish(2, kibana.Case{Title: "b"})
		r.tracker.answers["update"] = refusal(connector.Transient, 503)
		retry := r.deliver(push.KindPush, 2)
		clear(r.tracker.answers)
		if s := r.deliver(push.KindSweep, 0); s.Action != push.HandBack || s.Delay != time.Until(retry.At) {
			t.Errorf("the retry waits until %s: %+v", retry.At, s)
		}
		wait(time.Until(retry.At))
		if s := r.deliver(push.KindSweep, 0); s.Result == nil || s.Result.ThroughSeq != 2 {
			t.Errorf("the retry is due: %+v", s)
		}
		r.publish(3, kibana.Case{Title: "c"}) // whose job was lost
		if s := r.deliver(push.KindSweep, 3); s.Result == nil || s.Result.ThroughSeq != 3 {
			t.Errorf("an event beyond the cursor: %+v", s)
		}
	})
}

// A push that is in the middle of something goes first.
func TestSecondLookGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, v := doubted(t)
		r.publish(2, kibana.Case{Title: "b"})
		wait(time.Until(v.VerifyAt))
		r.tracker.answers["update"] = noAnswer()
		push2 := r.deliver(push.KindPush, 2)
		clear(r.tracker.answers)
		r.tracker.log = nil
		if look := r.deliver(push.KindVerify, 1); look.Action != push.Done || look.VerifyAt.IsZero() || len(r.tracker.log) != 0 {
			t.Errorf("%+v, requests %q", look, r.tracker.log)
		}
		wait(time.Until(push2.At))
		if v := r.finish(push.KindRetry, 2); v.Result == nil || v.VerifyAt.IsZero() {
			t.Errorf("%+v", v)
		}
	})
}

// retiring is a tracker whose duplicates can be put right.
type retiring struct {
	*tracker
	others  []connector.Ref
	answer  *connector.Error
	retired []string
	between func() // happens before the search answers
}

func (d *retiring) OtherIncidents(context.Context, connector.CorrelationID, connector.Ref) ([]connector.Ref, error) {
	if d.between != nil {
		d.between()
	}
	return d.others, nil
}

func (d *retiring) RetireDuplicate(_ context.Context, _ connector.CorrelationID, keep, duplicate connector.Ref) error {
	d.retired = append(d.retired, keep.ID+"<-"+duplicate.ID)
	return asError(d.answer)
}

// Several duplicates are all retired, but not one that a person has said is not
// this case's, and not when a push has written the entry meanwhile. What cannot
// be retired is told.
func TestSecondLookRetires(t *testing.T) {
	for name, tt := range map[string]struct {
		answer  *connector.Error
		race    bool
		retired []string
		told    int
		action  push.Action
	}{
		"all":          {retired: []string{"1<-7", "1<-8"}, told: 2, action: push.Done},
		"one is gone":  {answer: refusal(connector.NotFound, 404), retired: []string{"1<-7", "1<-8"}, told: 2, action: push.Done},
		"not allowed":  {answer: refusal(connector.Forbidden, 403), retired: []string{"1<-7"}, told: 2, action: push.Done},
		"a push races": {race: true, action: push.HandBack},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, v := doubted(t)
				d := &retiring{tracker: r.tracker, answer: tt.answer, others: []connector.Ref{{ID: "7"}, {ID: "8"}, {ID: "9"}}}
				r.connector = d
				e := r.entry()
				e.Unlinked = "9"
				r.put(e)
				if tt.race {
					d.between = func() { r.put(r.entry()) }
				}
				wait(time.Until(v.VerifyAt))
				v = r.deliver(push.KindVerify, 1)
				if v.Action != tt.action || len(v.Duplicates) != tt.told || !slices.Equal(d.retired, tt.retired) || (v.Err != nil) != (name == "not allowed") {
					t.Errorf("%+v; retired %q, want %q", v, d.retired, tt.retired)
				}
				if e := r.entry(); e.Claim != nil || len(e.Duplicates) != tt.told || (e.Verify != nil) != tt.race {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}
