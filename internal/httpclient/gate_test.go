package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/connectortest"
	"github.com/casepush/casepush/internal/httpclient"
)

// door is a gate that shuts itself at the first limit.
type door struct {
	mu      sync.Mutex
	passed  int
	shut    error // what Enter answers
	limits  []time.Duration
	between func() // called within Limited
}

func (d *door) Enter(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut == nil {
		d.passed++
	}
	return d.shut
}

func (d *door) Limited(wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limits = append(d.limits, wait)
	d.shut = &connector.HeldError{For: wait}
	if d.between != nil {
		d.between()
	}
}

// gated makes a client with a gate before the handler.
func gated(t *testing.T, s httpclient.Settings, handler http.HandlerFunc) *http.Client {
	t.Helper()
	client, err := httpclient.NewWithTransport(s, connectortest.InProcess(handler))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestNothingAfterLimited: what waits for its turn while a 429 comes in is not
// sent any more, even though the answer's body is not there yet.
func TestNothingAfterLimited(t *testing.T) {
	const all, perSecond = 64, 4
	synctest.Test(t, func(t *testing.T) {
		gate := &door{}
		s := anyHost()
		s.Gate, s.RequestsPerSecond, s.ResponseTimeout = gate, perSecond, time.Hour
		served, sinceLimited := 0, -1
		var mu sync.Mutex
		gate.between = func() { sinceLimited = 0 }
		slow := roundTripper(func(r *http.Request) (*http.Response, error) {
			gate.mu.Lock()
			served++
			n := served
			if sinceLimited >= 0 {
				sinceLimited++
			}
			gate.mu.Unlock()
			<-time.After(1100 * time.Millisecond) // eight are with the tracker when the first answer comes
			status := http.StatusOK
			if n == 1 {
				status = http.StatusTooManyRequests
			}
			return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {"30"}}, Body: &late{after: time.Minute}, Request: r}, nil
		})
		client, err := httpclient.NewWithTransport(s, slow)
		if err != nil {
			t.Fatal(err)
		}
		held := 0
		var wave sync.WaitGroup
		for range all {
			wave.Go(func() {
				_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", "http://tracker.example", "{}"))
				if e == nil || e.Status == http.StatusTooManyRequests {
					return
				}
				if !errors.Is(e, connector.ErrHeld) || e.Kind != connector.RateLimited || e.Effect != connector.NotApplied || e.RetryAfter != 30*time.Second {
					t.Errorf("%v, effect %q, retry after %v: want a held request that was not sent", e, e.Effect, e.RetryAfter)
				}
				mu.Lock()
				defer mu.Unlock()
				held++
			})
		}
		wave.Wait()
		if sinceLimited != 0 || served != gate.passed || served != 2*perSecond || held != all-served {
			t.Errorf("%d sent, %d of them after the limit was known, %d let through, %d held; want %d, 0, %[1]d, %d", served, sinceLimited, gate.passed, held, 2*perSecond, all-2*perSecond)
		}
	})
}

// late is a body that comes long after its head.
type late struct{ after time.Duration }

func (l *late) Read([]byte) (int, error) {
	<-time.After(l.after)
	return 0, io.EOF
}

func (*late) Close() error { return nil }

func TestGateHearsOfLimits(t *testing.T) {
	oneIncident := func(h http.Header) connector.Scope {
		if h.Get("RateLimit-Reason") == "one" {
			return connector.OneIncident
		}
		return connector.WholeTracker
	}
	for _, tt := range []struct {
		status int
		header map[string]string
		want   string // what the gate hears
		scope  connector.Scope
	}{
		{429, nil, "[0s]", connector.WholeTracker},
		{429, map[string]string{"Retry-After": "7"}, "[7s]", connector.WholeTracker},
		{429, map[string]string{"X-RateLimit-Reset": "9999999999"}, "[1h0m0s]", connector.WholeTracker},
		{429, map[string]string{"Retry-After": "7", "RateLimit-Reason": "all"}, "[7s]", connector.WholeTracker},
		{429, map[string]string{"Retry-After": "7", "RateLimit-Reason": "one"}, "[]", connector.OneIncident},
		{503, map[string]string{"Retry-After": "7"}, "[7s]", connector.WholeTracker},
		{503, map[string]string{"Retry-After": "7", "RateLimit-Reason": "one"}, "[7s]", connector.WholeTracker},
		{503, nil, "[]", connector.WholeTracker},
		{200, map[string]string{"Retry-After": "7"}, "[]", connector.WholeTracker},
		{500, map[string]string{"Retry-After": "7"}, "[]", connector.WholeTracker},
	} {
		gate := &door{}
		s := anyHost()
		s.Gate = gate
		client := gated(t, s, func(w http.ResponseWriter, _ *http.Request) {
			for k, v := range tt.header {
				w.Header().Set(k, v)
			}
			w.WriteHeader(tt.status)
		})
		_, e := do(t, client, httpclient.Exchange{Scope: oneIncident}, newRequest(t, "POST", "http://tracker.example", "{}"))
		if got := fmt.Sprint(gate.limits); got != tt.want || e != nil && e.Scope != tt.scope {
			t.Errorf("%d with %v: the gate hears %s, want %s; error %#v, want scope %d", tt.status, tt.header, got, tt.want, e, tt.scope)
		}
	}
}

func TestGateRefuses(t *testing.T) {
	errLost := errors.New(`the claim of "c-81" is over`)
	for _, tt := range []struct {
		err  error
		kind connector.Kind
		wait time.Duration
		text string
	}{
		{&connector.HeldError{}, connector.RateLimited, 0, "op: rate limited: not sent: connector held"},
		{&connector.HeldError{Why: "the connector is paused"}, connector.RateLimited, 0, "op: rate limited: not sent: the connector is paused"},
		{connector.ErrHeld, connector.RateLimited, 0, "op: rate limited: not sent: connector held"},
		{&connector.HeldError{For: -time.Second}, connector.RateLimited, 0, "op: rate limited: not sent: connector held"},
		{fmt.Errorf("paused: %w", &connector.HeldError{For: 1500 * time.Millisecond}), connector.RateLimited, 1500 * time.Millisecond, "op: rate limited: not sent: paused: connector held for 2s"},
		{errLost, connector.Transient, 0, `op: transient: not sent: the claim of "c-81" is over`},
		{context.Canceled, connector.Transient, 0, "op: transient: not sent: context canceled"},
	} {
		s := anyHost()
		s.Gate = &door{shut: tt.err}
		client := gated(t, s, func(http.ResponseWriter, *http.Request) { t.Errorf("%v: sent", tt.err) })
		_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", "http://tracker.example", "{}"))
		want(t, e, tt.kind, connector.NotApplied)
		if !errors.Is(e, tt.err) && !strings.Contains(tt.err.Error(), "paused") || e.RetryAfter != tt.wait || e.Error() != tt.text {
			t.Errorf("%v: error %q, retry after %v; want %q, %v", tt.err, e, e.RetryAfter, tt.text, tt.wait)
		}
	}
}

// TestGateIsAskedLast: not for a request that is refused anyway.
func TestGateIsAskedLast(t *testing.T) {
	gate := &door{}
	client := gated(t, httpclient.Settings{Gate: gate}, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
	_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", "http://tracker.example", "{}"))
	want(t, e, connector.Rejected, connector.NotApplied)
	if gate.passed != 0 {
		t.Error("the gate was asked about a host that is not allowed")
	}
}
