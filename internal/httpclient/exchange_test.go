package httpclient_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

func TestJudgeStatus(t *testing.T) {
	for _, tt := range []struct {
		kind     connector.Kind
		effect   connector.Effect
		statuses []int
	}{
		{connector.Rejected, connector.NotApplied, []int{400, 402, 405, 406, 410, 411, 413, 414, 415, 417, 418, 422, 424, 426, 428, 431, 451}},
		{connector.Unauthenticated, connector.NotApplied, []int{401}},
		{connector.Forbidden, connector.NotApplied, []int{403}},
		{connector.NotFound, connector.NotApplied, []int{404}},
		{connector.Conflict, connector.NotApplied, []int{409, 412, 423}},
		{connector.RateLimited, connector.NotApplied, []int{429}},
		{connector.Transient, connector.NotApplied, []int{407, 421, 425}},
		{connector.Transient, connector.EffectUnknown, []int{300, 301, 302, 303, 304, 307, 308, 408, 499, 500, 501, 502, 503, 504, 505, 507, 511, 599, 600, 999}},
	} {
		for _, status := range tt.statuses {
			t.Run(fmt.Sprint(status), func(t *testing.T) {
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
				defer srv.Close()
				client := newClient(t, anyHost())
				_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", srv.URL, "{}"))
				want(t, e, tt.kind, tt.effect)
				if e.Status != status {
					t.Errorf("status %d, want %d", e.Status, status)
				}
				_, e = do(t, client, httpclient.Exchange{Reads: true}, newRequest(t, "GET", srv.URL, ""))
				want(t, e, tt.kind, connector.NotApplied)
				search := tt.kind
				if search == connector.NotFound {
					search = connector.Transient
				}
				_, e = do(t, client, httpclient.Exchange{Search: true}, newRequest(t, "POST", srv.URL, "{}"))
				want(t, e, search, connector.NotApplied)
			})
		}
	}
}

func TestJudgeSuccess(t *testing.T) {
	for _, tt := range []struct {
		name, contentType, body, want string
		status                        int
		err                           string
	}{
		{"object", "application/json", `{"id":"1"}`, `{"id":"1"}`, 201, ""},
		{"any content type", "text/html", ` {"id":"1"}` + "\n", `{"id":"1"}`, 200, ""},
		{"byte order mark", "", "\xef\xbb\xbf[]", "[]", 200, ""},
		{"scalar", "", "12", "12", 200, ""},
		{"empty", "text/html", "", "", 200, ""},
		{"white space", "application/json", " \r\n", "", 202, ""},
		{"no content", "", "", "", 204, ""},
		{"page", "application/json", "\n<html>canary</html>", "", 200, "op: transient (HTTP 200): the answer is a web page"},
		{"text", "text/plain", "canary", "", 200, "op: transient (HTTP 200): the answer is not JSON"},
		{"half", "application/json", `{"canary":`, "", 201, "op: transient (HTTP 201): the answer is not JSON"},
		{"two", "application/json", `{} {}`, "", 200, "op: transient (HTTP 200): the answer is not JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.contentType)
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer srv.Close()
			body, e := do(t, newClient(t, anyHost()), httpclient.Exchange{}, newRequest(t, "POST", srv.URL, "{}"))
			if tt.err == "" {
				if e != nil || string(body) != tt.want {
					t.Errorf("body %q, error %v, want %q", body, e, tt.want)
				}
				return
			}
			want(t, e, connector.Transient, connector.EffectUnknown)
			if !strings.HasPrefix(e.Error(), tt.err) || strings.Contains(e.Error(), "canary") {
				t.Errorf("error %q, want %q", e, tt.err)
			}
		})
	}
}

