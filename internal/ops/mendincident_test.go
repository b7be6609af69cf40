package ops_test

import (
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/ops"
)

// Who reads it knows whether a person is needed.
func TestMendIncident(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	create := &ops.Uncertain{Create: true}
	later := &ops.Uncertain{Create: true, LookUpAt: now.Add(time.Minute)}
	for _, c := range []struct {
		name, want string
		incident   ops.Incident
	}{
		{"in step", "", ops.Incident{}},
		{"waits for its next attempt", "", ops.Incident{Retry: &ops.Waiting{}}},
		{"blocked", "casepush resolve c-1 --connector soc-jira", ops.Incident{Blocked: true, Uncertain: create}},
		{"a worker is at it", "", ops.Incident{ClaimedBy: "w", Lease: time.Minute, RecordedAt: now.Add(-30 * time.Second), Uncertain: create}},
		{"its worker has ended", "longer than 1m0s", ops.Incident{ClaimedBy: "w", Lease: time.Minute, RecordedAt: now.Add(-2 * time.Minute), Uncertain: create}},
		{"cannot be looked up yet", "from 2026-11-23T10:01:00Z on", ops.Incident{Uncertain: later, Retry: &ops.Waiting{}}},
		{"can be looked up", "nothing: while a worker runs", ops.Incident{Uncertain: create, Retry: &ops.Waiting{}}},
		{"not tried again", "casepush dlq ls --connector soc-jira --space-id default --case c-1", ops.Incident{Uncertain: create, Dead: true}},
		{"dead", "casepush dlq ls --connector soc-jira --space-id default --case c-1", ops.Incident{Dead: true}},
	} {
		c.incident.ConnectorID, c.incident.SpaceID, c.incident.CaseID = "soc-jira", "default", "c-1"
		got := ops.MendIncident(c.incident, now)
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
