package worker_test

import (
	"testing"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

func TestPushesAndCloses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	c := r.addCase(kibana.Case{Title: "Suspicious login", Description: "From a new country", Tags: []string{"two words"}})
	if _, err := r.kibana.AddComment(c.ID, kibana.Comment{Type: "user", Text: "first"}); err != nil {
		t.Fatal(err)
	}
	res := r.push(event.Event{CaseID: c.ID})
	if res.Outcome != push.Pushed || !res.Closed || res.ExternalService == nil {
		t.Fatalf("result: %+v", res)
	}
	issues := r.jira.Issues()
	if len(issues) != 1 || len(issues[0].Comments) != 1 {
		t.Fatalf("issues: %+v", issues)
	}
	if now, _ := r.kibana.Case(c.ID); now.Status != "closed" {
		t.Errorf("case is %s", now.Status)
	}
	// The same case again changes nothing.
	r.jira.Journal().Clear()
	r.kibana.Journal().Clear()
	if res := r.push(event.Event{CaseID: c.ID}); res.Outcome != push.Unchanged || !res.Closed {
		t.Errorf("second push: %+v", res)
	}
	if n := len(r.jira.Journal().Writes()) + len(r.kibana.Journal().Writes()); n != 0 {
		t.Errorf("%d writing requests at the second push", n)
	}
}
