package httpclient

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

const (
	// maxIdlePerHost keeps a connection for every push in flight: Go's default
	// of 2 would dial and shake hands for nearly every request. It is the most
	// that delivery.max_in_flight can be.
	maxIdlePerHost = 1024
	// idleTimeout is less than the 5 s after which many servers (Node's
	// default among them) close an idle connection. A create that meets such a
	// close has an unknown effect and costs minutes of waiting; a new
	// connection costs milliseconds.
	idleTimeout      = 4 * time.Second
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	maxHeaderBytes   = 64 << 10
)

// New makes the client of one connector. It follows no redirect, refuses hosts
// that are not allowed before it dials, bounds time and size of every answer,
// and sends every request once. The error names everything that is wrong with
// the settings and shows no secret. The client is safe for concurrent use;
// CloseIdleConnections ends its connections.
func New(s Settings) (*http.Client, error) {
	s, err := s.checked()
	if err != nil {
		return nil, err
	}
	p, err := newProxy(s)
	if err != nil {
		return nil, err
	}
	common, err := hostTLS(s, HostSettings{})
	if err != nil {
		return nil, err
	}
	g := newGuard(s, p.transport(common), p)
	var errs []error
	for _, h := range s.CustomHostSettings {
		key, err := hostKey(h.URL)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if key == "" || g.byHost[key] != nil {
			continue
		}
		cfg, err := hostTLS(s, h)
		if err != nil {
			errs = append(errs, fmt.Errorf("customHostSettings: %q: %w", key, err))
			continue
		}
		g.byHost[key] = p.transport(cfg)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return client(g), nil
}

// NewWithTransport makes a client with the same rules above another transport:
// for tests that put faults or a tracker in the same process behind it. TLS
// and proxy settings are the transport's own business. A transport that does
// not report to net/http/httptrace is taken to have sent every request.
func NewWithTransport(s Settings, base http.RoundTripper) (*http.Client, error) {
	s, err := s.checked()
	if err != nil {
		return nil, err
	}
	return client(newGuard(s, base, proxy{})), nil
}

func client(g *guard) *http.Client {
	return &http.Client{
		Transport: g,
		// A redirect of a POST becomes a GET, and one to another host would
		// carry hand-made Authorization headers there: none is followed.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// newTransport speaks HTTP/1.1 only. HTTP/2 sends a request again after a
// stream error of the peer's, whatever its method; with one request to a
// connection what has been sent is known.
func newTransport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    handshakeTimeout,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		Protocols:              &protocols,
	}
}
