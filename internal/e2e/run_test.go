package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/push"
)

const createPath = "/rest/api/2/issue"

// TestRun: events of every form, from a plain client, have their outcomes on
// casepush.result.>, one issue each, and their cases closed; replays change nothing.
func TestRun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.startWorker()
	r.connect()
	thin, full, cloud := r.addCase("Thin"), r.addCase("With its case"), r.addCase("CloudEvent")
	r.call("POST", "kibana", "/api/cases/"+thin+"/comments", `{"type":"user","comment":"First comment","owner":"securitySolution"}`, nil)
	r.publish(thin, fmt.Sprintf(`{"case_id":%q}`, thin), jetstream.WithMsgID("event-1"))
	r.publish(full, fmt.Sprintf(`{"case_id":%q,"owner":"securitySolution","connector_id":"soc-jira","requested_by":{"username":"moneypenny"},
		"case":{"id":%q,"title":"With its case","description":"d","owner":"securitySolution","unknown":{"key":1}}}`, full, full))
	r.publish(cloud, fmt.Sprintf(`{"specversion":"1.0","type":"t","source":"s","id":"ce-1","data":{"case_id":%q}}`, cloud))
	got := r.resultsOf(thin, full, cloud)
	for id, title := range map[string]string{thin: "Thin", full: "With its case", cloud: "CloudEvent"} {
		res := got[id]
		if res.Outcome != push.Pushed || !res.Closed || res.ConnectorID != "soc-jira" || res.ConnectorTypeID != ".jira" || res.Owner != "securitySolution" {
			t.Errorf("%s: %+v", title, res)
		}
		issues := r.issues("jira-cloud", title)
		if len(issues) != 1 {
			t.Fatalf("%s: %d issues", title, len(issues))
		}
		if s := res.ExternalService; s == nil || s.ExternalID != issues[0].ID || s.ExternalTitle != issues[0].Key || !strings.HasSuffix(s.ExternalURL, "/browse/"+issues[0].Key) {
			t.Errorf("%s: external service %+v of issue %s", title, s, issues[0].Key)
		}
		if s := r.status(id); s != "closed" {
			t.Errorf("%s: the case is %s", title, s)
		}
	}
	if got[thin].EventID != "event-1" || got[cloud].EventID != "ce-1" || !strings.HasPrefix(got[full].EventID, "CASEPUSH_EVENTS:") {
		t.Errorf("event ids %q, %q, %q", got[thin].EventID, got[cloud].EventID, got[full].EventID)
	}
	if c := r.issues("jira-cloud", "Thin")[0].Comments; len(c) != 1 || !strings.Contains(c[0].Body, "First comment") {
		t.Errorf("comments: %+v", c)
	}

	if ack := r.publish(thin, fmt.Sprintf(`{"case_id":%q}`, thin), jetstream.WithMsgID("event-1")); !ack.Duplicate {
		t.Error("the same id again is no duplicate")
	}
	r.publish(thin, fmt.Sprintf(`{"case_id":%q}`, thin))
	if res := r.result(thin); res.Outcome != push.Unchanged || !res.Closed {
		t.Errorf("the same case again: %+v", res)
	}
	if n := r.requests("jira-cloud", "POST", createPath); n != 4 { // three issues, one comment
		t.Errorf("%d writing requests, want 4", n)
	}
	if status, body := w.probe("/readyz"); status != http.StatusOK {
		t.Errorf("readyz: %d %s", status, body)
	}
	w.signal(syscall.SIGTERM)
	if code, _ := w.wait(5 * time.Second); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	if out := w.stdout.String(); out != "" {
		t.Errorf("stdout: %q", out)
	}
}

// TestStopFinishes: a push that is in flight at SIGTERM ends as if nothing had
// happened, nothing new is begun, and the next worker takes up the rest.
func TestStopFinishes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.startWorker()
	r.connect()
	r.faults("jira-cloud", `{"method":"POST","path":"/rest/api/2/issue","delay":"1500ms","times":1}`)
	id := r.addCase("In flight")
	r.publish(id, fmt.Sprintf(`{"case_id":%q}`, id))
	eventually(t, "a create in flight", func() bool { return r.requests("jira-cloud", "POST", createPath) == 1 })
	w.signal(syscall.SIGTERM)
	w.says("no new pushes are begun")
	if status, body := w.probe("/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("readyz while it stops: %d %s", status, body)
	}
	late := r.addCase("Too late")
	r.publish(late, fmt.Sprintf(`{"case_id":%q}`, late))
	if code, _ := w.wait(5 * time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if res := r.result(id); res.Outcome != push.Pushed || !res.Closed || res.Attempts != 1 {
		t.Errorf("in flight: %+v", res)
	}
	if n := len(r.issues("jira-cloud", "Too late")); n != 0 {
		t.Error("a push was begun after the stop")
	}
	r.startWorker()
	if res := r.result(late); res.Outcome != push.Pushed {
		t.Errorf("the rest: %+v", res)
	}
	for _, title := range []string{"In flight", "Too late"} {
		if n := len(r.issues("jira-cloud", title)); n != 1 {
			t.Errorf("%s: %d issues", title, n)
		}
	}
}

