package worker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// A case that is slow at the tracker, and of which many events wait, takes one
// slot of its connector and leaves the others to other cases.
func TestBusyCaseTakesOneSlot(t *testing.T) {
	t.Parallel()
	config := strings.NewReplacer("{deployment: cloud,", "{deployment: cloud, max_in_flight: 2,", "lease: 5s", "lease: 15s").Replace(rigConfigOpen())
	r := newRigWith(t, rigOptions{config: config})
	slow := fakes.Rule{Method: "POST", Path: "**/issue", Contains: "Busy", Delay: fakes.Duration(5 * time.Second), Times: 1}
	if _, err := r.jira.Faults().Add(slow); err != nil {
		t.Fatal(err)
	}
	busy, quiet := r.addCase(kibana.Case{Title: "Busy", Connector: jiraConnector()}), r.addCase(kibana.Case{Title: "Quiet", Connector: jiraConnector()})
	r.start()
	for n := 1; n <= 6; n++ { // one by one: events that come together are one job
		r.publish(event.Event{CaseID: busy.ID, ConnectorID: "soc-jira"})
		eventually(t, "a busy case with more to come", func() bool {
			e, _, err := r.conn.Ledger().Get(t.Context(), ledger.Key{Connector: "soc-jira", Space: "default", Case: busy.ID})
			b, backlogErr := r.conn.Backlog(t.Context())
			return err == nil && backlogErr == nil && e.Claim != nil && b.Events == 0 && b.ByConnector["soc-jira"] == uint64(n)
		})
	}
	if res := r.push(event.Event{CaseID: quiet.ID, ConnectorID: "soc-jira"}); res.Outcome != push.Pushed {
		t.Errorf("%+v", res)
	}
	if n := len(r.issues("Busy")); n != 0 {
		t.Error("the quiet case has waited for the busy one")
	}
	eventually(t, "the busy case's issue", func() bool { return len(r.issues("Busy")) == 1 })
	r.wantInStep("Busy")
}
