package httpclient_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// testProxy is a proxy that notes what it was asked.
type testProxy struct {
	*httptest.Server
	refuse int // status; 0 lets through

	mu     sync.Mutex
	asked  []string // "CONNECT host:port", "POST http://…"
	header http.Header
	client int // certificates that clients have shown
}

func newTestProxy(t *testing.T, cfg *tls.Config) *testProxy {
	t.Helper()
	p := &testProxy{}
	p.Server = httptest.NewUnstartedServer(p)
	p.Config.ErrorLog = quiet()
	if cfg != nil {
		p.TLS = cfg
		p.StartTLS()
	} else {
		p.Start()
	}
	t.Cleanup(p.Close)
	return p
}

func (p *testProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.RequestURI)
	p.header = r.Header.Clone()
	if r.TLS != nil {
		p.client += len(r.TLS.PeerCertificates)
	}
	refuse := p.refuse
	p.mu.Unlock()
	switch {
	case refuse != 0:
		http.Error(w, "canary of the proxy", refuse)
	case r.Method == http.MethodConnect:
		p.tunnel(w, r)
	default:
		r.RequestURI = ""
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}
}

func (p *testProxy) tunnel(w http.ResponseWriter, r *http.Request) {
	target, err := net.Dial("tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(200)
	// The server may have read the client's first byte while it flushed the 200: it is in the buffer.
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	go func() { _, _ = io.Copy(target, buffered); _ = target.Close() }()
	_, _ = io.Copy(conn, target)
	_ = conn.Close()
}

func (p *testProxy) take() (asked []string, header http.Header) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked, p.asked = p.asked, nil
	return asked, p.header
}

func TestProxyPlain(t *testing.T) {
	var seen http.Header
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		_, _ = io.WriteString(w, "{}")
	}))
	defer target.Close()
	p := newTestProxy(t, nil)
	s := anyHost()
	s.ProxyURL = strings.Replace(p.URL, "http://", "http://me:proxy-password@", 1)
	s.ProxyHeaders = map[string]secret.String{"Proxy-Tenant": secret.New("t1"), "X-Route": secret.New("r1")}
	if _, e := do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", target.URL+"/x", "{}")); e != nil {
		t.Fatal(e)
	}
	asked, header := p.take()
	if want := []string{"POST " + target.URL + "/x"}; !slices.Equal(asked, want) {
		t.Errorf("proxy was asked %q, want %q", asked, want)
	}
	if header.Get("Proxy-Tenant") != "t1" || header.Get("Proxy-Authorization") == "" {
		t.Errorf("headers at the proxy: %v", header)
	}
	if header.Get("X-Route") != "" || seen.Get("X-Route") != "" {
		t.Error("a header that a proxy passes on was sent with a plain request")
	}
	p.refuse = 407
	_, e := do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", target.URL, "{}"))
	want(t, e, connector.Transient, connector.NotApplied)
	if oneOf(e.Error(), "proxy-password", "canary") != "" {
		t.Errorf("error %q", e)
	}
}

