package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
)

// TestTell: what a line says and names is so, whatever is not known.
func TestTell(t *testing.T) {
	t.Parallel()
	hold := gate.Hold{Reason: gate.Unauthenticated, Since: time.Now(), Until: time.Now().Add(time.Hour), Times: 1}
	duplicate := push.Verdict{Duplicates: []connector.Ref{{ID: "10002", Title: "HMS-2"}}, Note: "retired"}
	failed := duplicate
	failed.Err = errors.New("no right to link")
	for _, tt := range []struct {
		name            string
		tell            func(*Worker)
		want, not, keys string // keys: k=v, split at commas
	}{
		{"hold", func(w *Worker) { w.tellHold("soc-jira", hold) }, "casepush connectors resume soc-jira", "Kibana", "connector_id=soc-jira"},
		{"hold of Kibana", func(w *Worker) { w.tellHold("", hold) }, "casepush connectors resume kibana", "tracker", "connector_id=kibana"},
		{"end of it", func(w *Worker) { w.tellHold("", gate.Hold{}) }, "Kibana works again", "connector works", "connector_id=kibana"},
		{"duplicate", func(w *Worker) { w.tellDuplicates(push.Job{}, duplicate) }, "if its connector can", "could not", "incident=HMS-2,note=retired"},
		{"duplicate left", func(w *Worker) { w.tellDuplicates(push.Job{}, failed) }, "could not be put right", "has lost its mark", "incident=HMS-2"},
		{"unknown limit", func(w *Worker) { w.tellRescued(stream.Rescued{Consumer: "c", Limit: -1, Err: errors.New("away")}) }, "consumer c is -1", "max_deliver\":-1", "consumer=c"},
		{"limit", func(w *Worker) { w.tellRescued(stream.Rescued{Consumer: "c", Limit: 3, Jobs: 1}) }, "consumer c to 3", "", ""},
		{"task", func(w *Worker) { w.log.Info("x", runningField(routerQueue)) }, "", "u0000", "task=router"},
		{"queue", func(w *Worker) { w.log.Info("x", runningField("soc-jira")) }, "", "task", "connector_id=soc-jira"},
	} {
		var log bytes.Buffer
		tt.tell(&Worker{log: telemetry.NewLogger(telemetry.Options{Writer: &log})})
		line := log.String()
		if !strings.Contains(line, tt.want) || tt.not != "" && strings.Contains(line, tt.not) {
			t.Errorf("%s: want %q and not %q: %s", tt.name, tt.want, tt.not, line)
		}
		var fields map[string]any
		if err := json.Unmarshal(log.Bytes(), &fields); err != nil {
			t.Fatalf("%s: %v: %s", tt.name, err, line)
		}
		for _, kv := range strings.Split(tt.keys, ",") {
			if key, value, ok := strings.Cut(kv, "="); ok && fields[key] != value {
				t.Errorf("%s: %s is %v, want %q: %s", tt.name, key, fields[key], value, line)
			}
		}
	}
}
