package httpclient_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

func TestNothingSent(t *testing.T) {
	never := roundTripper(func(*http.Request) (*http.Response, error) {
		t.Error("the request was passed on")
		return nil, io.EOF
	})
	client, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"Jira.example", "*.wild.example", "2001:db8::1"}}, never)
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{
		"http://other.example", "http://jira.example.evil.example", "http://sub.jira.example", "http://jira.example.",
		"http://a.wild.example", "http://jira.example@other.example/", "http://[2001:db8::2]:80/",
	} {
		_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", url, "{}"))
		want(t, e, connector.Rejected, connector.NotApplied)
		if !errors.Is(e, connector.ErrHostNotAllowed) {
			t.Errorf("%s: %v, want ErrHostNotAllowed", url, e)
		}
	}
	for _, url := range []string{"ftp://jira.example/", "file:///etc/passwd", "http:///x", "jira.example/x"} {
		_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", url, "{}"))
		want(t, e, connector.Rejected, connector.NotApplied)
	}
	req := newRequest(t, "POST", "http://jira.example", "{}")
	req.Header.Set("Authorization", "Bearer token-with-line-end\n")
	_, e := do(t, client, httpclient.Exchange{}, req)
	want(t, e, connector.Rejected, connector.NotApplied)
	if !strings.Contains(e.Error(), "Authorization") || strings.Contains(e.Error(), "token-with") {
		t.Errorf("error %q: want the header's name and not its value", e)
	}
	passed := false
	ok := roundTripper(func(*http.Request) (*http.Response, error) { passed = true; return nil, io.EOF })
	client, _ = httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"Jira.example", "2001:db8::1"}}, ok)
	for _, url := range []string{"http://JIRA.example:8080/x", "https://[2001:db8::1]/"} {
		passed = false
		if _, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", url, "{}")); !passed {
			t.Errorf("%s: not passed on: %v", url, e)
		}
	}
}

func TestNoHostAllowedByDefault(t *testing.T) {
	client := newClient(t, httpclient.Settings{})
	_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "GET", "http://127.0.0.1:1/", ""))
	if !errors.Is(e, connector.ErrHostNotAllowed) {
		t.Errorf("error %v", e)
	}
}

// TestEffectOfSilence has every way of getting no answer.
func TestEffectOfSilence(t *testing.T) {
	closed := rawServer(t, func(net.Conn) {})
	refused := httptest.NewServer(nil)
	refused.Close()
	readThenClose := rawServer(t, func(c net.Conn) { _, _ = http.ReadRequest(bufio.NewReader(c)) })
	garbage := rawServer(t, func(c net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(c))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\ncanary without colon\r\n\r\n")
	})
	notTLS := strings.Replace(garbage, "http://", "https://", 1)
	for _, tt := range []struct {
		name, url string
		effect    connector.Effect
	}{
		{"refused", refused.URL, connector.NotApplied},
		{"no such host", "http://nothing.invalid", connector.NotApplied},
		{"TLS handshake", notTLS, connector.NotApplied},
		{"closed at once", closed, connector.EffectUnknown},
		{"closed after the request", readThenClose, connector.EffectUnknown},
		{"garbage", garbage, connector.EffectUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, anyHost())
			_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", tt.url+"/p?query=canary", "{}"))
			want(t, e, connector.Transient, tt.effect)
			if strings.Contains(e.Error(), "canary") || e.Status != 0 {
				t.Errorf("error %q, status %d", e, e.Status)
			}
			_, e = do(t, client, httpclient.Exchange{Reads: true}, newRequest(t, "GET", tt.url, ""))
			want(t, e, connector.Transient, connector.NotApplied)
		})
	}
	// A transport that reports nothing may have sent it.
	silent := roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrClosedPipe })
	client, _ := httpclient.NewWithTransport(anyHost(), silent)
	_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", refused.URL, "{}"))
	want(t, e, connector.Transient, connector.EffectUnknown)
	// So may a client that is not ours; but a refused connection is known there too.
	_, e = do(t, &http.Client{Transport: silent}, httpclient.Exchange{}, newRequest(t, "POST", refused.URL, "{}"))
	want(t, e, connector.Transient, connector.EffectUnknown)
	_, e = do(t, &http.Client{Transport: &http.Transport{}}, httpclient.Exchange{}, newRequest(t, "POST", refused.URL, "{}"))
	want(t, e, connector.Transient, connector.NotApplied)
}

// dyingServer answers the first request of every connection, and closes it
// when the second one has come: what a kept connection does that dies.
func dyingServer(t *testing.T, creates *atomic.Int32) string {
	return rawServer(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		for n := 0; ; n++ {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			if req.Method != "GET" {
				if got := req.Header.Get("Idempotency-Key"); got != "k1" {
					t.Errorf("Idempotency-Key %q at the server, want k1", got)
				}
				creates.Add(1)
			}
			if n > 0 {
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
		}
	})
}

// TestNothingSentTwice: net/http by itself sends a request with an
// Idempotency-Key again when a kept connection dies.
func TestNothingSentTwice(t *testing.T) {
	for _, body := range []string{"{}", ""} {
		create := func(url string) *http.Request {
			req := newRequest(t, "POST", url, body)
			req.Header.Set("Idempotency-Key", "k1")
			return req
		}
		var creates atomic.Int32
		url := dyingServer(t, &creates)
		plain := &http.Client{Transport: &http.Transport{}}
		defer plain.CloseIdleConnections()
		_, _ = do(t, plain, httpclient.Exchange{Reads: true}, newRequest(t, "GET", url, ""))
		if _, e := do(t, plain, httpclient.Exchange{}, create(url)); e != nil || creates.Load() != 2 {
			t.Errorf("net/http alone: %d creates, error %v: this test no longer tests anything", creates.Load(), e)
		}
		creates.Store(0)
		client := newClient(t, anyHost())
		_, _ = do(t, client, httpclient.Exchange{Reads: true}, newRequest(t, "GET", url, ""))
		_, e := do(t, client, httpclient.Exchange{}, create(url))
		want(t, e, connector.Transient, connector.EffectUnknown)
		if creates.Load() != 1 {
			t.Errorf("body %q: %d creates at the server, want 1", body, creates.Load())
		}
	}
}

func TestRedirects(t *testing.T) {
	var hits atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer other.Close()
	target := strings.Replace(other.URL, "127.0.0.1", "localhost", 1) + "/login?canary=1"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", target)
		w.WriteHeader(307)
	}))
	defer srv.Close()
	req := newRequest(t, "POST", srv.URL, "{}")
	req.SetBasicAuth("me", "password")
	_, e := do(t, newClient(t, anyHost()), httpclient.Exchange{}, req)
	want(t, e, connector.Transient, connector.EffectUnknown)
	if got, want := e.Error(), `op: transient (HTTP 307): redirect to host "localhost" not followed`; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
	if hits.Load() != 0 {
		t.Errorf("%d requests at the other host", hits.Load())
	}
}
