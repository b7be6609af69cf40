package jira_test

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/casepush/casepush/adapters/jira"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/connectortest"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/secret"
)

// tracker shows the suite what a fake Jira holds.
type tracker struct{ *fakejira.Fake }

// Incidents implements [connectortest.Tracker].
func (f tracker) Incidents() []connectortest.Incident {
	var list []connectortest.Incident
	for _, issue := range f.Issues() {
		in := connectortest.Incident{ID: issue.ID, Texts: map[string]string{
			"summary": issue.Text("summary"), "description": issue.Text("description"),
		}}
		for _, c := range issue.Comments {
			in.Comments = append(in.Comments, c.Body)
		}
		list = append(list, in)
	}
	return list
}

// sample has an issue type on Cloud only: on Data Center the adapter has to
// ask for the project's first.
func sample(flavour fakejira.Flavour) connector.Incident {
	in := connector.Incident{Fields: []connector.Field{
		{Name: "summary", Value: "Beacon to 203.0.113.7"},
		{Name: "description", Value: "Seen on HMS-PC07."},
		{Name: "labels", Value: []string{"lateral movement"}},
	}}
	if flavour == fakejira.Cloud {
		in.Fields = append(in.Fields, connector.Field{Name: "issueType", Value: "10001"})
	}
	return in
}

func TestContract(t *testing.T) {
	const email, token = "moneypenny@hms.example", "canary-token+with/odd=chars"
	for deployment, flavour := range map[string]fakejira.Flavour{"cloud": fakejira.Cloud, "data_center": fakejira.DataCenter} {
		t.Run(deployment, func(t *testing.T) {
			spec := map[fakejira.Flavour]*specification{fakejira.Cloud: cloudSpec, fakejira.DataCenter: dataCenterSpec}[flavour]
			router := spec.router(t) // here: t must not end inside a case of the suite
			var validated atomic.Int64
			connectortest.Run(t, connectortest.Harness{
				New: func(url string, client *http.Client) (connector.Connector, error) {
					checked := *client
					checked.Transport = validate(t, router, "", client.Transport).counting(&validated)
					return jira.Type().New(connector.Definition{
						ID: "soc-jira", Type: jira.TypeID,
						Config:   map[string]any{"apiUrl": url, "projectKey": "HMS"},
						Secrets:  map[string]secret.String{"email": secret.New(email), "apiToken": secret.New(token)},
						Delivery: map[string]any{"deployment": deployment, "duplicate_transition": "Done"},
					}, connector.Dependencies{HTTP: &checked})
				},
				Tracker: func() connectortest.Tracker {
					return tracker{fakejira.New(fakejira.Options{Flavour: flavour, Email: email, Token: secret.New(token)})}
				},
				Incident: sample(flavour),
				Secrets:  []string{token},
				Targets:  []string{"comments"}, // of the default mapping
				Refusal: func(words string) string {
					b, _ := json.Marshal(map[string]any{"errorMessages": []string{words}, "errors": map[string]string{}})
					return string(b)
				},
			})
			if n := validated.Load(); router != nil && n < 100 {
				t.Errorf("%d requests validated against %s, want at least 100", n, spec.path)
			}
		})
	}
}
