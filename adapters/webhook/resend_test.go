package webhook_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/casepush/casepush/adapters/webhook"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakewebhook"
	"github.com/casepush/casepush/internal/httpclient"
)

// dying is an idempotent target that acts on every write and closes the kept
// connection without an answer: what makes http.Transport send a request with
// an Idempotency-Key again.
func dying(t *testing.T) (*fakewebhook.Fake, *httptest.Server) {
	t.Helper()
	fake := fakewebhook.New(fakewebhook.Options{Idempotent: true})
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	return fake, srv
}

func arm(t *testing.T, fake *fakewebhook.Fake) {
	t.Helper()
	if _, err := fake.Faults().Add(fakes.Rule{Method: "POST", DropAnswer: true}); err != nil {
		t.Fatal(err)
	}
	fake.Journal().Clear()
}

func posts(fake *fakewebhook.Fake) int {
	return fake.Journal().Count(func(r fakes.Request) bool { return r.Method == http.MethodPost })
}

func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	fake, srv := dying(t)
	client, err := httpclient.New(httpclient.Settings{AllowedHosts: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	con, err := webhook.Type().New(connector.Definition{
		ID: "w", Type: webhook.TypeID, Config: fakewebhook.Options{}.Definition(srv.URL), Delivery: map[string]any{"idempotency_key": true},
	}, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := con.CreateIncident(t.Context(), connector.CorrelationID{CaseID: "c-1"}, sample())
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"create": func() error {
			_, err := con.CreateIncident(t.Context(), connector.CorrelationID{CaseID: "c-2"}, sample())
			return err
		},
		"comment": func() error {
			return con.AddComment(t.Context(), ref, connector.Comment{ID: "k-1", Source: "s", Text: "x"})
		},
	} {
		// An update keeps the connection that dies next.
		if err := con.UpdateIncident(t.Context(), connector.CorrelationID{}, ref, sample()); err != nil {
			t.Fatal(err)
		}
		arm(t, fake)
		e := connector.AsError(name, call())
		if e == nil || e.Kind != connector.Transient || e.Effect != connector.EffectUnknown {
			t.Errorf("%s: %v", name, e)
		}
		if n := posts(fake); n != 1 {
			t.Errorf("%s: sent %d times", name, n)
		}
		fake.Faults().Clear()
	}
}

// The trap is real: Go's own client falls into it.
func TestGoSendsTwice(t *testing.T) {
	t.Parallel()
	fake, srv := dying(t)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	post := func() error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/api/incidents", strings.NewReader(`{"title":"T"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", "k")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body) // else the connection is not kept
		return errors.Join(err, resp.Body.Close())
	}
	if err := post(); err != nil {
		t.Fatal(err)
	}
	arm(t, fake)
	if err := post(); err == nil || posts(fake) < 2 {
		t.Errorf("sent %d times, error %v: then httpclient need not keep Go from it", posts(fake), err)
	}
}
