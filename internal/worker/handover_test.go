package worker_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/kibana"
)

// TestLimitWhileStopping: a push that is in flight while its worker stops is told
// to wait for an hour; the next worker waits.
func TestLimitWhileStopping(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begun, release := make(chan struct{}, 10), make(chan struct{})
	var limited atomic.Bool
	var inside atomic.Int64
	r.jiraURL = serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if limited.Load() {
			inside.Add(1)
		}
		if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/issue") {
			begun <- struct{}{}
			<-release
			limited.Store(true)
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		r.jira.ServeHTTP(w, req)
	}))
	r.configure(rigConfig)
	r.start()
	r.publish(event.Event{CaseID: r.addCase(kibana.Case{Title: "One"}).ID, ConnectorID: "soc-jira"})
	<-begun
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		r.stop()
	}()
	eventually(t, "a worker that stops", func() bool { return strings.Contains(r.log.String(), "stopping: no new pushes are begun") })
	close(release)
	<-stopped
	n, err := r.conn.ReadNotes(t.Context(), "soc-jira")
	if err != nil || time.Until(n.Hold.Asked) < 50*time.Minute {
		t.Errorf("stored: %+v, error %v; want a hold of an hour", n.Hold, err)
	}
	r.start()
	r.publish(event.Event{CaseID: r.addCase(kibana.Case{Title: "Two"}).ID, ConnectorID: "soc-jira"})
	eventually(t, "both waiting", func() bool {
		sizes, err := r.conn.QueueSizes(t.Context())
		return err == nil && sizes["soc-jira"].Jobs == 1 && sizes["soc-jira"].Retries == 1
	})
	<-time.After(500 * time.Millisecond)
	if n := inside.Load(); n > 0 {
		t.Errorf("%d requests inside the window", n)
	}
}