// TestStopHandsBack: what does not end within the bound is left, and the next
// worker looks it up: the issue that was made after all is found, not made again.
func TestStopHandsBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.configure(strings.Replace(rigConfig, "drain_timeout: 5s", "drain_timeout: 500ms", 1))
	w := r.startWorker()
	r.connect()
	r.faults("jira-cloud", `{"method":"POST","path":"/rest/api/2/issue","delay_answer":"20s","times":1}`)
	id := r.addCase("Left behind")
	r.publish(id, fmt.Sprintf(`{"case_id":%q}`, id))
	eventually(t, "an issue without an answer", func() bool { return len(r.issues("jira-cloud", "Left behind")) == 1 })
	w.signal(syscall.SIGTERM)
	begun := time.Now()
	code, _ := w.wait(10 * time.Second)
	if took := time.Since(begun); code != 0 || took > 4*time.Second {
		t.Errorf("exit code %d after %s, want 0 after 500ms and a little", code, took)
	}
	w.says("stopped with pushes in flight")
	r.startWorker()
	if res := r.result(id); res.Outcome != push.Pushed || !res.Closed {
		t.Errorf("%+v", res)
	}
	if n := len(r.issues("jira-cloud", "Left behind")); n != 1 {
		t.Errorf("%d issues, want 1", n)
	}
}

// TestSecondSignal: who asks twice does not want to wait.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.configure(strings.Replace(rigConfig, "drain_timeout: 5s", "drain_timeout: 60s", 1))
	w := r.startWorker()
	r.connect()
	r.faults("jira-cloud", `{"method":"POST","path":"/rest/api/2/issue","delay":"60s"}`)
	id := r.addCase("Slow")
	r.publish(id, fmt.Sprintf(`{"case_id":%q}`, id))
	eventually(t, "a create in flight", func() bool { return r.requests("jira-cloud", "POST", createPath) == 1 })
	w.signal(syscall.SIGTERM)
	w.says("no new pushes are begun")
	w.signal(syscall.SIGTERM)
	if code, sig := w.wait(2 * time.Second); sig != syscall.SIGTERM && code == 0 {
		t.Errorf("code %d, signal %v", code, sig)
	}
}

// TestNATSRestart: nats-server is killed while events are worked on, and comes
// back on its store: the worker says so, goes on, and every case is pushed once.
func TestNATSRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.startWorker()
	r.connect()
	const cases = 12
	ids := make([]string, cases)
	r.faults("jira-cloud", `{"method":"POST","path":"/rest/api/2/issue","delay":"300ms"}`)
	for n := range ids {
		ids[n] = r.addCase(fmt.Sprint("Case ", n))
	}
	for _, id := range ids {
		r.publish(id, fmt.Sprintf(`{"case_id":%q}`, id))
	}
	eventually(t, "creates in flight", func() bool { return r.requests("jira-cloud", "POST", createPath) >= 2 })
	r.nats.kill()
	eventually(t, "unready", func() bool {
		status, body := w.probe("/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "NATS is out of reach")
	})
	if status, _ := w.probe("/livez"); status != http.StatusOK {
		t.Errorf("livez without NATS: %d", status)
	}
	w.says("NATS is away")
	r.restartNATS()
	eventually(t, "ready again", func() bool { status, _ := w.probe("/readyz"); return status == http.StatusOK })
	eventually(t, "all closed", func() bool {
		for _, id := range ids {
			if r.status(id) != "closed" {
				return false
			}
		}
		return true
	})
	for n := range ids {
		if got := len(r.issues("jira-cloud", fmt.Sprint("Case ", n))); got != 1 {
			t.Errorf("case %d: %d issues", n, got)
		}
	}
	eventually(t, "an outcome of each", func() bool { return len(r.storedOutcomes()) == cases })
	w.signal(syscall.SIGTERM)
	if code, _ := w.wait(8 * time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// storedOutcomes are the cases that have an outcome on the stream.
func (r *rig) storedOutcomes() map[string]uint64 {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), testTimeout)
	defer cancel()
	s, err := r.js.Stream(ctx, "CASEPUSH_RESULTS")
	if err != nil {
		return nil // not back yet
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter("casepush.result.>"))
	if err != nil {
		return nil
	}
	return info.State.Subjects
}

// TestNATSDownAtStart: exit code 4, and what to do.
func TestNATSDownAtStart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.nats.kill()
	code, stdout, stderr := command(t, r.environ, casepushProgram(), "run", "-c", r.config)
	if code != 4 || stdout != "" {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
	for _, want := range []string{"casepush: NATS is out of reach at " + r.natsURL, "hint: start nats-server -js"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr %q does not say %q", stderr, want)
		}
	}
}

// TestTooLargeForNATS: a server with its default of 1 MiB refuses a case of 5
// MiB at its producer, and our own command says what to do.
func TestTooLargeForNATS(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.startWorker()
	r.connect()
	body := fmt.Sprintf(`{"case_id":"big","connector_id":"soc-jira","case":{"id":"big","title":"Big","description":%q}}`, strings.Repeat("x", 5<<20))
	if _, err := r.js.Publish(t.Context(), "casepush.push.default.big", []byte(body)); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("plain client: %v", err)
	}
	code, _, stderr := command(t, r.environ, casepushProgram(), "push", "-c", r.config, "-f", r.file("big.json", body))
	if code == 0 || !strings.Contains(stderr, `case "big"`) || !strings.Contains(stderr, "takes 1048576") || !strings.Contains(stderr, "publish it without its case") {
		t.Errorf("casepush push: code %d, stderr %.500q", code, stderr)
	}
	if status, _ := w.probe("/readyz"); status != http.StatusOK {
		t.Errorf("readyz: %d", status)
	}
	if n := len(r.issues("jira-cloud", "Big")); n != 0 {
		t.Errorf("%d issues of an event that was refused", n)
	}
}
