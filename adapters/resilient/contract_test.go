package resilient_test

import (
	"encoding/json"
	"html"
	"net/http"
	"strings"
	"testing"

	"github.com/casepush/casepush/adapters/resilient"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/connectortest"
	"github.com/casepush/casepush/internal/fakes/fakeresilient"
	"github.com/casepush/casepush/internal/secret"
)

// tracker shows the suite what a fake SOAR holds.
type tracker struct{ *fakeresilient.Fake }

// Incidents implements [connectortest.Tracker]. The mark's line is no part of
// the description's text.
func (f tracker) Incidents() []connectortest.Incident {
	var list []connectortest.Incident
	for _, i := range f.Fake.Incidents() {
		description, _, _ := strings.Cut(read(i.Text("description")), "Elastic Case: ")
		in := connectortest.Incident{ID: i.ID, Texts: map[string]string{
			"name": i.Name(), "description": strings.TrimRight(description, "\n"),
		}}
		for _, c := range i.Comments {
			in.Comments = append(in.Comments, read(*c.Text))
		}
		list = append(list, in)
	}
	return list
}

// read is what people read of a text that the fake holds.
func read(t fakeresilient.Text) string {
	if t.Format != "html" {
		return t.Content
	}
	return html.UnescapeString(strings.ReplaceAll(t.Content, "<br />", "\n"))
}

func sample() connector.Incident {
	return connector.Incident{Fields: []connector.Field{
		{Name: "name", Value: "Beacon to 203.0.113.7"},
		{Name: "description", Value: "Seen on HMS-PC07 by \"Q\" & <b>007</b>:\n\ta = 'b' + c@d\n\nSecond paragraph."},
		{Name: "incidentTypes", Value: []string{"17"}},
		{Name: "severityCode", Value: "51"},
	}}
}

// updated changes the description, so that the mark's line has to survive that.
func updated() connector.Incident {
	in := sample()
	in.Fields[0].Value, in.Fields[1].Value = "Beacon, changed", "Seen again & again.\nOn <all> machines."
	return in
}

const (
	keyID     = "3f2c6e90-1a53-4c1f-8a0c-4a3f3b6f1d55"
	keySecret = "canary-secret+with/odd=chars"
)

func TestContract(t *testing.T) {
	type m = map[string]any
	for name, tc := range map[string]struct {
		org      string
		delivery m
		opts     fakeresilient.Options
		with     []connector.Field
	}{
		"a line of the description, organization by name": {
			org: "HMS", delivery: m{"duplicate_resolution": 54}, opts: fakeresilient.Options{TextAsHTML: true},
		},
		"a line of a plain text": {org: "201", delivery: m{"description_format": "text"}},
		"a property": {
			org: "201", opts: fakeresilient.Options{MaxName: 1000, MaxText: 4000},
			delivery: m{"correlation_property": "kibana_case_id", "duplicate_resolution": 54, "max_name": 1000, "max_text": 4000},
			with:     []connector.Field{{Name: "additionalFields", Value: `{"custom1":"x","teams":[301,302]}`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in, up := sample(), updated()
			in.Fields, up.Fields = append(in.Fields, tc.with...), append(up.Fields, tc.with...)
			tc.opts.KeyID, tc.opts.KeySecret = keyID, secret.New(keySecret)
			connectortest.Run(t, connectortest.Harness{
				New: func(url string, client *http.Client) (connector.Connector, error) {
					return resilient.Type().New(connector.Definition{
						ID: "soc-soar", Type: resilient.TypeID,
						Config:   m{"apiUrl": url, "orgId": tc.org},
						Secrets:  map[string]secret.String{"apiKeyId": secret.New(keyID), "apiKeySecret": secret.New(keySecret)},
						Delivery: tc.delivery,
					}, connector.Dependencies{HTTP: client})
				},
				Tracker:  func() connectortest.Tracker { return tracker{fakeresilient.New(tc.opts)} },
				Incident: in,
				Update:   up,
				Secrets:  []string{keyID, keySecret},
				Targets:  []string{"comments"}, // of the default mapping
				Reads: func(r *http.Request) bool {
					return r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/incidents/query_paged")
				},
				Refusal: func(words string) string {
					b, _ := json.Marshal(map[string]any{"success": false, "title": nil, "message": words, "hints": []string{}, "error_code": "generic"})
					return string(b)
				},
			})
		})
	}
}
