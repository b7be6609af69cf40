package httpclient_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

// refusedWith sends the request to a tracker that answers 400 with the words.
func refusedWith(t *testing.T, words func(*http.Request) string, edit func(*http.Request)) *connector.Error {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		_, _ = io.WriteString(w, words(r))
	}))
	defer srv.Close()
	req := newRequest(t, "POST", srv.URL, "{}")
	edit(req)
	_, e := do(t, newClient(t, anyHost()), httpclient.Exchange{Words: func(b []byte) string { return string(b) }}, req)
	want(t, e, connector.Rejected, connector.NotApplied)
	return e
}

func TestWords(t *testing.T) {
	for _, tt := range []struct{ words, want string }{
		{"priority: not on screen", "op: rejected (HTTP 400): priority: not on screen"},
		{"two\r\n\tlines\x00 \x1b[31mred\u202e", "op: rejected (HTTP 400): two lines [31mred"},
		{"", "op: rejected (HTTP 400)"},
		{" \n ", "op: rejected (HTTP 400)"},
		{"bad \xff byte", "op: rejected (HTTP 400): bad \uFFFD byte"},
		{strings.Repeat("é", 500), "op: rejected (HTTP 400): " + strings.Repeat("é", 500)},
		{strings.Repeat("😀", 501), "op: rejected (HTTP 400): " + strings.Repeat("😀", 500) + "…"},
	} {
		e := refusedWith(t, func(*http.Request) string { return tt.words }, func(*http.Request) {})
		if e.Error() != tt.want {
			t.Errorf("words %q: %q, want %q", tt.words, e, tt.want)
		}
	}
}

// TestWordsWithoutSecrets lets the tracker repeat all that it was sent.
func TestWordsWithoutSecrets(t *testing.T) {
	const password = "pass+word/1 ünï"
	e := refusedWith(t, func(r *http.Request) string {
		_, pw, _ := r.BasicAuth()
		all := []string{pw, strings.Repeat("filler ", 60), r.URL.RawQuery, r.URL.Query().Get("api_token")}
		for name, values := range r.Header {
			all = append(all, name+"="+values[0])
		}
		return strings.Join(all, " ")
	}, func(r *http.Request) {
		r.SetBasicAuth("moneypenny", password)
		r.Header.Set("X-Api-Key", "key-12345678")
		r.Header.Set("Private-Token", "glpat-87654321")
		r.URL.RawQuery = "api_token=query-secret%2B1&jql=project"
	})
	text := e.Error()
	for _, secret := range []string{password, "bW9uZXlwZW5ueTpwYXNz", "key-12345678", "glpat-87654321", "query-secret"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q shows in %q", secret, text)
		}
	}
	if utf8.RuneCountInString(text) > 600 || !strings.Contains(text, "filler") {
		t.Errorf("text %q", text)
	}
}

func TestNoWordsNoBody(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		_, _ = io.WriteString(w, "canary")
	}))
	defer srv.Close()
	_, e := do(t, newClient(t, anyHost()), httpclient.Exchange{}, newRequest(t, "POST", srv.URL, "{}"))
	if got := e.Error(); got != "op: rejected (HTTP 400)" {
		t.Errorf("error %q", got)
	}
}
