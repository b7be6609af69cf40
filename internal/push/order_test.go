package push_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

func user(id, text string) kibana.Comment { return kibana.Comment{ID: id, Type: "user", Text: text} }

// Somebody removes the event that a job is about. The job ends with what is
// left, and is not handed back for ever.
func TestEventThatWasRemoved(t *testing.T) {
	for name, tt := range map[string]struct {
		events int
		want   push.Outcome
		reason push.Reason
	}{
		"an older one is left": {events: 1, want: push.Pushed},
		"nothing is left":      {want: push.DeadLettered, reason: push.ReasonEventExpired},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				for seq := range tt.events {
					r.publish(uint64(seq+1), kibana.Case{Title: "a"})
				}
				v := r.finish(push.KindPush, 2)
				if v.Result == nil || v.Result.Outcome != tt.want || v.Result.Reason != tt.reason || v.Result.ThroughSeq != 2 {
					t.Errorf("%+v", v.Result)
				}
			})
		})
	}
}

// An event that a replica does not show yet is no removed one: the job waits.
func TestEventThatAReplicaLacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.publish(1, kibana.Case{Title: "a"})
		r.publish(2, kibana.Case{Title: "b"})
		r.mailbox.behind = 1
		if v := r.deliver(push.KindPush, 2); v.Action != push.HandBack || len(r.tracker.log) != 0 {
			t.Errorf("%+v, requests %q", v, r.tracker.log)
		}
		r.mailbox.behind = 0
		if r.finish(push.KindPush, 2); r.tracker.incidents[0].fields["summary"] != "b" {
			t.Errorf("fields %v", r.tracker.incidents[0].fields)
		}
	})
}

// A create that was planned from an event beyond its job's gets no answer, and
// that event is removed before the look-up.
func TestPlannedEventThatWasRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.publish(1, kibana.Case{Title: "a"})
		r.publish(2, kibana.Case{Title: "b"})
		r.tracker.answers["create"] = noAnswer()
		v := r.deliver(push.KindPush, 1)
		clear(r.tracker.answers)
		r.mailbox.mails = r.mailbox.mails[:1]
		wait(time.Until(v.At))
		if v := r.finish(push.KindRetry, 1); v.Result == nil || len(r.tracker.incidents) != 1 {
			t.Errorf("%+v, %d incidents", v, len(r.tracker.incidents))
		}
	})
}

// An older snapshot that comes after a newer one takes nothing back: neither
// texts of comments, nor the number of alerts, nor the rest of a long title.
// What nobody else may carry goes all the same.
func TestOlderSnapshotAfterNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.tracker.caps.Limits["summary"] = connector.Limit{Max: 5}
		r.tracker.caps.Limits["comment"] = connector.Limit{Max: 60}
		start := time.Now()
		snapshot := func(after time.Duration, c kibana.Case) kibana.Case {
			c.UpdatedAt, c.TotalComment = kibana.Time{Time: start.Add(after)}, len(c.Comments)
			return c
		}
		r.publish(1, snapshot(20*time.Second, kibana.Case{Title: "newer title", TotalAlerts: 5, Comments: []kibana.Comment{user("c1", "new text"), user("c3", "short")}}))
		r.finish(push.KindPush, 1)
		before := r.tracker.writes()
		long := "a text that was longer than the tracker's limit before somebody cut it down to a word"
		r.publish(2, snapshot(10*time.Second, kibana.Case{Title: "older title", TotalAlerts: 3, Comments: []kibana.Comment{
			user("c1", "old text"), user("c2", "never sent"), user("c3", long),
		}}))
		v := r.finish(push.KindPush, 2)
		if got := r.tracker.writes()[len(before):]; !slices.Equal(got, []string{"COMMENT c2"}) {
			t.Errorf("requests of the older snapshot %q, want c2 alone", got)
		}
		if v.Result == nil || v.Result.ThroughSeq != 2 {
			t.Errorf("%+v", v.Result)
		}
	})
}

// A snapshot that carries only its newest comment is dead-lettered. The next
// one brings the comments of both.
func TestCommentsOfADeadLetteredSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.publish(1, kibana.Case{Title: "a", TotalComment: 1, Comments: []kibana.Comment{user("c1", "one")}})
		r.tracker.answers["create"] = refusal(connector.Rejected, 400)
		if v := r.finish(push.KindPush, 1); v.Result.Outcome != push.DeadLettered {
			t.Fatalf("%+v", v.Result)
		}
		clear(r.tracker.answers)
		r.publish(2, kibana.Case{Title: "b", TotalComment: 2, Comments: []kibana.Comment{user("c2", "two")}})
		r.finish(push.KindPush, 2)
		if got := r.tracker.texts(); !slices.Contains(got, "one") || !slices.Contains(got, "two") || len(got) != 2 {
			t.Errorf("comments %q, want both, once", got)
		}
	})
}

// A case that was dead-lettered at its first attempt promises nothing, so a
// replay of it is one: it compares, and brings what is missing.
func TestReplayOfADeadLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.publish(1, kibana.Case{Title: "a"})
		r.put(ledger.Entry{Cursor: ledger.Position{Stream: streamID, Seq: 1}, Dead: true})
		if v := r.deliver(push.KindReplay, 1); v.Result == nil || v.Result.Outcome != push.Pushed {
			t.Errorf("%+v", v)
		}
	})
}
