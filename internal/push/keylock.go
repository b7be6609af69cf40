package push

import (
	"context"
	"sync"

	"github.com/casepush/casepush/internal/ledger"
)

// KeyLock lets one push at a time work on an entry in this process. The zero
// value is ready. It is for speed and quiet only: between processes, and in
// truth, the claim in the ledger decides.
type KeyLock struct {
	mu   sync.Mutex
	held map[ledger.Key]*waiters
}

type waiters struct {
	turn chan struct{} // holds one token while the key is free
	n    int           // holders and waiters
}

// Lock waits for the key and returns what frees it, or the context's error.
func (l *KeyLock) Lock(ctx context.Context, key ledger.Key) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[ledger.Key]*waiters{}
	}
	w := l.held[key]
	if w == nil {
		w = &waiters{turn: make(chan struct{}, 1)}
		w.turn <- struct{}{}
		l.held[key] = w
	}
	w.n++
	l.mu.Unlock()

	select {
	case <-w.turn:
		return func() { l.leave(key, w, true) }, nil
	case <-ctx.Done():
		l.leave(key, w, false)
		return nil, ctx.Err()
	}
}

func (l *KeyLock) leave(key ledger.Key, w *waiters, held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w.n--
	if held {
		w.turn <- struct{}{}
	}
	if w.n == 0 {
		delete(l.held, key)
	}
}
