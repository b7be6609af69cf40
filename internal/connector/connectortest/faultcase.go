package connectortest

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// firstPatience is how long the client waits where a fault is slow. It is
// doubled when the machine was too slow for the fault to be met at all.
const firstPatience = 200 * time.Millisecond

// faultCases makes a case of every operation with every fault.
func faultCases() []namedCase {
	var list []namedCase
	for _, op := range operations() {
		for _, f := range faults() {
			if f.slow && f.acts && !op.writes {
				continue // for a read the same as "no answer"
			}
			list = append(list, namedCase{op.name + "/" + f.name, func(t testing.TB, h Harness) { runFault(t, h, op, f) }})
		}
	}
	return list
}

func runFault(t testing.TB, h Harness, op operation, f fault) {
	t.Helper()
	patience := time.Duration(0)
	if f.slow {
		patience = firstPatience
	}
	for {
		b := newBench(t, h)
		if !op.can(b) {
			t.Skipf("the tracker cannot %s", op.name)
		}
		ref := op.prepare(b)
		if patience > 0 {
			b.connect(patience)
		}
		before := b.tracker.Incidents()
		b.wire.reset()
		b.front.arm(f.answer, func(r *http.Request) bool { return !op.writes || !h.Reads(r) })
		err := op.call(b.context(), b, ref)
		if f.slow && b.front.struck() == 0 && patience < 5*time.Second {
			patience *= 2
			b.close()
			continue
		}
		b.judge(op, f, err, op.applied(before, b.tracker.Incidents()))
		return
	}
}

// judge checks what a call made of a fault.
func (b *bench) judge(op operation, f fault, err error, applied bool) {
	b.Helper()
	if b.front.struck() == 0 {
		b.Fatalf("%s sent no request that could meet the fault; error: %v", op.name, err)
	}
	if f.acts && op.writes && !applied {
		b.Errorf("harness: the tracker acted, but Incidents does not show it")
	}
	_, writes := b.wire.counted()
	if want := map[bool]int{true: 1, false: 0}[op.writes]; writes != want {
		b.Errorf("%d requests that change something, want %d", writes, want)
	}
	if other := b.wire.strangers(b.server.Listener.Addr().String()); len(other) > 0 {
		b.Errorf("requests to other hosts: %q", other)
	}
	if err == nil {
		if !op.writes || !f.success || op.name == "create" {
			b.Fatalf("%s: no error", op.name)
		}
		return
	}
	e := b.checkError(err)
	if applied && e.Effect == connector.NotApplied {
		b.Errorf("the tracker has done it, and the error says that it has not: %v", e)
	}
	b.checkExpected(op, f, e)
}

func (b *bench) checkExpected(op operation, f fault, e *connector.Error) {
	b.Helper()
	effect := f.effect
	if !op.writes {
		effect = connector.NotApplied
	}
	kind := f.kind
	if allowed := otherKinds(op, f); slices.Contains(allowed, e.Kind) {
		kind = e.Kind
	}
	if (op.name == "find" || op.name == "others") && kind == connector.NotFound {
		// Whoever takes a missing search for a missing incident makes a second one.
		b.Errorf("a search that is not there is no proof that nothing was found: %v", e)
		kind = e.Kind
	}
	b.checkKind(e, kind, effect)
	if f.status != 0 && e.Status != f.status {
		b.Errorf("status %d, want %d: %v", e.Status, f.status, e)
	}
	if e.RetryAfter < f.retryAfter[0] || e.RetryAfter > f.retryAfter[1] {
		b.Errorf("retry after %v, want from %v to %v", e.RetryAfter, f.retryAfter[0], f.retryAfter[1])
	}
}

// otherKinds are the kinds that an adapter, which knows its tracker, may give
// instead of the one that follows from the status alone.
func otherKinds(op operation, f fault) []connector.Kind {
	switch {
	case f.status == 404 && (op.name == "create" || op.name == "find" || op.name == "others"):
		return []connector.Kind{connector.Rejected, connector.Transient} // there is no incident that could be missing
	case f.status == 404 && op.name == "probe":
		return []connector.Kind{connector.Rejected} // NotFound is the place's; an adapter may know better
	case f.success:
		return []connector.Kind{connector.Transient, connector.Rejected} // JSON, but not what was asked for
	}
	return nil
}
