package webhook_test

import (
	"errors"
	"maps"
	"net/http/httptest"
	"testing"

	"github.com/casepush/casepush/adapters/webhook"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes/fakewebhook"
	"github.com/casepush/casepush/internal/httpclient"
)

// What does not render is refused as a template, and nothing is sent.
func TestTemplatesAreRefusedUnsent(t *testing.T) {
	t.Parallel()
	fake := fakewebhook.New(fakewebhook.Options{})
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	create := func(c connector.Connector) error {
		_, err := c.CreateIncident(t.Context(), connector.CorrelationID{CaseID: "c"}, sample())
		return err
	}
	ref := connector.Ref{ID: "1001", Title: "INC-1001"}
	update := func(c connector.Connector) error {
		return c.UpdateIncident(t.Context(), connector.CorrelationID{}, ref, sample())
	}
	comment := func(c connector.Connector) error {
		return c.AddComment(t.Context(), ref, connector.Comment{ID: "k", Text: "x"})
	}
	for key, tc := range map[string]struct {
		template string
		call     func(connector.Connector) error
	}{
		"createIncidentJson": {`{"title":"{{{case.title}}}"}`, create},
		"getIncidentUrl":     {srv.URL + "/api/incidents/{{{external.system.ID}}}", create},
		"viewIncidentUrl":    {srv.URL + "/{{{external.system.key}}}", create},
		"updateIncidentUrl":  {srv.URL + "/api/incidents/{{{external.system.ID}}}", update},
		"updateIncidentJson": {`{"title":{{{case.titel}}}}`, update},
		"createCommentUrl":   {srv.URL + "/api/incidents/{{{external.system.title.x}}}", comment},
		"createCommentJson":  {`{"text":{{case.comment}}}`, comment},
	} {
		con := open(t, srv.URL, httpclient.Settings{AllowedHosts: []string{"*"}}, map[string]any{key: tc.template})
		e := connector.AsError(key, tc.call(con))
		if e == nil || e.Kind != connector.Rejected || e.Effect != connector.NotApplied || !errors.Is(e, connector.ErrTemplate) {
			t.Errorf("%s: %v", key, e)
		}
	}
	if requests := fake.Journal().Requests(); len(requests) != 0 {
		t.Errorf("sent: %v", requests)
	}
}

// A URL may lead to another host than the create's, and that one must be
// allowed too. A title that cannot be read there costs the title alone.
func TestHosts(t *testing.T) {
	t.Parallel()
	fake := fakewebhook.New(fakewebhook.Options{})
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	own := httpclient.Settings{AllowedHosts: []string{"127.0.0.1"}}
	elsewhere := "https://elsewhere.example/{{{external.system.id}}}"
	con := open(t, srv.URL, own, map[string]any{"getIncidentUrl": elsewhere, "updateIncidentUrl": elsewhere, "viewIncidentUrl": elsewhere})
	ref, err := con.CreateIncident(t.Context(), connector.CorrelationID{CaseID: "c"}, sample())
	if want := (connector.Ref{ID: "1001", Title: "1001", URL: "https://elsewhere.example/1001"}); err != nil || ref != want {
		t.Errorf("created %+v, %v; want %+v", ref, err, want)
	}
	e := connector.AsError("", con.UpdateIncident(t.Context(), connector.CorrelationID{}, ref, sample()))
	if e == nil || !errors.Is(e, connector.ErrHostNotAllowed) || e.Effect != connector.NotApplied {
		t.Errorf("update: %v", e)
	}
	none := open(t, srv.URL, httpclient.Settings{AllowedHosts: []string{"elsewhere.example"}}, nil)
	if _, err := none.CreateIncident(t.Context(), connector.CorrelationID{CaseID: "c"}, sample()); !errors.Is(err, connector.ErrHostNotAllowed) {
		t.Errorf("create: %v", err)
	}
	if n := len(fake.Incidents()); n != 1 {
		t.Errorf("%d incidents", n)
	}
}

// open makes a connector to a fake target, with some keys of its definition
// replaced.
func open(t *testing.T, base string, s httpclient.Settings, config map[string]any) connector.Connector {
	t.Helper()
	client, err := httpclient.New(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	def := connector.Definition{ID: "w", Type: webhook.TypeID, Config: fakewebhook.Options{}.Definition(base)}
	maps.Copy(def.Config, config)
	con, err := webhook.Type().New(def, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	return con
}

// The fake's own definition gives no cause for a remark.
func TestFakesDefinition(t *testing.T) {
	t.Parallel()
	for _, o := range []fakewebhook.Options{{}, {Nested: true, NumericIDs: true}} {
		def := connector.Definition{ID: "w", Type: webhook.TypeID, Config: o.Definition("http://127.0.0.1:8780/webhook"), Secrets: o.Secrets()}
		if problems := webhook.Type().Check(def); len(problems) != 0 {
			t.Errorf("%v", problems)
		}
	}
}
