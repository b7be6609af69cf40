package ops_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/adapters/jira"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/connectortest"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/secret"
)

// at is one connector, under any id.
type at struct{ connector.Connector }

func (a at) Target(context.Context, string) (push.Target, error) {
	return push.Target{Connector: a.Connector}, nil
}

// unreadable is a tracker whose incidents cannot be read.
type unreadable struct{ connector.Connector }

func (u unreadable) Capabilities() connector.Capabilities {
	c := u.Connector.Capabilities()
	c.ReadIncident = false
	return c
}

// deskAtJira is a desk with a Jira behind every connector.
func deskAtJira(t *testing.T) (desk, *fakejira.Fake) {
	t.Helper()
	d, fake := newDesk(t), fakejira.New(fakejira.Options{Flavour: fakejira.Cloud})
	d.Ops = ops.New(ops.Options{Conn: d.conn, Connectors: at{jiraAt(t, fake)}})
	return d, fake
}

func jiraAt(t *testing.T, fake http.Handler) connector.Connector {
	t.Helper()
	client, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"*"}, MaxResponseBytes: 1 << 20}, connectortest.InProcess(fake))
	if err != nil {
		t.Fatal(err)
	}
	c, err := jira.Type().New(connector.Definition{
		ID: "soc-jira", Type: jira.TypeID,
		Config:   map[string]any{"apiUrl": "http://jira.test", "projectKey": "HMS"},
		Secrets:  map[string]secret.String{"email": secret.New("a@hms.example"), "apiToken": secret.New("canary")},
		Delivery: map[string]any{"deployment": "cloud"},
	}, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// makeIssue gives its id.
func makeIssue(t *testing.T, fake http.Handler) string {
	t.Helper()
	body := `{"fields":{"project":{"key":"HMS"},"issuetype":{"id":"10001"},"summary":"made by hand"}}`
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/rest/api/2/issue", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Basic YTpi")
	w := httptest.NewRecorder()
	fake.ServeHTTP(w, r)
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || made.ID == "" {
		t.Fatalf("%d %s %v", w.Code, w.Body, err)
	}
	return made.ID
}

var key = ledger.Key{Connector: "soc-jira", Space: "default", Case: "c-1"}

func TestResolveSendsWhatIsOwed(t *testing.T) {
	t.Parallel()
	d, fake := deskAtJira(t)
	issue := makeIssue(t, fake)
	want := ledger.Position{Stream: d.conn.Incarnation(), Seq: d.publish(t, "c-1")}
	d.entry(t, key, ledger.Entry{Blocked: true, Dead: true, Want: want, Plan: &ledger.Plan{Create: true}})
	r, err := d.Resolve(t.Context(), key, ops.ResolveOptions{Resolution: push.Resolution{Incident: connector.Ref{ID: issue, Title: "HMS-7"}}})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Redriven || r.Title != "HMS-7" || r.Uncertain != nil || r.Blocked {
		t.Errorf("%+v", r)
	}
	if n := d.jobs(t, "soc-jira"); n != 1 {
		t.Errorf("%d jobs", n)
	}
}

func TestResolveRefusals(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	none := ops.ResolveOptions{Resolution: push.Resolution{None: true}}
	if _, err := d.Resolve(t.Context(), key, none); !errors.Is(err, ops.ErrNoEntry) {
		t.Errorf("no entry: %v", err)
	}
	d.entry(t, key, ledger.Entry{Incident: &ledger.Incident{ID: "7"}})
	if _, err := d.Resolve(t.Context(), key, none); !errors.Is(err, ops.ErrInStep) {
		t.Errorf("in step: %v", err)
	}
	comment := ops.ResolveOptions{Resolution: push.Resolution{CommentID: "m1", Sent: true}}
	if _, err := d.Resolve(t.Context(), key, comment); !errors.Is(err, push.ErrNothingToResolve) {
		t.Errorf("nothing to resolve: %v", err)
	}
	none.Sure = true
	if r, err := d.Resolve(t.Context(), key, none); err != nil || r.IncidentID != "" || r.Redriven {
		t.Errorf("unlink: %+v %v", r, err)
	}
}

