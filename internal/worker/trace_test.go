package worker_test

import (
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/kibana"
)

// At debug level every request has its line, without what may be secret in it.
func TestRequestsAreTraced(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	c := r.addCase(kibana.Case{Title: "Traced"})
	r.push(event.Event{CaseID: c.ID})
	log := r.log.String()
	for _, want := range []string{`"url.path":"/rest/api/2/issue"`, `"to":"soc-jira"`, `"to":"kibana"`, `"http.request.method":"POST"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	for _, never := range []string{"jql=", "canary-"} {
		if strings.Contains(log, never) {
			t.Errorf("the log holds %q", never)
		}
	}
}
