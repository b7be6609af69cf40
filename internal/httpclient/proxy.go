package httpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// proxy is the way out. The zero value is the direct way.
type proxy struct {
	url          *url.URL
	tls          *tls.Config // for an https proxy's own TLS: no client certificate of a tracker goes there
	bypass, only []string
	headers      http.Header
}

func newProxy(s Settings) (proxy, error) {
	if s.ProxyURL == "" {
		return proxy{}, nil
	}
	u, err := url.Parse(s.ProxyURL)
	// The error of url.Parse quotes the URL, which may hold a password.
	if err != nil || u.Hostname() == "" {
		return proxy{}, errors.New("proxyUrl: want http://host:port or https://host:port")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return proxy{}, fmt.Errorf("proxyUrl: scheme %q: want http or https", u.Scheme)
	}
	p := proxy{
		url: u, tls: modeTLS(s.ProxyVerification), headers: http.Header{},
		bypass: lower(s.ProxyBypassHosts), only: lower(s.ProxyOnlyHosts),
	}
	p.tls.ServerName = u.Hostname()
	for name, value := range s.ProxyHeaders {
		p.headers.Set(name, value.Reveal())
	}
	return p, nil
}

func lower(hosts []string) []string {
	out := make([]string, len(hosts))
	for i, h := range hosts {
		out[i] = strings.ToLower(h)
	}
	return out
}

// applies says whether requests to the host go through the proxy. As in
// Kibana host names are compared exactly, and the bypass list comes first.
func (p proxy) applies(host string) bool {
	host = strings.ToLower(host)
	switch {
	case p.url == nil:
		return false
	case len(p.bypass) > 0:
		return !slices.Contains(p.bypass, host)
	case len(p.only) > 0:
		return slices.Contains(p.only, host)
	}
	return true
}

// transport makes a transport for targets with the given TLS.
func (p proxy) transport(target *tls.Config) *http.Transport {
	t := newTransport()
	t.TLSClientConfig = target
	if p.url == nil {
		return t
	}
	t.Proxy = func(r *http.Request) (*url.URL, error) {
		if p.applies(r.URL.Hostname()) {
			return p.url, nil
		}
		return nil, nil
	}
	t.ProxyConnectHeader = p.headers
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("the proxy refused to connect (HTTP %d)", answer.StatusCode)
		}
		return nil
	}
	if p.url.Scheme == "https" {
		p.dialTLS(t, target)
	}
	return t
}

// dialTLS gives the proxy's own TLS its own configuration. http.Transport
// calls DialTLSContext for the first hop only: the proxy, or a target that is
// reached without it. TLS within the tunnel uses TLSClientConfig.
func (p proxy) dialTLS(t *http.Transport, target *tls.Config) {
	proxyAddr := strings.TrimPrefix(keyOf(p.url), "https://")
	dial := t.DialContext
	t.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		cfg := target
		if addr == proxyAddr {
			cfg = p.tls
		}
		cfg = cfg.Clone()
		if cfg.ServerName == "" {
			cfg.ServerName, _, _ = net.SplitHostPort(addr)
		}
		raw, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
		defer cancel()
		conn := tls.Client(raw, cfg)
		if err := conn.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, err
		}
		return conn, nil
	}
}

// address sets the headers for a proxy that sees the request itself, which is
// so for plain http. Only Proxy-… headers: a proxy may pass all others on.
func (p proxy) address(r *http.Request) {
	if r.URL.Scheme != "http" || !p.applies(r.URL.Hostname()) {
		return
	}
	for name, values := range p.headers {
		if strings.HasPrefix(name, "Proxy-") {
			r.Header[name] = values
		}
	}
}