func TestResolveWatchesTheClaim(t *testing.T) {
	t.Parallel()
	const lease = 200 * time.Millisecond
	claimed := ledger.Entry{Claim: &ledger.Claim{ID: "1", Owner: "worker-1", Lease: lease}, Plan: &ledger.Plan{Create: true}}
	resolve := func(d desk, onClaim func()) error {
		heard := ""
		_, err := d.Resolve(t.Context(), key, ops.ResolveOptions{
			Resolution: push.Resolution{None: true},
			OnClaim: func(owner string, _ time.Duration) {
				heard = owner
				onClaim()
			},
		})
		if heard != "worker-1" {
			t.Errorf("heard of the claim of %q", heard)
		}
		return err
	}
	t.Run("alive", func(t *testing.T) {
		d := newDesk(t)
		d.entry(t, key, claimed)
		renew := func() { d.entry(t, key, claimed) }
		if err := resolve(d, renew); !errors.Is(err, ops.ErrClaimed) {
			t.Errorf("%v", err)
		}
		if e, _, err := d.conn.Ledger().Get(t.Context(), key); err != nil || e.Claim == nil || !e.Plan.Create {
			t.Errorf("the entry was changed: %+v %v", e, err)
		}
	})
	t.Run("dead", func(t *testing.T) {
		d := newDesk(t)
		d.entry(t, key, claimed)
		begun := time.Now()
		if err := resolve(d, func() {}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took < lease {
			t.Errorf("took over after %s", took)
		}
		if e, _, err := d.conn.Ledger().Get(t.Context(), key); err != nil || e.Claim != nil || e.Plan != nil {
			t.Errorf("%+v %v", e, err)
		}
	})
}

func linkTo(id string, sure bool) ops.ResolveOptions {
	return ops.ResolveOptions{Resolution: push.Resolution{Incident: connector.Ref{ID: id, Title: id}}, Sure: sure}
}

// A good incident is replaced only by one who means it.
func TestResolveReplacesIncident(t *testing.T) {
	t.Parallel()
	d, fake := deskAtJira(t)
	good, other := makeIssue(t, fake), makeIssue(t, fake)
	d.entry(t, key, ledger.Entry{Incident: &ledger.Incident{ID: good, Title: "HMS-1"}})
	if _, err := d.Resolve(t.Context(), key, linkTo(other, false)); !errors.Is(err, ops.ErrInStep) || !strings.Contains(err.Error(), `"HMS-1"`) {
		t.Errorf("replaced without a word: %v", err)
	}
	if e, _, err := d.conn.Ledger().Get(t.Context(), key); err != nil || e.Incident.ID != good {
		t.Errorf("the entry was changed: %+v %v", e.Incident, err)
	}
	if r, err := d.Resolve(t.Context(), key, linkTo(good, false)); err != nil || r.IncidentID != good {
		t.Errorf("the same one: %+v %v", r, err)
	}
	if r, err := d.Resolve(t.Context(), key, linkTo(other, true)); err != nil || r.IncidentID != other || r.How != ledger.Linked {
		t.Errorf("meant: %+v %v", r, err)
	}
}

// Two cases never share an incident, whoever is sure.
func TestResolveRefusesAnotherCasesIncident(t *testing.T) {
	t.Parallel()
	d, fake := deskAtJira(t)
	issue := makeIssue(t, fake)
	owner := ledger.Key{Connector: key.Connector, Space: "soc", Case: "c-2"}
	d.entry(t, key, ledger.Entry{Blocked: true, Plan: &ledger.Plan{Create: true}})
	d.entry(t, owner, ledger.Entry{Incident: &ledger.Incident{ID: issue}})
	for _, sure := range []bool{false, true} {
		_, err := d.Resolve(t.Context(), key, linkTo(issue, sure))
		if !errors.Is(err, ops.ErrTaken) || !strings.Contains(err.Error(), `case "c-2" in space "soc"`) {
			t.Errorf("sure %t: %v", sure, err)
		}
	}
	// The same id at another connector, or where this one pointed before, is another incident.
	d.entry(t, owner, ledger.Entry{Incident: &ledger.Incident{ID: issue, Tracker: "http://old.test"}})
	d.entry(t, ledger.Key{Connector: "other", Space: "default", Case: "c-3"}, ledger.Entry{Incident: &ledger.Incident{ID: issue}})
	if r, err := d.Resolve(t.Context(), key, linkTo(issue, false)); err != nil || r.IncidentID != issue {
		t.Errorf("%+v %v", r, err)
	}
}

// The tracker is asked first; its silence can be overruled, its no cannot.
func TestResolveLooksUpIncident(t *testing.T) {
	t.Parallel()
	d, fake := deskAtJira(t)
	issue := makeIssue(t, fake)
	readable := d.Ops
	blind := ops.New(ops.Options{Conn: d.conn, Connectors: at{unreadable{jiraAt(t, fake)}}})
	gone := ops.New(ops.Options{Conn: d.conn, Connectors: there{}})
	down := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	away := ops.New(ops.Options{Conn: d.conn, Connectors: at{jiraAt(t, http.HandlerFunc(down))}})
	for _, c := range []struct {
		name string
		ops  *ops.Ops
		id   string
		sure bool
		want error
	}{
		{"there", readable, issue, false, nil},
		{"not there", readable, "999", false, ops.ErrNoIncident},
		{"not there, sure", readable, "999", true, ops.ErrNoIncident},
		{"cannot be read", blind, "999", false, nil},
		{"no answer", away, issue, false, ops.ErrNotLookedUp},
		{"no answer, sure", away, issue, true, nil},
		{"no connector", gone, issue, false, ops.ErrNotLookedUp},
		{"no connector, sure", gone, issue, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.entry(t, key, ledger.Entry{Blocked: true, Plan: &ledger.Plan{Create: true}})
			if _, err := c.ops.Resolve(t.Context(), key, linkTo(c.id, c.sure)); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			e, _, err := d.conn.Ledger().Get(t.Context(), key)
			if err != nil || (e.Incident != nil) != (c.want == nil) || e.Blocked != (c.want != nil) {
				t.Errorf("entry %+v %v", e, err)
			}
		})
	}
}
