package webhook_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/casepush/casepush/adapters/webhook"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/connectortest"
	"github.com/casepush/casepush/internal/fakes/fakewebhook"
	"github.com/casepush/casepush/internal/secret"
)

// tracker shows the suite what a fake target holds.
type tracker struct{ *fakewebhook.Fake }

// Incidents implements [connectortest.Tracker].
func (f tracker) Incidents() []connectortest.Incident {
	var list []connectortest.Incident
	for _, i := range f.Fake.Incidents() {
		in := connectortest.Incident{ID: i.ID, Texts: map[string]string{
			"title": i.Title, "description": i.Description, "severity": i.Severity, "status": i.Status, "id": i.CaseID,
		}}
		for _, c := range i.Comments {
			in.Comments = append(in.Comments, c.Text)
		}
		list = append(list, in)
	}
	return list
}

// sample has what Format makes of a case.
func sample() connector.Incident {
	return connector.Incident{Fields: []connector.Field{
		{Name: "title", Value: "Beacon to \"203.0.113.7\""},
		{Name: "description", Value: "Seen on HMS-PC07."},
		{Name: "tags", Value: []string{"lateral movement", "c2"}},
		{Name: "id", Value: "7349772f-421a-4de3-b8bb-2d9b22ccee30"},
		{Name: "severity", Value: "high"},
		{Name: "status", Value: "open"},
	}}
}

func TestContract(t *testing.T) {
	const canary = "canary-token+with/odd=chars"
	for name, tc := range map[string]struct {
		options  fakewebhook.Options
		config   map[string]any // in place of the fake's own
		delivery map[string]any
		secrets  []string
	}{
		"no auth": {
			options: fakewebhook.Options{EmptyAnswers: true, ContentType: "text/plain"},
			config:  map[string]any{"updateIncidentMethod": "post", "createIncidentMethod": "patch", "createCommentMethod": "patch"},
		},
		"basic": {
			options: fakewebhook.Options{User: "moneypenny", Password: secret.New(canary)},
			config: map[string]any{
				"createIncidentMethod": "put", "createCommentMethod": "put",
				"getIncidentMethod": "post", "getIncidentJson": `{"id": {{{external.system.id}}}}`, "getIncidentUrl": "/api/incidents/lookup?incident={{{external.system.id}}}",
			},
			secrets: []string{canary},
		},
		"secret header": {
			options: fakewebhook.Options{Header: "X-Api-Key", Value: secret.New(canary), Nested: true, NumericIDs: true},
			secrets: []string{canary},
		},
		"basic, idempotent": {
			options:  fakewebhook.Options{User: "moneypenny", Password: secret.New(canary), Idempotent: true, EmptyAnswers: true},
			config:   map[string]any{"updateIncidentMethod": "patch"},
			delivery: map[string]any{"idempotency_key": true},
			secrets:  []string{canary},
		},
	} {
		t.Run(name, func(t *testing.T) {
			connectortest.Run(t, connectortest.Harness{
				New: func(url string, client *http.Client) (connector.Connector, error) {
					config := tc.options.Definition(url)
					maps.Copy(config, tc.config)
					if path := config["getIncidentUrl"].(string); strings.HasPrefix(path, "/") {
						config["getIncidentUrl"] = url + path
					}
					return webhook.Type().New(connector.Definition{
						ID: "soc-webhook", Type: webhook.TypeID, Config: config, Secrets: tc.options.Secrets(), Delivery: tc.delivery,
					}, connector.Dependencies{HTTP: client})
				},
				Tracker:  func() connectortest.Tracker { return tracker{fakewebhook.New(tc.options)} },
				Incident: sample(),
				Secrets:  tc.secrets,
				Targets:  []string{"comments"}, // of the default mapping
				Reads: func(r *http.Request) bool {
					return r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/lookup")
				},
				Refusal: func(words string) string {
					b, _ := json.Marshal(map[string]any{"error": map[string]string{"message": words}})
					return string(b)
				},
			})
		})
	}
}
