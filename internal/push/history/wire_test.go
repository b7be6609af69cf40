package history

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/connectortest"
)

// wire is a process's way to a server; what goes wrong on it goes wrong here.
type wire struct {
	p           *process
	server      http.RoundTripper
	reads       func(*http.Request) bool
	read, write place
}

func trackerWire(p *process) http.RoundTripper {
	return wire{p, connectortest.InProcess(p.w.tracker), p.w.kind.Reads, trackerRead, trackerWrite}
}

func kibanaWire(p *process) http.RoundTripper {
	reads := func(r *http.Request) bool {
		return r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/signals/search")
	}
	return wire{p, connectortest.InProcess(p.w.kibana), reads, kibanaRead, kibanaWrite}
}

// RoundTrip implements http.RoundTripper.
func (t wire) RoundTrip(r *http.Request) (*http.Response, error) {
	p, w := t.p, t.p.w
	at := t.write
	if t.reads(r) {
		at = t.read
	}
	m := w.step(p, at)
	if err := r.Context().Err(); err != nil && m != stop {
		// A transport does not begin what nobody waits for any more.
		return nil, context.Cause(r.Context())
	}
	if at == trackerRead || at == trackerWrite {
		w.checkWindows(p, r)
	}
	r = rewound(r)
	if at == trackerWrite && w.late > 0 {
		t.act(r, w.late)
		w.late = 0
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	}
	switch m {
	case fail:
		return answer(r, http.StatusServiceUnavailable, nil), nil
	case forbid:
		return answer(r, http.StatusForbidden, nil), nil
	case limit:
		w.windows = append(w.windows, window{p: p, until: time.Now().Add(retryAfter)})
		return answer(r, http.StatusTooManyRequests, http.Header{"Retry-After": {strconv.Itoa(int(retryAfter / time.Second))}}), nil
	case late:
		t.act(r, settleTime-lastMoment)
		return nil, io.EOF
	case dieLate:
		// The connection is held by a kernel or a proxy until the lease is over.
		t.act(r, lease+settleTime-lastMoment)
		p.die()
	case hang, stuck:
		t.actGivenUp(r, settleTime-lastMoment)
		if m == stuck {
			w.pause(p)
		}
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	case stop:
		t.act(r, 0)
		return nil, context.Cause(r.Context())
	}
	if at == trackerWrite || at == kibanaWrite {
		w.writes++
	}
	resp, err := t.server.RoundTrip(r)
	switch m {
	case dieAfter:
		p.die()
	case lose:
		return nil, io.EOF
	}
	return resp, err
}

// heldFor is how long a connector is held.
const heldFor = 100 * time.Hour

// gate is that of a process's way to the tracker: it is shut where the history says so.
type gate struct{ p *process }

// Enter implements httpclient.Gate.
func (g gate) Enter(context.Context) error {
	w := g.p.w
	if rest := time.Until(w.limited); rest > 0 {
		return &connector.HeldError{For: rest}
	}
	if !w.counting || w.fate.at(len(w.steps)) != held {
		return nil
	}
	w.step(g.p, trackerWrite)
	return &connector.HeldError{For: heldFor}
}

// Limited implements httpclient.Gate. The worker's gate shuts for all workers.
// Here it does so only where the pusher cannot know of every limit, so that
// elsewhere it shows that the pusher obeys by itself.
func (g gate) Limited(d time.Duration) {
	if g.p.w.kind.Asides {
		g.p.w.limited = time.Now().Add(d)
	}
}

// act lets the server serve the request after a while, whoever waits for it.
func (t wire) act(r *http.Request, after time.Duration) { t.actWhen(r, func() { wait(after) }) }

// actGivenUp is act after the client has given up.
func (t wire) actGivenUp(r *http.Request, after time.Duration) {
	t.actWhen(r, func() {
		<-r.Context().Done()
		wait(after)
	})
}

func (t wire) actWhen(r *http.Request, ready func()) {
	in := rewound(r.WithContext(context.WithoutCancel(r.Context())))
	go func() {
		ready()
		if t.p.w.trace != nil {
			t.p.w.trace("%s  late: %s %s", t.p.w.clock(), in.Method, in.URL.Path)
		}
		if resp, err := t.server.RoundTrip(in); err == nil {
			_ = resp.Body.Close()
		}
	}()
}

// rewound is the request with its body in memory, to be read again, and with its
// header as a server reads it.
func rewound(r *http.Request) *http.Request {
	out := r.Clone(r.Context())
	out.Header = http.Header{}
	for name, values := range r.Header {
		out.Header[http.CanonicalHeaderKey(name)] = values
	}
	if r.Body == nil {
		return out
	}
	b, _ := io.ReadAll(r.Body)
	_ = r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(b))
	out.Body = io.NopCloser(bytes.NewReader(b))
	return out
}

func answer(r *http.Request, status int, h http.Header) *http.Response {
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{
		StatusCode: status, Status: strconv.Itoa(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(strings.NewReader("")), Request: r,
	}
}

// checkWindows finds requests that come while the tracker wants none.
func (w *world) checkWindows(p *process, r *http.Request) {
	for _, win := range w.windows {
		known := win.p == p || !win.recorded.IsZero() && win.recorded.Before(p.began)
		if known && time.Now().Before(win.until) {
			w.problemf("%s %s comes %s before the Retry-After window ends", r.Method, r.URL.Path, time.Until(win.until))
		}
	}
}

// forgetWindows: what a worker was told and could not record, nobody knows.
func (w *world) forgetWindows() {
	kept := w.windows[:0]
	for _, win := range w.windows {
		if !win.recorded.IsZero() {
			kept = append(kept, win)
		}
	}
	w.windows = kept
}
