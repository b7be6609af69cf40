package servicenow

import (
	"context"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// tokens keeps the newest access token of a connector. Of callers that need
// one at the same time one asks, and the others share what comes of it: a
// refusal too, so that wrong credentials are not sent again and again. It runs
// no goroutine and is safe for concurrent use.
type tokens struct {
	fetch func(context.Context, string) (token, error)

	mu     sync.Mutex
	newest token
	asking *asking // nil: nobody asks
}

// asking is one request for a token, under way.
type asking struct {
	done chan struct{} // closed when the rest is set
	got  token
	err  error
	left bool // whoever asked went away: it says nothing about the token
}

func newTokens(fetch func(context.Context, string) (token, error)) *tokens {
	return &tokens{fetch: fetch}
}

// get returns a token that is valid for a while.
func (t *tokens) get(ctx context.Context, op string) (token, error) {
	for {
		t.mu.Lock()
		if time.Now().Before(t.newest.expires) {
			defer t.mu.Unlock()
			return t.newest, nil
		}
		others := t.asking
		if others == nil {
			a := &asking{done: make(chan struct{})}
			t.asking = a
			t.mu.Unlock()
			t.ask(ctx, op, a)
			return a.got, a.err
		}
		t.mu.Unlock()
		select {
		case <-others.done:
			if !others.left {
				return others.got, others.err
			}
		case <-ctx.Done():
			return token{}, &connector.Error{Op: op, Effect: connector.NotApplied, Err: context.Cause(ctx)}
		}
	}
}

// ask fetches a token for everybody who waits.
func (t *tokens) ask(ctx context.Context, op string, a *asking) {
	got, err := t.fetch(ctx, op)
	t.mu.Lock()
	defer t.mu.Unlock()
	a.got, a.err, a.left = got, err, err != nil && ctx.Err() != nil
	if err == nil {
		t.newest = got
	}
	t.asking = nil
	close(a.done)
}

// drop forgets the token with this header, which was refused. A newer one
// stays. With basic authentication (nil) there is none.
func (t *tokens) drop(header string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.newest.header == header {
		t.newest = token{}
	}
}
