package jira_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/adapters/jira"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

// heard notes the limits of the whole tracker.
type heard struct{ waits []time.Duration }

func (*heard) Enter(context.Context) error { return nil }

func (h *heard) Limited(d time.Duration) { h.waits = append(h.waits, d) }

// open makes a connector to a fake Jira without credentials.
func open(t *testing.T, transport http.RoundTripper, s httpclient.Settings, delivery map[string]any) connector.Connector {
	t.Helper()
	s.AllowedHosts = []string{"*"}
	client, err := httpclient.NewWithTransport(s, transport)
	if err != nil {
		t.Fatal(err)
	}
	con, err := jira.Type().New(connector.Definition{
		ID: "soc-jira", Config: map[string]any{"apiUrl": "http://jira.hms.example", "projectKey": "HMS"},
		Secrets: map[string]secret.String{"email": secret.New("a"), "apiToken": secret.New("b")}, Delivery: delivery,
	}, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	return con
}

// A 429 for the writes to one issue holds up that issue alone; any other holds
// up the connector. Data Center is asked here since our own throttle would
// come first on Cloud.
func TestScopeOfLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := fakejira.New(fakejira.Options{Flavour: fakejira.DataCenter, WriteLimits: []fakejira.WriteLimit{{Writes: 1, Per: time.Minute}}})
		gate := &heard{}
		con := open(t, fakes.Transport{Handler: fake}, httpclient.Settings{Gate: gate}, nil)
		ref, err := con.CreateIncident(t.Context(), connector.CorrelationID{CaseID: "c"}, sample(fakejira.Cloud))
		if err != nil {
			t.Fatal(err)
		}
		comment := func() *connector.Error {
			return connector.AsError("op", con.AddComment(t.Context(), ref, connector.Comment{ID: "1", Text: "T"}))
		}
		if e := comment(); e != nil {
			t.Fatal(e)
		}
		e := comment()
		if e == nil || e.Kind != connector.RateLimited || e.Scope != connector.OneIncident || e.RetryAfter != time.Minute || len(gate.waits) != 0 {
			t.Errorf("one issue's limit: %#v, heard %v", e, gate.waits)
		}
		if _, err := fake.Faults().Add(fakes.Rule{Status: 429, Header: map[string]string{
			"RateLimit-Reason": "jira-burst-based", "X-RateLimit-Reset": time.Now().UTC().Add(30 * time.Second).Format(time.RFC3339),
		}}); err != nil {
			t.Fatal(err)
		}
		e = comment()
		if e == nil || e.Kind != connector.RateLimited || e.Scope != connector.WholeTracker || e.RetryAfter != 30*time.Second || len(gate.waits) != 1 || gate.waits[0] != e.RetryAfter {
			t.Errorf("the tracker's limit: %#v, heard %v", e, gate.waits)
		}
	})
}

// When requests wait for the budget, a create and the reads go before a
// comment, and that before an update.
func TestClasses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := fakejira.New(fakejira.Options{Flavour: fakejira.DataCenter})
		con := open(t, fakes.Transport{Handler: fake}, httpclient.Settings{RequestsPerSecond: 1}, nil)
		id := connector.CorrelationID{CaseID: "c"}
		ref, err := con.CreateIncident(t.Context(), id, sample(fakejira.Cloud))
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range []func() error{
			func() error { return con.UpdateIncident(t.Context(), id, ref, sample(fakejira.Cloud)) },
			func() error { return con.AddComment(t.Context(), ref, connector.Comment{ID: "1", Text: "T"}) },
			func() error { _, err := con.FindIncident(t.Context(), id); return err },
			func() error { _, err := con.CreateIncident(t.Context(), id, sample(fakejira.Cloud)); return err },
		} {
			go func() {
				if err := call(); err != nil {
					t.Error(err)
				}
			}()
			synctest.Wait()
		}
		<-time.After(time.Minute)
		synctest.Wait()
		var order []string
		for _, r := range fake.Journal().Requests()[1:] {
			order = append(order, r.Method+" "+r.Path)
		}
		want := []string{"GET /rest/api/2/search", "POST /rest/api/2/issue", "POST /rest/api/2/issue/" + ref.ID + "/comment", "PUT /rest/api/2/issue/" + ref.ID}
		if len(order) != len(want) {
			t.Fatalf("requests %q", order)
		}
		for i := range want {
			if order[i] != want[i] {
				t.Errorf("request %d: %s, want %s", i, order[i], want[i])
			}
		}
	})
}
