package httpclient_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

// tlsServer answers {} and names the client's certificate in a header.
func tlsServer(t *testing.T, cfg *tls.Config) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := ""
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		_, _ = io.WriteString(w, `{"client":"`+name+`"}`)
	}))
	srv.TLS = cfg
	srv.Config.ErrorLog = quiet()
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

func TestVerificationModes(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	right := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{ours.server("127.0.0.1")}})
	wrongName := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{ours.server("elsewhere.example")}})
	untrusted := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{others.server("127.0.0.1")}})
	for _, tt := range []struct {
		mode                        string
		right, wrongName, untrusted bool
	}{
		{"", true, false, false},
		{"full", true, false, false},
		{"certificate", true, true, false},
		{"none", true, true, true},
	} {
		for srv, ok := range map[*httptest.Server]bool{right: tt.right, wrongName: tt.wrongName, untrusted: tt.untrusted} {
			s := anyHost()
			s.CustomHostSettings = []httpclient.HostSettings{{URL: srv.URL + "/ignored", TLS: connector.TLS{VerificationMode: tt.mode, CertificateAuthority: [][]byte{ours.pem}}}}
			_, e := do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", srv.URL, "{}"))
			if ok && e != nil {
				t.Errorf("mode %q: %v", tt.mode, e)
			}
			if !ok {
				want(t, e, connector.Transient, connector.NotApplied)
			}
		}
	}
}

// TestHostSettingsAreForOneHost: the authority given for one port is not
// trusted on another, and the general mode holds elsewhere.
func TestHostSettingsAreForOneHost(t *testing.T) {
	ca := newAuthority(t)
	one := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{ca.server("127.0.0.1")}})
	two := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{ca.server("127.0.0.1")}})
	s := anyHost()
	s.CustomHostSettings = []httpclient.HostSettings{
		{URL: "smtp://mail.example:25"},
		{URL: one.URL, TLS: connector.TLS{CertificateAuthority: [][]byte{ca.pem}}},
		{URL: one.URL, TLS: connector.TLS{VerificationMode: "full"}}, // the first wins
	}
	client := newClient(t, s)
	if _, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", one.URL, "{}")); e != nil {
		t.Errorf("the host with settings: %v", e)
	}
	_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", two.URL, "{}"))
	want(t, e, connector.Transient, connector.NotApplied)
	s.VerificationMode = "none"
	if _, e := do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", two.URL, "{}")); e != nil {
		t.Errorf("mode none: %v", e)
	}
}

func TestClientCertificate(t *testing.T) {
	ca := newAuthority(t)
	srv := tlsServer(t, &tls.Config{
		Certificates: []tls.Certificate{ca.server("127.0.0.1")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool(),
	})
	cert, key := ca.client()
	s := anyHost()
	h := httpclient.HostSettings{URL: srv.URL, TLS: connector.TLS{CertificateAuthority: [][]byte{ca.pem}, Certificate: cert, Key: secret.New(string(key))}}
	s.CustomHostSettings = []httpclient.HostSettings{h}
	body, e := do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", srv.URL, "{}"))
	if e != nil || !strings.Contains(string(body), `"client":"client"`) {
		t.Errorf("body %q, error %v", body, e)
	}
	h.Certificate, h.Key = nil, secret.String{}
	s.CustomHostSettings = []httpclient.HostSettings{h}
	if _, e := do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", srv.URL, "{}")); e == nil {
		t.Error("no error without a certificate")
	}
}

// TestOwnTLS: the settings of the client itself hold for every host that has
// none of its own.
func TestOwnTLS(t *testing.T) {
	ca := newAuthority(t)
	srv := tlsServer(t, &tls.Config{
		Certificates: []tls.Certificate{ca.server("127.0.0.1")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool(),
	})
	cert, key := ca.client()
	s := anyHost()
	s.TLS = connector.TLS{CertificateAuthority: [][]byte{ca.pem}, Certificate: cert, Key: secret.New(string(key))}
	body, e := do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", srv.URL, "{}"))
	if e != nil || !strings.Contains(string(body), `"client":"client"`) {
		t.Errorf("body %q, error %v", body, e)
	}
	s.CustomHostSettings = []httpclient.HostSettings{{URL: srv.URL, TLS: connector.TLS{CertificateAuthority: [][]byte{newAuthority(t).pem}}}}
	if _, e := do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", srv.URL, "{}")); e == nil {
		t.Error("the host's own settings do not go before the client's")
	}
}

// TestWrongSettings: every problem at once, and no secret in any.
func TestWrongSettings(t *testing.T) {
	for _, tt := range []struct {
		name     string
		settings httpclient.Settings
		errs     []string
	}{
		{
			"modes and bounds",
			httpclient.Settings{VerificationMode: "some", ProxyVerification: "Full", ResponseTimeout: -1, MaxResponseBytes: -1},
			[]string{`ssl.verificationMode: "some"`, `ssl.proxyVerificationMode: "Full"`, "responseTimeout", "maxResponseContentLength"},
		},
		{"proxy", httpclient.Settings{ProxyURL: "socks5://me:canary-password@proxy.example"}, []string{`scheme "socks5"`}},
		{"proxy without a host", httpclient.Settings{ProxyURL: "http://:canary-password@"}, []string{"proxyUrl: want"}},
		{"proxy that is no URL", httpclient.Settings{ProxyURL: "http://me:canary-password@a b"}, []string{"proxyUrl: want"}},
		{"hosts", httpclient.Settings{CustomHostSettings: []httpclient.HostSettings{
			{URL: "tracker.example"},
			{URL: "ftp://tracker.example"},
			{URL: "https://a.example", TLS: connector.TLS{CertificateAuthority: [][]byte{[]byte("none")}}},
			{URL: "https://b.example", TLS: connector.TLS{VerificationMode: "no"}},
			{URL: "https://c.example", TLS: connector.TLS{Certificate: []byte("x"), Key: secret.New("canary-password")}},
		}}, []string{"want scheme://host:port", `scheme "ftp"`, `"https://a.example:443": certificate authority 1 of 1`, `"https://b.example:443": ssl.verificationMode: "no"`, "private key: not in PEM form"}},
	} {
		_, err := httpclient.New(tt.settings)
		if err == nil {
			t.Errorf("%s: no error", tt.name)
			continue
		}
		for _, part := range tt.errs {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %q does not say %q", tt.name, err, part)
			}
		}
		if strings.Contains(err.Error(), "canary-password") {
			t.Errorf("%s: a secret shows: %v", tt.name, err)
		}
	}
}
