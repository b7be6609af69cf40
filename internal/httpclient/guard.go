package httpclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// guard is the transport that keeps the rules, whoever uses the client.
type guard struct {
	base     http.RoundTripper
	byHost   map[string]http.RoundTripper // by keyOf, for hosts with TLS settings of their own
	proxy    proxy
	allowed  []string
	timeout  time.Duration
	maxBytes int64
	pace     *pacer // nil is no limit
	gate     Gate   // nil lets everything pass
}

func newGuard(s Settings, base http.RoundTripper, p proxy) *guard {
	return &guard{
		base: base, byHost: map[string]http.RoundTripper{}, proxy: p,
		allowed: lower(s.AllowedHosts), timeout: s.ResponseTimeout, maxBytes: s.MaxResponseBytes, pace: pace(s.RequestsPerSecond), gate: s.Gate,
	}
}

// RoundTrip sends the request at most once: see [guard.prepare].
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	trip := journeyOf(req.Context())
	base := g.base
	if own := g.byHost[keyOf(req.URL)]; own != nil {
		base = own
	}
	_, real := base.(*http.Transport)
	trip.reports.Store(real)
	if err := g.admit(req, trip); err != nil {
		trip.refused.Store(true)
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(req.Context(), g.timeout, noAnswer{g.timeout})
	resp, err := base.RoundTrip(g.prepare(ctx, req))
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		cancel()
		return nil, err
	}
	g.limited(trip, resp)
	resp.Request = req
	resp.Body = &boundedBody{ctx: ctx, cancel: cancel, body: resp.Body, limit: g.maxBytes, left: g.maxBytes}
	return resp, nil
}

// CloseIdleConnections closes what is idle in every transport.
func (g *guard) CloseIdleConnections() {
	for _, base := range g.byHost {
		closeIdle(base)
	}
	closeIdle(g.base)
}

func closeIdle(base http.RoundTripper) {
	if c, ok := base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// admit checks the request, waits for its turn, and asks the gate last: what
// holds the connector may have come while the request waited. The wait ends at
// once when the request's deadline would come first.
func (g *guard) admit(req *http.Request, trip *journey) error {
	if err := g.check(req); err != nil {
		return err
	}
	if err := g.pace.wait(req.Context(), trip.class); errors.Is(err, errNoRoom) {
		return shut{&connector.HeldError{Why: err.Error()}}
	} else if err != nil {
		return err
	}
	return g.enter(req.Context())
}

// errBadRequest marks requests that cannot be sent at all.
var errBadRequest = errors.New("bad request")

// check refuses what must not or cannot be sent.
func (g *guard) check(req *http.Request) error {
	if s := req.URL.Scheme; s != "http" && s != "https" {
		return fmt.Errorf("%w: URL scheme %q: want http or https", errBadRequest, s)
	}
	host := strings.ToLower(req.URL.Hostname())
	if host == "" {
		return fmt.Errorf("%w: the URL has no host", errBadRequest)
	}
	if !slices.Contains(g.allowed, "*") && !slices.Contains(g.allowed, host) {
		return fmt.Errorf("host %q is not in outbound.allowedHosts: %w", host, connector.ErrHostNotAllowed)
	}
	for name, values := range req.Header {
		for _, v := range values {
			// A token that was read with its line end, mostly. net/http would
			// refuse it too, but as one more error of the network.
			if strings.ContainsFunc(v, isControl) {
				return fmt.Errorf("%w: header %q holds a control character", errBadRequest, name)
			}
		}
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// prepare makes the request that is really sent, so that net/http never sends
// it twice. http.Transport sends a request again when a kept connection turns
// out to be dead: a GET always, a request with GetBody or without a body when
// nothing had been written or when it has an Idempotency-Key, which is looked
// for in its canonical spelling. Without GetBody and with the name in lower
// case (the same to a server) nothing that changes something is sent again:
// a retry is the pusher's decision, after a look.
func (g *guard) prepare(ctx context.Context, req *http.Request) *http.Request {
	out := req.Clone(ctx)
	out.GetBody = nil
	if out.Header == nil {
		out.Header = http.Header{}
	}
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if v, ok := out.Header[name]; ok {
			delete(out.Header, name)
			out.Header[strings.ToLower(name)] = v
		}
	}
	if out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", "casepush")
	}
	g.proxy.address(out)
	return out
}
