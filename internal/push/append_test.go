package push_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// What an appended field has no room for goes into comments, the whole of the
// new value, and the field stays. A comment that failed on the way is sent by
// the retry, and none twice.
func TestAppendWithoutRoom(t *testing.T) {
	limited := refusal(connector.RateLimited, 429)
	for name, fails := range map[string]map[string]*connector.Error{
		"all goes well":                 nil,
		"the first comment is refused":  {"k-summary-appended": limited},
		"the second comment is refused": {"k-summary-appended#2": limited},
		"the second gets no answer":     {"k-summary-appended#2": noAnswer()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testWithoutRoom(newRig(t), fails) })
		})
	}
}

func testWithoutRoom(r *rig, fails map[string]*connector.Error) {
	r.rows = []connector.MappingRow{
		{Source: connector.Title, Target: "summary", ActionType: connector.Append},
		{Source: connector.Comments, Target: "comments", ActionType: connector.Append},
	}
	r.tracker.caps.Limits = map[string]connector.Limit{"summary": {Max: 10}, "comment": {Max: 4}}
	r.publish(1, kibana.Case{Title: "12345"})
	r.finish(push.KindPush, 1)
	r.publish(2, kibana.Case{Title: "abcdefghi"})
	v := push.Verdict{}
	if fails == nil {
		v = r.finish(push.KindPush, 2)
	} else {
		r.tracker.refuses = fails
		r.deliver(push.KindPush, 2)
		r.tracker.refuses = nil
		v = r.finish(push.KindRetry, 2)
	}
	if v.Result == nil || v.Result.Outcome != push.Pushed {
		r.t.Errorf("%+v", v)
	}
	if got := r.tracker.texts(); strings.Join(got, "") != "abcdefghi" || len(got) != 3 {
		r.t.Errorf("comments %q, want the new value in three parts", got)
	}
	if got := r.tracker.incidents[0].fields["summary"]; got != "12345" {
		r.t.Errorf("summary %q, want what it was", got)
	}
	r.tracker.log = nil
	r.publish(3, kibana.Case{Title: "abcdefghi"})
	if r.finish(push.KindPush, 3); len(r.tracker.writes()) != 0 {
		r.t.Errorf("the same value again: %q", r.tracker.writes())
	}
}

// A found incident has two comments of one text, one of which was edited there:
// by its id it counts twice (itself, and the other's text), the other one once.
// Both are there.
func TestEqualCommentsOfWhichOneWasEdited(t *testing.T) {
	for _, edited := range []string{"c1", "c2"} {
		t.Run(edited, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				c := kibana.Case{Title: "a", CreatedAt: kibana.Time{Time: r.store.Since().AddDate(0, 0, -1)}, TotalComment: 2}
				c.Comments = []kibana.Comment{user("c1", "same"), user("c2", "same")}
				r.publish(1, c)
				r.finish(push.KindPush, 1)
				if got := r.tracker.texts(); !slices.Equal(got, []string{"same", "same"}) {
					t.Fatalf("comments %q", got)
				}
				r.tracker.incidents[0].edited = map[string]bool{edited: true}

				lost := newRig(t) // the ledger was lost, the tracker was not
				lost.tracker = r.tracker
				lost.publish(1, c)
				wait(r.tracker.caps.FindDelay)
				lost.finish(push.KindPush, 1)
				if got := r.tracker.texts(); len(got) != 2 || len(r.tracker.incidents) != 1 {
					t.Errorf("comments %q of %d incidents, want the two of one", got, len(r.tracker.incidents))
				}
			})
		})
	}
}
