package connectortest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/connectortest"
	"github.com/casepush/casepush/internal/httpclient"
)

// exchange sends one POST to the handler through the real client's rules.
func exchange(t *testing.T, ctx context.Context, handler http.HandlerFunc) ([]byte, *connector.Error) {
	t.Helper()
	client, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"tracker.example"}}, connectortest.InProcess(handler))
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, "POST", "https://tracker.example/issue?q=1", strings.NewReader(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	body, err := httpclient.Exchange{Op: "create"}.Do(client, req)
	return body, connector.AsError("", err)
}

func TestInProcess(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		body    string
		err     string
	}{
		{"request arrives whole", func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(201)
			_, _ = io.WriteString(w, `["`+r.Method+" "+r.Host+r.RequestURI+`",`+string(b)+`]`)
		}, `["POST tracker.example/issue?q=1",{"a":1}]`, ""},
		{"nothing written is an empty 200", func(http.ResponseWriter, *http.Request) {}, "", ""},
		{"status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(422) }, "", "create: rejected (HTTP 422)"},
		{"aborted", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", "create: transient: the connection ended"},
		{"aborted in the body", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "{}")
			panic(http.ErrAbortHandler)
		}, "", "create: transient (HTTP 200): the connection ended"},
		{"shorter than it says", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "3")
			_, _ = io.WriteString(w, "{}")
		}, "", "create: transient (HTTP 200): the connection ended"},
		{"hijacked", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
			_ = conn.Close()
		}, "{}", ""},
		{"hijacked and closed", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			_ = conn.Close()
		}, "", "create: transient: the connection ended"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, e := exchange(t, t.Context(), tt.handler)
			if string(body) != tt.body {
				t.Errorf("body %q, want %q", body, tt.body)
			}
			switch {
			case tt.err == "" && e != nil:
				t.Errorf("error %v", e)
			case tt.err != "" && (e == nil || !strings.HasPrefix(e.Error(), tt.err)):
				t.Errorf("error %v, want %s…", e, tt.err)
			case e != nil && e.Status < 400 && e.Effect != connector.EffectUnknown:
				t.Errorf("effect %v, want unknown", e.Effect)
			}
		})
	}
}

// TestInProcessBubble waits out the time-out of a minute in no time.
func TestInProcessBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, e := exchange(t, t.Context(), func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		if took := time.Since(begin); took != time.Minute {
			t.Errorf("took %v, want the default of a minute", took)
		}
		if e == nil || e.Kind != connector.Transient || e.Effect != connector.EffectUnknown || !errors.Is(e, context.DeadlineExceeded) {
			t.Errorf("error %#v", e)
		}
	})
}

func TestInProcessCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	called := false
	_, e := exchange(t, ctx, func(http.ResponseWriter, *http.Request) { called = true })
	if called || e == nil || !errors.Is(e, context.Canceled) {
		t.Errorf("called %t, error %v", called, e)
	}
}
