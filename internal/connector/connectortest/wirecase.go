package connectortest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

// wireCases are those that are no simple product of operation and fault.
func wireCases() []namedCase {
	var list []namedCase
	for _, op := range operations() {
		list = append(list,
			namedCase{op.name + "/refused", func(t testing.TB, h Harness) { connectionRefused(t, h, op) }},
			namedCase{op.name + "/cancelled", func(t testing.TB, h Harness) { cancelled(t, h, op) }},
			namedCase{op.name + "/cancelled before", func(t testing.TB, h Harness) { cancelledBefore(t, h, op) }},
		)
	}
	return append(list,
		namedCase{"create/a read fails", createReadFails},
		namedCase{"create/words of a refusal", refusalWords},
		namedCase{"create/credentials in a refusal", refusalSecrets},
		namedCase{"connections are kept", connectionsKept},
	)
}

// ready makes a bench with what the operation needs.
func ready(t testing.TB, h Harness, op operation) (*bench, connector.Ref) {
	t.Helper()
	b := newBench(t, h)
	if !op.can(b) {
		t.Skipf("the tracker cannot %s", op.name)
	}
	ref := op.prepare(b)
	b.wire.reset()
	return b, ref
}

// connectionRefused closes the tracker's port: nothing can have been done.
func connectionRefused(t testing.TB, h Harness, op operation) {
	b, ref := ready(t, h, op)
	b.server.Close()
	b.wire.CloseIdleConnections() // a kept one that just died would leave the effect unknown
	err := op.call(b.context(), b, ref)
	if err == nil {
		b.Fatal("no error")
	}
	b.checkKind(b.checkError(err), connector.Transient, connector.NotApplied)
}

// cancelled cancels while the tracker works: it has acted, and its answer is
// on nobody's way.
func cancelled(t testing.TB, h Harness, op operation) {
	b, ref := ready(t, h, op)
	ctx, cancel := context.WithCancel(b.context())
	defer cancel()
	b.front.arm(func(_ http.ResponseWriter, r *http.Request, tracker http.Handler) {
		ask(tracker, r)
		cancel()
		<-r.Context().Done()
	}, func(r *http.Request) bool { return !op.writes || !h.Reads(r) })
	err := op.call(ctx, b, ref)
	if err == nil {
		b.Fatal("no error")
	}
	e := b.checkError(err)
	if !errors.Is(err, context.Canceled) {
		b.Errorf("want an error that is context.Canceled: %v", err)
	}
	if op.writes && e.Effect != connector.EffectUnknown {
		b.Errorf("effect %q, want unknown: %v", e.Effect, e)
	}
	if _, writes := b.wire.counted(); writes > 1 {
		b.Errorf("%d requests that change something", writes)
	}
}

func cancelledBefore(t testing.TB, h Harness, op operation) {
	b, ref := ready(t, h, op)
	ctx, cancel := context.WithCancel(b.context())
	cancel()
	before := b.tracker.Incidents()
	err := op.call(ctx, b, ref)
	if err == nil {
		b.Fatal("no error")
	}
	b.checkError(err)
	if op.applied(before, b.tracker.Incidents()) {
		b.Error("a call with a cancelled context has changed something")
	}
}

// createReadFails breaks every request of a create but the one that creates:
// look-ups before it and read-backs after it. An incident that exists by then
// is not lost: the call succeeds, or says that it does not know.
func createReadFails(t testing.TB, h Harness) {
	for _, f := range faults() {
		if f.slow {
			continue
		}
		b := newBench(t, h)
		b.front.arm(f.answer, h.Reads)
		ref, err := b.conn.CreateIncident(b.context(), caseID(0), h.Incident)
		made := b.tracker.Incidents()
		switch {
		case err == nil && (len(made) != 1 || made[0].ID != ref.ID):
			b.Errorf("%s: no error, ref %+v, and the tracker has %+v", f.name, ref, made)
		case err != nil:
			if e := b.checkError(err); len(made) > 0 && e.Effect == connector.NotApplied {
				b.Errorf("%s: the incident exists, and the error says that it does not: %v", f.name, e)
			}
		}
		if _, writes := b.wire.counted(); writes > 1 {
			b.Errorf("%s: %d requests that change something", f.name, writes)
		}
		b.close()
	}
}

// refusal makes a create meet a 400 with these words.
func refusal(t testing.TB, h Harness, words func(*http.Request) string) (*bench, *connector.Error) {
	t.Helper()
	if h.Refusal == nil {
		t.Skip("the tracker's refusals have no words")
	}
	b := newBench(t, h)
	b.front.arm(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		reply(400, nil, h.Refusal(words(r)))(w, r, next)
	}, func(r *http.Request) bool { return !h.Reads(r) })
	_, err := b.conn.CreateIncident(b.context(), caseID(0), h.Incident)
	if err == nil {
		b.Fatal("no error")
	}
	e := b.checkError(err)
	b.checkKind(e, connector.Rejected, connector.NotApplied)
	return b, e
}

func refusalWords(t testing.TB, h Harness) {
	const words = "The value of the field is not on the screen"
	b, e := refusal(t, h, func(*http.Request) string { return words + strings.Repeat(" and so on", 1000) })
	if !strings.Contains(e.Error(), words) {
		b.Errorf("the tracker's words are missing: %v", e)
	}
}

// refusalSecrets repeats the request's credentials, as some proxies do.
func refusalSecrets(t testing.TB, h Harness) {
	refusal(t, h, func(r *http.Request) string {
		all := append([]string{"not accepted:", r.Header.Get("Authorization")}, h.Secrets...)
		return strings.Join(all, " ")
	})
}

// connectionsKept makes many calls that succeed and many that are refused:
// every body is read and closed, so that one connection is enough.
func connectionsKept(t testing.TB, h Harness) {
	b := newBench(t, h)
	ref := b.create(0)
	for i := range 16 { // few enough for an adapter that throttles itself per incident
		if i == 8 {
			b.front.arm(reply(400, nil, notes), func(r *http.Request) bool { return !h.Reads(r) })
		}
		err := b.conn.UpdateIncident(b.context(), caseID(0), ref, h.Update)
		if refused := i >= 8; (err != nil) != refused {
			b.Fatalf("update %d: error %v", i, err)
		}
	}
	if n := b.front.connections(); n > 2 {
		b.Errorf("%d connections for 17 calls one after the other", n)
	}
}
