package resilient_test

import (
	"net/http"
	"testing"

	"github.com/casepush/casepush/adapters/resilient"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

// someCase is the case of these tests.
var someCase = connector.CorrelationID{ConnectorID: "soc-soar", SpaceID: "default", CaseID: "c-81"}

// open makes a connector to the organization 201, or another one.
func open(t *testing.T, transport http.RoundTripper, delivery map[string]any, org ...string) connector.Connector {
	t.Helper()
	client, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"*"}}, transport)
	if err != nil {
		t.Fatal(err)
	}
	con, err := resilient.Type().New(connector.Definition{
		ID: "soc-soar", Config: map[string]any{"apiUrl": "http://soar.hms.example", "orgId": append(org, "201")[0]},
		Secrets: map[string]secret.String{"apiKeyId": secret.New("id"), "apiKeySecret": secret.New("key")}, Delivery: delivery,
	}, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	return con
}

// create makes an incident of someCase.
func create(t *testing.T, con connector.Connector, in connector.Incident) connector.Ref {
	t.Helper()
	ref, err := con.CreateIncident(t.Context(), someCase, in)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// fields makes an incident of names and values in turn.
func fields(pairs ...any) connector.Incident {
	var in connector.Incident
	for i := 0; i+1 < len(pairs); i += 2 {
		in.Fields = append(in.Fields, connector.Field{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	return in
}

func through(f fakes.Fake) fakes.Transport { return fakes.Transport{Handler: f} }

// paths are the requests in the fake's journal, "GET /rest/…", since it was
// cleared.
func paths(f fakes.Fake) []string {
	var out []string
	for _, r := range f.Journal().Requests() {
		out = append(out, r.Method+" "+r.Path)
	}
	return out
}

func text(e *connector.Error) string {
	if e == nil {
		return ""
	}
	return e.Error()
}
