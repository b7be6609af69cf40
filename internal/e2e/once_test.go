package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/push"
)

// once runs `casepush run --once`.
func (r *rig) once() (code int, stderr string) {
	r.t.Helper()
	code, stdout, stderr := command(r.t, r.environ, casepushProgram(), "run", "-c", r.config, "--once")
	if stdout != "" {
		r.t.Errorf("stdout: %q", stdout)
	}
	return code, stderr
}

// TestOnce drains what is pending; its exit code says what it could not do.
func TestOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if code, stderr := r.once(); code != 0 { // the streams are there from now on
		t.Fatalf("nothing to do: code %d, %s", code, stderr)
	}
	r.connect()
	id := r.addCase("Once")
	r.publish(id, fmt.Sprintf(`{"case_id":%q}`, id))
	if code, stderr := r.once(); code != 0 {
		t.Errorf("code %d, %s", code, stderr)
	}
	if res := r.result(id); res.Outcome != push.Pushed || !res.Closed {
		t.Errorf("%+v", res)
	}

	r.faults("jira-cloud", `{"status":503,"retry_after":"3600"}`)
	later := r.addCase("Later")
	r.publish(later, fmt.Sprintf(`{"case_id":%q}`, later))
	if code, stderr := r.once(); code != 6 || !strings.Contains(stderr, "1 pushes wait for a later attempt") {
		t.Errorf("a tracker that is down: code %d, %s", code, stderr)
	}
	r.faults("jira-cloud")
	// The tracker asked for an hour, and a restart changes nothing about that.
	if code, stderr := r.once(); code != 6 {
		t.Errorf("within the hour: code %d, %s", code, stderr)
	}
	if code, _, stderr := command(t, r.environ, casepushProgram(), "connectors", "resume", "soc-jira", "-c", r.config); code != 0 {
		t.Fatalf("resume: code %d, %s", code, stderr)
	}
	r.faults("jira-cloud", `{"status":401}`)
	refused := r.addCase("Refused")
	r.publish(refused, fmt.Sprintf(`{"case_id":%q}`, refused))
	if code, stderr := r.once(); code != 5 || !strings.Contains(stderr, `credentials refused by connectors ["soc-jira"]`) {
		t.Errorf("wrong credentials: code %d, %s", code, stderr)
	}
}

// TestTooLarge: a server that takes more than we do.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	r := newRigOn(t, "max_payload: 16MB\n")
	w := r.startWorker()
	r.connect()
	r.publish("big", fmt.Sprintf(`{"case_id":"big","connector_id":"soc-jira","case":{"id":"big","title":"Big","description":%q}}`, strings.Repeat("x", 9<<20)))
	if res := r.result("big"); res.Outcome != push.DeadLettered || res.Reason != push.ReasonTooLarge {
		t.Errorf("9 MiB: %+v", res)
	}
	_, stdout, _ := command(t, r.environ, casepushProgram(), "dlq", "ls", "-c", r.config)
	if !strings.Contains(stdout, "too_large") || !strings.Contains(stdout, "big") {
		t.Errorf("dlq ls: %s", stdout)
	}
	r.publish("big", fmt.Sprintf(`{"case_id":"big","owner":"securitySolution","connector_id":"soc-jira","case":{"id":"big","title":"Less big","alerts":[{"a":%q}]}}`, strings.Repeat("x", 5<<20)))
	if res := r.result("big"); res.Outcome != push.Pushed {
		t.Errorf("5 MiB: %+v", res)
	}
	w.signal(syscall.SIGTERM)
	if code, _ := w.wait(5 * time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
