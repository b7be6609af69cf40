package gate_test

import (
	"testing"
	"time"

	"github.com/casepush/casepush/internal/gate"
)

// TestStateOf: a pause comes before a hold, and a hold whose time is over is
// proven so by a push.
func TestStateOf(t *testing.T) {
	t.Parallel()
	now := time.Now()
	hold := gate.Hold{Reason: gate.Down, Since: now.Add(-time.Minute), Until: now.Add(time.Minute)}
	over := gate.Hold{Reason: gate.Down, Since: now.Add(-time.Minute), Until: now}
	for _, tt := range []struct {
		pause *gate.Pause
		hold  gate.Hold
		want  gate.State
	}{
		{nil, gate.Hold{}, gate.Working},
		{nil, gate.Hold{ResumedAt: now}, gate.Working},
		{nil, hold, gate.Held},
		{nil, over, gate.Probing},
		{&gate.Pause{}, gate.Hold{}, gate.Paused},
		{&gate.Pause{}, hold, gate.Paused},
	} {
		if got := gate.StateOf(tt.pause, tt.hold, now); got != tt.want {
			t.Errorf("pause %v, hold %+v: %s, want %s", tt.pause, tt.hold, got, tt.want)
		}
	}
}

// TestReasonOf: the words name whoever is meant.
func TestReasonOf(t *testing.T) {
	t.Parallel()
	for reason, want := range map[gate.Reason]string{
		gate.RateLimited: "Kibana asked to wait", gate.Unauthenticated: "Kibana refuses our credentials",
		gate.Forbidden: "Kibana lets our credentials do nothing", gate.Down: "Kibana is down", "": "",
	} {
		if got := reason.Of("Kibana"); got != want {
			t.Errorf("%q: %q, want %q", reason, got, want)
		}
	}
}
