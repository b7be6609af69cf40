package connectortest

import (
	"reflect"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

func capabilityCases() []namedCase {
	return []namedCase{{"capabilities", capabilities}}
}

// capabilities checks what the pusher builds on before it sends anything.
func capabilities(t testing.TB, h Harness) {
	b := newBench(t, h)
	can := b.conn.Capabilities()
	if can.SettleTime <= 0 {
		b.Errorf("settle time %v: no tracker ends a request the moment that we stop waiting", can.SettleTime)
	}
	if can.FindDelay < 0 {
		b.Errorf("find delay %v", can.FindDelay)
	}
	if can.MaxInFlight < 0 {
		b.Errorf("%d pushes at once", can.MaxInFlight)
	}
	if can.CommentsByID && !can.CountComments {
		b.Errorf("comments show their ids, and cannot be counted")
	}
	for name, limit := range can.Limits {
		b.checkLimit(name, limit)
	}
	b.create(0)
	if again := b.conn.Capabilities(); !reflect.DeepEqual(can, again) {
		b.Errorf("capabilities change: %+v, then %+v", can, again)
	}
}

func (b *bench) checkLimit(name string, limit connector.Limit) {
	b.Helper()
	if limit.Max <= 0 {
		b.Errorf("limit of %q: %d", name, limit.Max)
	}
	switch limit.Unit {
	case connector.Runes, connector.UTF16, connector.Bytes:
	default:
		b.Errorf("limit of %q: unknown unit %d", name, limit.Unit)
	}
}
