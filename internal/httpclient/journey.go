package httpclient

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/casepush/casepush/internal/connector"
)

// journey records how far one request came, to know whether it can have had
// an effect. Hooks of a connection that is still being dialled may run after
// the request has failed, hence the atomics.
type journey struct {
	class      Class                             // of the exchange; never changed, nor is scope
	scope      func(http.Header) connector.Scope // nil: every limit is the whole tracker's
	reads      atomic.Bool                       // the request changes nothing
	refused    atomic.Bool                       // the guard did not pass it on
	reports    atomic.Bool                       // it went to a transport that is known to report connections
	connecting atomic.Bool                       // the transport reported that it looks for a connection
	connected  atomic.Bool                       // it has one: from now on bytes may leave
}

type journeyKey struct{}

// IsRead reports whether the request changes nothing at the tracker: an
// [Exchange] said so, or its method does. For transports that treat changes
// otherwise.
func IsRead(req *http.Request) bool {
	return req.Method == http.MethodGet || req.Method == http.MethodHead || journeyOf(req.Context()).reads.Load()
}

// follow returns a context whose request is recorded in the journey.
//
// The border is GotConn, which http.Transport calls after dial, TLS handshake
// and proxy CONNECT, in the goroutine of the request, and before it writes.
// WroteHeaders would be narrower but is called when the bytes are in a buffer.
func (x Exchange) follow(ctx context.Context) (context.Context, *journey) {
	j := &journey{class: x.Class, scope: x.Scope}
	j.reads.Store(x.Reads || x.Search)
	ctx = context.WithValue(ctx, journeyKey{}, j)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { j.connecting.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { j.connected.Store(true) },
	}), j
}

// journeyOf returns the journey of the context, or one that nobody reads.
func journeyOf(ctx context.Context) *journey {
	if j, ok := ctx.Value(journeyKey{}).(*journey); ok {
		return j
	}
	return &journey{}
}

// scopeOf says how far the limit reaches that an answer tells of.
func (j *journey) scopeOf(resp *http.Response) connector.Scope {
	if resp.StatusCode != http.StatusTooManyRequests || j.scope == nil {
		return connector.WholeTracker
	}
	return j.scope(resp.Header)
}

// mayHaveLeft says whether bytes of the request may have reached the tracker.
// Without evidence they may.
func (j *journey) mayHaveLeft() bool {
	switch {
	case j.refused.Load():
		return false
	case j.connected.Load():
		return true
	}
	return !j.connecting.Load() && !j.reports.Load()
}
