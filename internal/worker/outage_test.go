package worker_test

import (
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
)

// rigConfigOpen closes no case, so that a push of a snapshot needs no Kibana
// in its end.
func rigConfigOpen() string {
	return strings.Replace(rigConfig, "close-by-pushing", "close-by-user", 1)
}

// TestKibanaDown: while Kibana does not answer, snapshots of cases with a known
// incident go on; thin events, and what Kibana has to be asked about before a
// first create, wait and complete when it is back. None holds up another.
func TestKibanaDown(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, rigOptions{config: rigConfigOpen()})
	r.start()
	known := r.addCase(kibana.Case{Title: "Known", Connector: jiraConnector()})
	if res := r.push(event.Event{CaseID: known.ID}); res.Outcome != push.Pushed {
		t.Fatalf("before: %+v", res)
	}
	thin := r.addCase(kibana.Case{Title: "Thin", Connector: jiraConnector()})
	routed := r.addCase(kibana.Case{Title: "Thin, with connector"})
	fresh := r.addCase(kibana.Case{Title: "First push"})

	if _, err := r.kibana.Faults().Add(fakes.Rule{Reset: true}); err != nil {
		t.Fatal(err)
	}
	var waiting []*ops.Awaited
	for _, e := range []event.Event{
		{CaseID: thin.ID},
		{CaseID: routed.ID, ConnectorID: "soc-jira", Owner: "securitySolution"},
		{CaseID: fresh.ID, ConnectorID: "soc-jira", Case: []byte(`{"id":"` + fresh.ID + `","title":"First push","owner":"securitySolution"}`)},
	} {
		a, err := r.ops.PublishAwaited(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		waiting = append(waiting, a)
	}
	snapshot := `{"id":"` + known.ID + `","title":"Known","description":"grown","owner":"securitySolution","updated_at":"2199-01-01T00:00:00Z"}`
	res := r.push(event.Event{CaseID: known.ID, ConnectorID: "soc-jira", Case: []byte(snapshot)})
	if res.Outcome != push.Pushed || res.Closed {
		t.Errorf("a snapshot while Kibana is down: %+v", res)
	}
	if i := r.issues("Known"); len(i) != 1 || !strings.HasPrefix(i[0].Text("description"), "grown") {
		t.Errorf("issues: %+v", i)
	}
	eventually(t, "three that wait", func() bool {
		log := r.log.String()
		return strings.Contains(log, "event waits for Kibana") && strings.Count(log, `"push waits"`) >= 2
	})
	if list := r.letters(); len(list) != 0 {
		t.Errorf("dead letters: %+v", list)
	}
	r.kibana.Faults().Clear()
	for _, a := range waiting {
		if res := r.outcome(a); res.Outcome != push.Pushed {
			t.Errorf("when Kibana is back: %+v", res)
		}
	}
	for _, title := range []string{"Known", "Thin", "Thin, with connector", "First push"} {
		r.wantInStep(title)
	}
}

// TestKibanaDownAtClose: the tracker is brought up to date all the same, and
// the case is closed when Kibana is back; the incident is not written twice.
func TestKibanaDownAtClose(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	c := r.addCase(kibana.Case{Title: "To be closed"})
	rules, err := r.kibana.Faults().Add(fakes.Rule{Method: "PATCH", Status: 503})
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.ops.PublishAwaited(t.Context(), event.Event{CaseID: c.ID})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	eventually(t, "a close that failed", func() bool { return strings.Contains(r.log.String(), `"stage":"close"`) })
	if n := len(r.issues("To be closed")); n != 1 {
		t.Errorf("%d issues", n)
	}
	writes := len(r.jira.Journal().Writes())
	r.kibana.Faults().Remove(rules[0].ID)
	if res := r.outcome(a); res.Outcome != push.Pushed || !res.Closed {
		t.Errorf("%+v", res)
	}
	if now, _ := r.kibana.Case(c.ID); now.Status != "closed" {
		t.Errorf("the case is %s", now.Status)
	}
	if again := len(r.jira.Journal().Writes()); again != writes {
		t.Errorf("%d writes to the tracker, %d before Kibana was back", again, writes)
	}
	r.wantInStep("To be closed")
}

// TestBrokenTrackerHoldsUpNobody: of two connectors one answers nothing.
func TestBrokenTrackerHoldsUpNobody(t *testing.T) {
	t.Parallel()
	dead := fakejira.New(fakejira.Options{Flavour: fakejira.DataCenter})
	if _, err := dead.Faults().Add(fakes.Rule{Status: 503, RetryAfter: "1"}); err != nil {
		t.Fatal(err)
	}
	url := serve(t, dead)
	r := newRigWith(t, rigOptions{config: strings.Replace(rigConfig, "connectors:\n", `connectors:
  dead-jira:
    actionTypeId: .jira
    name: Dead
    config: {apiUrl: `+url+`, projectKey: HMS}
    secrets: {personalAccessToken: canary-pat}
`, 1)})
	r.start()
	var stuck []*ops.Awaited
	for range 10 {
		c := r.addCase(kibana.Case{Title: "Stuck"})
		a, err := r.ops.PublishAwaited(t.Context(), event.Event{CaseID: c.ID, ConnectorID: "dead-jira", Owner: "securitySolution"})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		stuck = append(stuck, a)
	}
	c := r.addCase(kibana.Case{Title: "Passing"})
	if res := r.push(event.Event{CaseID: c.ID}); res.Outcome != push.Pushed {
		t.Errorf("to the other tracker: %+v", res)
	}
	dead.Faults().Clear()
	for _, a := range stuck {
		if res := r.outcome(a); res.Outcome != push.Pushed {
			t.Errorf("when the tracker is back: %+v", res)
		}
	}
	if n := len(dead.Issues()); n != len(stuck) {
		t.Errorf("%d issues for %d cases", n, len(stuck))
	}
	r.wantInStep("Passing")
}