func TestSizeOfAnswers(t *testing.T) {
	for _, tt := range []struct {
		name string
		size int
		zip  bool
		ok   bool
	}{
		{"just fits", 1000, false, true},
		{"one too many", 1001, false, false},
		{"much", 10 << 20, false, false},
		{"gzip", 1000, true, true},
		{"gzip bomb", 10 << 20, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				body := `"` + strings.Repeat("a", tt.size-2) + `"`
				if !tt.zip {
					_, _ = io.WriteString(w, body)
					return
				}
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				_, _ = io.WriteString(z, body)
				_ = z.Close()
			}))
			defer srv.Close()
			s := anyHost()
			s.MaxResponseBytes = 1000
			body, e := do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", srv.URL, "{}"))
			if tt.ok {
				if e != nil || len(body) != tt.size {
					t.Errorf("%d bytes, error %v", len(body), e)
				}
				return
			}
			want(t, e, connector.Transient, connector.EffectUnknown)
			if !strings.Contains(e.Error(), "larger than 1000 bytes") {
				t.Errorf("error %q does not name the limit", e)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "{")
			_ = http.NewResponseController(w).Flush()
		}
		<-release
	}))
	defer srv.Close()
	defer close(release)
	s := anyHost()
	s.ResponseTimeout = 50 * time.Millisecond
	client := newClient(t, s)
	for _, path := range []string{"/", "/body"} {
		_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", srv.URL+path, "{}"))
		want(t, e, connector.Transient, connector.EffectUnknown)
		if !strings.Contains(e.Error(), "no complete answer within 50ms") || !errors.Is(e, context.DeadlineExceeded) {
			t.Errorf("%s: error %q", path, e)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", srv.URL, "{}").WithContext(ctx))
	want(t, e, connector.Transient, connector.NotApplied) // nothing was dialled
	if !errors.Is(e, context.Canceled) {
		t.Errorf("error %v", e)
	}
}

// TestConnectionsAreReused, whatever the answer.
func TestConnectionsAreReused(t *testing.T) {
	var conns atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			w.WriteHeader(400)
		}
		_, _ = io.WriteString(w, `"`+strings.Repeat("a", 10_000)+`"`)
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	client := newClient(t, anyHost())
	for range 10 {
		_, _ = do(t, client, httpclient.Exchange{}, newRequest(t, "POST", srv.URL+"/bad", "{}"))
		_, _ = do(t, client, httpclient.Exchange{}, newRequest(t, "POST", srv.URL+"/good", "{}"))
		resp, err := client.Do(newRequest(t, "GET", srv.URL, "")) // somebody who does not read
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	if conns.Load() != 1 {
		t.Errorf("%d connections for 30 requests", conns.Load())
	}
}

func TestHeaders(t *testing.T) {
	var got http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Clone() }))
	defer srv.Close()
	req := newRequest(t, "POST", srv.URL, "{}")
	_, _ = do(t, newClient(t, anyHost()), httpclient.Exchange{}, req)
	if got.Get("User-Agent") != "casepush" || got.Get("Accept") != "application/json, text/plain, */*" {
		t.Errorf("headers %v", got)
	}
	if len(req.Header) != 0 {
		t.Errorf("the caller's request was changed: %v", req.Header)
	}
	req = newRequest(t, "POST", srv.URL, "{}")
	req.Header.Set("Accept", "application/json")
	_, _ = do(t, newClient(t, anyHost()), httpclient.Exchange{}, req)
	if got.Get("Accept") != "application/json" {
		t.Errorf("Accept %q", got.Get("Accept"))
	}
}

// TestRefusalTooLarge: the status is known, and so is the effect; the words are not.
func TestRefusalTooLarge(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		_, _ = io.WriteString(w, strings.Repeat("canary ", 1<<18))
	}))
	defer srv.Close()
	words := func(b []byte) string { return string(b) }
	_, e := do(t, newClient(t, anyHost()), httpclient.Exchange{Words: words}, newRequest(t, "POST", srv.URL, "{}"))
	want(t, e, connector.Rejected, connector.NotApplied)
	if e.Error() != "op: rejected (HTTP 400)" {
		t.Errorf("error %.200q", e.Error())
	}
}

// TestConnectionsForAll: as many connections are kept as pushes run at once.
func TestConnectionsForAll(t *testing.T) {
	const n = 64
	var conns atomic.Int32
	var all sync.WaitGroup // of one wave, in the handler
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		all.Done()
		all.Wait()
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	client := newClient(t, anyHost())
	for range 3 {
		all.Add(n)
		var wave sync.WaitGroup
		for range n {
			wave.Go(func() {
				if _, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", srv.URL, "{}")); e != nil {
					t.Error(e)
				}
			})
		}
		wave.Wait()
	}
	if got := conns.Load(); got < n || got > n+n/4 { // a connection may be on its way back when the next wave looks
		t.Errorf("%d connections for waves of %d", got, n)
	}
}
