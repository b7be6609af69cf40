package httpclient

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// Gate says when a tracker must not be asked. The client of one connector asks
// it before each request and tells it of each limit, so that what one request
// learns holds for all that wait. Its methods are safe for concurrent use.
type Gate interface {
	// Enter says whether a request may be sent at this very moment. It is called
	// after every wait, right before the request is handed to the network. An
	// error is that of a request which was not sent; with a
	// [*connector.HeldError] in its chain it is RateLimited.
	Enter(ctx context.Context) error
	// Limited hears, before anything else does, that the tracker asked not to be
	// sent anything for d; 0: it did not say for how long.
	Limited(d time.Duration)
}

// shut is the gate's error. It is ours, so it may be shown as it is.
type shut struct{ err error }

func (s shut) Error() string { return "not sent: " + s.err.Error() }

func (s shut) Unwrap() error { return s.err }

// enter asks the gate of the client, if it has one.
func (g *guard) enter(ctx context.Context) error {
	if g.gate == nil {
		return nil
	}
	if err := g.gate.Enter(ctx); err != nil {
		return shut{err}
	}
	return nil
}

// limited tells the gate what the head of an answer asks for. The body may be
// long in coming, and every request that leaves meanwhile is one too many.
func (g *guard) limited(trip *journey, resp *http.Response) {
	if g.gate == nil || trip.scopeOf(resp) != connector.WholeTracker {
		return
	}
	d := askedWait(resp)
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable && d > 0 {
		g.gate.Limited(d)
	}
}

// held completes the error of a request that the gate kept back.
func held(e *connector.Error, err error) {
	if !errors.Is(err, connector.ErrHeld) {
		return
	}
	e.Kind = connector.RateLimited
	var h *connector.HeldError
	if errors.As(err, &h) {
		e.RetryAfter = max(0, h.For)
	}
}
