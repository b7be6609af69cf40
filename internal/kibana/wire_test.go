package kibana_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/secret"
)

// canary is a key that must not show up anywhere.
const canary = "Q0FOQVJZOmNhbmFyeS1zZWNyZXQ="

func key() secret.String { return secret.New(canary) }

// wire is a server that answers from the given routes only, as Kibana refuses
// unknown ones, and keeps a log of what was asked.
type wire struct {
	*httptest.Server
	mux *http.ServeMux

	mu  sync.Mutex
	log []*http.Request
}

// newWire starts a server of the given version; "" does not tell it.
func newWire(t *testing.T, version string) *wire {
	t.Helper()
	w := &wire{mux: http.NewServeMux()}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.log = append(w.log, r)
		w.mu.Unlock()
		w.mux.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.Close)
	w.mux.HandleFunc("/", func(rw http.ResponseWriter, _ *http.Request) { refuse(rw, 404, "Not Found") })
	w.mux.HandleFunc("GET /api/status", func(rw http.ResponseWriter, _ *http.Request) {
		if version == "" {
			refuse(rw, 401, "Unauthorized")
			return
		}
		give(rw, map[string]any{"version": map[string]any{"number": version}})
	})
	return w
}

// json serves one route with a fixed body.
func (w *wire) json(route, body string) {
	w.mux.HandleFunc(route, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = rw.Write([]byte(body))
	})
}

// asked counts the requests whose method and path are so.
func (w *wire) asked(method, path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, r := range w.log {
		if r.Method == method && r.URL.Path == path {
			n++
		}
	}
	return n
}

func (w *wire) client(t *testing.T) *kibana.Client {
	t.Helper()
	return newClient(t, kibana.Options{URL: w.URL, APIKey: secret.New(canary)})
}

func newClient(t *testing.T, o kibana.Options) *kibana.Client {
	t.Helper()
	if o.HTTP == nil {
		client, err := httpclient.New(httpclient.Settings{AllowedHosts: []string{"*"}, MaxResponseBytes: 32 << 20})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.CloseIdleConnections)
		o.HTTP = client
	}
	c, err := kibana.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func give(rw http.ResponseWriter, v any) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(rw).Encode(v)
}

// refuse answers as Kibana does.
func refuse(rw http.ResponseWriter, status int, message string) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(map[string]any{"statusCode": status, "error": http.StatusText(status), "message": message})
}

// wantKind fails unless err is a *connector.Error of the kind, and shows no secret.
func wantKind(t *testing.T, err error, kind connector.Kind) *connector.Error {
	t.Helper()
	e, ok := err.(*connector.Error)
	if !ok || e.Kind != kind {
		t.Fatalf("error %v: want a *connector.Error of kind %v", err, kind)
	}
	noSecret(t, err)
	return e
}

func noSecret(t *testing.T, err error) {
	t.Helper()
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		if strings.Contains(text, canary) || strings.Contains(text, "canary-secret") {
			t.Errorf("the error shows the key: %s", text)
		}
	}
}
