package push_test

import (
	"testing"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// A busy key is refused at once, since a waiter would take a slot from other
// cases; it is free again after its unlock, and other keys are always.
func TestTryLock(t *testing.T) {
	var l push.KeyLock
	a, b := ledger.Key{Connector: "c", Space: "default", Case: "a"}, ledger.Key{Connector: "c", Space: "default", Case: "b"}
	unlock, ok := l.TryLock(a)
	if !ok {
		t.Fatal("a free key is refused")
	}
	if _, ok := l.TryLock(a); ok {
		t.Error("a busy key is given twice")
	}
	other, ok := l.TryLock(b)
	if !ok {
		t.Fatal("another key is refused")
	}
	unlock()
	if _, ok := l.TryLock(b); ok {
		t.Error("an unlock frees another key")
	}
	again, ok := l.TryLock(a)
	if !ok {
		t.Fatal("a key stays busy after its unlock")
	}
	again()
	other()
}
