package push_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// pushedAt makes an incident at a tracker whose address is old.
func pushedAt(r *rig, old string) {
	r.tracker.caps.Address = old
	r.publish(1, kibana.Case{Title: "ours"})
	r.finish(push.KindPush, 1)
	r.publish(2, kibana.Case{Title: "ours, changed"})
}

// A connector that was pointed at another tracker must not write into what has
// the same id there.
func TestAnotherTracker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		pushedAt(r, "https://test.example")
		other := newTracker()
		other.caps.Address = "https://production.example"
		other.incidents = append(other.incidents, &incident{fields: map[string]string{"summary": "theirs"}})
		other.answers = map[string]*connector.Error{"find": refusal(connector.NotFound, 404)}
		r.tracker = other
		v := r.finish(push.KindPush, 2)
		if v.Result == nil || v.Result.Reason != push.ReasonIncidentMissing {
			t.Errorf("%+v", v)
		}
		if got := other.incidents[0].fields["summary"]; got != "theirs" || len(other.writes()) != 0 {
			t.Errorf("summary %q, requests %q", got, other.writes())
		}
	})
}

// A tracker that has only moved has the mark, so its incident is found again.
func TestMovedTracker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		pushedAt(r, "https://old.example")
		wait(time.Hour) // until a search sees it
		r.tracker.caps.Address = "https://new.example"
		v := r.finish(push.KindPush, 2)
		if v.Result == nil || v.Result.Outcome != push.Pushed {
			t.Errorf("%+v", v)
		}
		if len(r.tracker.incidents) != 1 || r.tracker.incidents[0].fields["summary"] != "ours, changed" {
			t.Errorf("incidents: %+v", r.tracker.incidents)
		}
		if got := r.entry().Incident.Tracker; got != "https://new.example" {
			t.Errorf("the entry says %q", got)
		}
	})
}
