package push

import (
	"sync"

	"github.com/casepush/casepush/internal/ledger"
)

// KeyLock lets one push at a time work on an entry in this process. The zero
// value is ready. It is for speed and quiet only: between processes, and in
// truth, the claim in the ledger decides.
type KeyLock struct {
	mu   sync.Mutex
	held map[ledger.Key]bool
}

// TryLock takes the key and returns what frees it; ok is false when somebody
// else has it. Nobody waits: a waiter would take a slot from other cases.
func (l *KeyLock) TryLock(key ledger.Key) (unlock func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[key] {
		return nil, false
	}
	if l.held == nil {
		l.held = map[ledger.Key]bool{}
	}
	l.held[key] = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, key)
	}, true
}