func TestProxyTunnel(t *testing.T) {
	ca, proxyCA := newAuthority(t), newAuthority(t)
	target := tlsServer(t, &tls.Config{
		Certificates: []tls.Certificate{ca.server("127.0.0.1")}, ClientAuth: tls.RequestClientCert,
	})
	cert, key := ca.client()
	host := httpclient.HostSettings{URL: target.URL, TLS: connector.TLS{CertificateAuthority: [][]byte{ca.pem}, Certificate: cert, Key: secret.New(string(key))}}
	for name, p := range map[string]*testProxy{
		"http":  newTestProxy(t, nil),
		"https": newTestProxy(t, &tls.Config{Certificates: []tls.Certificate{proxyCA.server("127.0.0.1")}, ClientAuth: tls.RequestClientCert}),
	} {
		s := anyHost()
		s.ProxyURL, s.ProxyVerification = p.URL, "none"
		s.ProxyHeaders = map[string]secret.String{"X-Route": secret.New("r1")}
		s.CustomHostSettings = []httpclient.HostSettings{host}
		body, e := do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", target.URL, "{}"))
		if e != nil || !strings.Contains(string(body), `"client":"client"`) {
			t.Errorf("%s: body %q, error %v", name, body, e)
		}
		asked, header := p.take()
		if want := []string{"CONNECT " + target.Listener.Addr().String()}; !slices.Equal(asked, want) || header.Get("X-Route") != "r1" {
			t.Errorf("%s: proxy was asked %q with %v, want %q", name, asked, header, want)
		}
		if p.client != 0 {
			t.Errorf("%s: the proxy was shown the client certificate of the tracker", name)
		}
		for _, status := range []int{403, 407, 502} {
			p.refuse = status
			_, e = do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", target.URL, "{}"))
			want(t, e, connector.Transient, connector.NotApplied)
			if !strings.Contains(e.Error(), "the proxy refused to connect (HTTP ") || strings.Contains(e.Error(), "canary") {
				t.Errorf("%s: error %q", name, e)
			}
		}
		p.refuse = 0
		p.CloseClientConnections()
		if name == "https" {
			s.ProxyVerification = "full"
			_, e = do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", target.URL, "{}"))
			want(t, e, connector.Transient, connector.NotApplied)
		}
	}
}

func TestProxyOutOfReach(t *testing.T) {
	p := newTestProxy(t, nil)
	p.Close()
	s := anyHost()
	s.ProxyURL = strings.Replace(p.URL, "http://", "http://me:proxy-password@", 1)
	for _, url := range []string{"http://tracker.example", "https://tracker.example"} {
		_, e := do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", url, "{}"))
		want(t, e, connector.Transient, connector.NotApplied)
		if !strings.Contains(e.Error(), "proxy: dial tcp") || strings.Contains(e.Error(), "proxy-password") {
			t.Errorf("%s: error %q", url, e)
		}
	}
}

// TestProxyHosts: which hosts go through the proxy; by exact name.
func TestProxyHosts(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	defer target.Close()
	p := newTestProxy(t, nil)
	for _, tt := range []struct {
		bypass, only []string
		through      bool
	}{
		{nil, nil, true},
		{[]string{"127.0.0.1"}, nil, false},
		{[]string{"27.0.0.1", "127.0.0.1:80", "*"}, nil, true},
		{nil, []string{"127.0.0.1"}, true},
		{nil, []string{"other.example"}, false},
		{[]string{"other.example"}, []string{"other.example"}, true}, // the bypass list alone counts
		{[]string{"127.0.0.1"}, []string{"127.0.0.1"}, false},
	} {
		s := anyHost()
		s.ProxyURL, s.ProxyBypassHosts, s.ProxyOnlyHosts = p.URL, tt.bypass, tt.only
		if _, e := do(t, newClient(t, s), httpclient.Exchange{}, newRequest(t, "POST", target.URL, "{}")); e != nil {
			t.Fatal(e)
		}
		if asked, _ := p.take(); (len(asked) == 1) != tt.through {
			t.Errorf("bypass %q, only %q: the proxy was asked %q", tt.bypass, tt.only, asked)
		}
	}
}

// TestEnvironmentProxy: what the environment says is not asked.
func TestEnvironmentProxy(t *testing.T) {
	p := newTestProxy(t, nil)
	t.Setenv("HTTP_PROXY", p.URL)
	t.Setenv("http_proxy", p.URL)
	_, e := do(t, newClient(t, anyHost()), httpclient.Exchange{}, newRequest(t, "POST", "http://nothing.invalid", "{}"))
	want(t, e, connector.Transient, connector.NotApplied)
	if asked, _ := p.take(); len(asked) != 0 {
		t.Errorf("the environment's proxy was asked %q", asked)
	}
}
