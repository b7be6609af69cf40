package chaos

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes/faketracker"
	"github.com/casepush/casepush/internal/kibana"
)

// maxInFlight is how many pushes run at once at one tracker.
const maxInFlight = 16

// connectorConfig is the tracker's entry under connectors. Its values are JSON,
// which is YAML.
func (tr *tracker) connectorConfig(t *testing.T, times faketracker.Times) string {
	t.Helper()
	d := tr.definition(times)
	secrets := map[string]string{}
	for name, s := range d.Secrets {
		secrets[name] = s.Reveal()
	}
	return fmt.Sprintf("  %s: {actionTypeId: %s, name: %q, config: %s, secrets: %s}\n", tr.id, d.Type, d.Name, text(t, d.Config), text(t, secrets))
}

// deliveryConfig is the tracker's entry under delivery.
func (tr *tracker) deliveryConfig(t *testing.T, times faketracker.Times) string {
	t.Helper()
	keys := map[string]any{"max_in_flight": maxInFlight}
	for name, v := range tr.definition(times).Delivery {
		keys[name] = v
	}
	return fmt.Sprintf("  %s: %s\n", tr.id, text(t, keys))
}

func (tr *tracker) definition(times faketracker.Times) connector.Definition {
	d := tr.kind.Definition(tr.url, times)
	d.ID = tr.id
	return d
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// caseConnector is what a case says of its connector.
func (tr *tracker) caseConnector() kibana.CaseConnector {
	d := tr.definition(faketracker.Times{})
	fields := tr.kind.CaseFields
	if fields == nil {
		fields = json.RawMessage("null")
	}
	return kibana.CaseConnector{ID: d.ID, Name: d.Name, Type: d.Type, Fields: fields}
}

// incident finds one by its id.
func (tr *tracker) incident(id string) (faketracker.Incident, bool) {
	for _, in := range tr.fake.Incidents() {
		if in.ID == id {
			return in, true
		}
	}
	return faketracker.Incident{}, false
}
