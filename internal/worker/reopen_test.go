package worker_test

import (
	"testing"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// A person who closes a case and reopens it while its event waits has decided
// later than the event: the push goes through and the case stays open.
func TestReopenedWhileTheEventWaited(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	c := r.addCase(kibana.Case{Title: "Waits"})
	if _, err := r.jira.Faults().Add(fakes.Rule{Path: "**", Status: 503}); err != nil {
		t.Fatal(err)
	}
	waiting, err := r.ops.PublishAwaited(t.Context(), event.Event{CaseID: c.ID, SpaceID: "default"})
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	eventually(t, "the first attempt", func() bool { return len(r.jira.Journal().Requests()) > 0 })
	closed := kibana.StatusClosed
	if _, err := r.kibana.UpdateCase(c.ID, fakekibana.CaseUpdate{Status: &closed}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.kibana.Reopen(c.ID); err != nil {
		t.Fatal(err)
	}
	r.jira.Faults().Clear()
	res := r.outcome(waiting)
	if res.Outcome != push.Pushed || res.Closed {
		t.Errorf("result: %+v", res)
	}
	if now, _ := r.kibana.Case(c.ID); now.Status == kibana.StatusClosed {
		t.Error("the case was closed again")
	}
	// An event that is newer than the reopening closes it.
	if res := r.push(event.Event{CaseID: c.ID}); !res.Closed {
		t.Errorf("newer event: %+v", res)
	}
}
