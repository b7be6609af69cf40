package history

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/faketracker"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// play plays one of the moments in which integrations make duplicates, at Jira
// and with the faults of the tracker itself, and audits what is left: one incident, each
// comment once, the ledger in step, and a replay that changes nothing.
func play(t *testing.T, s scenario, story func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(faketracker.Jira(), s, nil)
		story(w)
		w.run()
		w.tracker.Faults().Clear()
		w.mend()
		w.audit()
		if len(w.problems) == 0 {
			w.auditReplay()
		}
		for _, p := range w.problems {
			t.Error(p)
		}
	})
}

// fated plays a scenario with one misfortune at the n-th step of a kind.
func fated(t *testing.T, s scenario, at place, n int, what misfortune) {
	t.Helper()
	steps, problems := live(t, faketracker.Jira(), s, nil, nil)
	for i, p := range steps {
		if p == at {
			if n--; n == 0 {
				_, problems = live(t, faketracker.Jira(), s, fate{{i, what}}, nil)
			}
		}
	}
	if n > 0 {
		t.Errorf("%d more steps %q are wanted", n, at)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// fault makes the tracker misbehave.
func (w *world) fault(r fakes.Rule) { must[[]fakes.Rule](w)(w.tracker.Faults().Add(r)) }

// send is what somebody else does at Jira.
func (w *world) send(method, path, body string) {
	r := httptest.NewRequest(method, "https://hms.atlassian.net/rest/api/2/"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	w.tracker.ServeHTTP(answer, r)
	if answer.Code > 299 {
		w.problemf("the world is broken: %s %s: %d %s", method, path, answer.Code, answer.Body)
	}
}

// requests are those of this method whose path has the text, in their order.
func (w *world) requests(method, text string) (list []fakes.Request) {
	for _, r := range w.tracker.Journal().Requests() {
		if r.Method == method && strings.Contains(r.Path, text) {
			list = append(list, r)
		}
	}
	return list
}

// create is a first push; again is a later one.
func create() scenario {
	return scenario{before: func(w *world) { w.addCase("First.", "Second.", "Third.") }, acts: []func(*world){pushNow}}
}

// first makes the case and lets its first event come.
func first(w *world) {
	create().before(w)
	w.publish()
}

// creating matches the request that makes an incident.
func (w *world) creating(r fakes.Rule) fakes.Rule {
	r.Method, r.Path = w.kind.Create.Method, w.kind.Create.Path
	return r
}

// commenting matches the requests that add a comment.
func (w *world) commenting(r fakes.Rule) fakes.Rule {
	r.Method, r.Path = w.kind.Comment.Method, w.kind.Comment.Path
	return r
}

// searching matches Jira's search for the mark.
func searching(r fakes.Rule) fakes.Rule {
	r.Path = "**/search**"
	return r
}

// pushedByKibana is Kibana's own push of the case as it is.
func (w *world) pushedByKibana() {
	w.tick()
	must[struct{}](w)(struct{}{}, w.kind.Pushed(w.tracker, faketracker.Push{
		CaseID: caseID, Title: "Bad login", Description: "Somebody tried." + footer, Tags: []string{"vpn"}, Comments: []string{"First." + footer},
	}))
	all := w.tracker.Incidents()
	made := all[len(all)-1]
	w.tick()
	must[kibana.Case](w)(w.kibana.RecordPush(caseID, kibana.ExternalService{
		ConnectorID: connectorID, ConnectorName: w.caseConnector().Name, ExternalID: made.ID, ExternalTitle: made.Name, ExternalURL: trackerURL + "/" + made.Name,
	}))
	w.tick()
}

// lastResult is what was told last.
func (w *world) lastResult() push.Result {
	if len(w.results) == 0 {
		return push.Result{}
	}
	return w.results[len(w.results)-1]
}
