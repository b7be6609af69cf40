package connectortest

import (
	"strings"
	"sync"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

func missingIncident(t testing.TB, h Harness) {
	b := newBench(t, h)
	b.create(0)
	before := b.tracker.Incidents()
	check := func(err error) {
		b.Helper()
		if err == nil {
			b.Errorf("no error for an incident that is not there")
			return
		}
		b.checkKind(b.checkError(err), connector.NotFound, connector.NotApplied)
	}
	check(b.conn.UpdateIncident(b.context(), caseID(0), h.Missing, h.Update))
	check(b.conn.AddComment(b.context(), h.Missing, comment("c1", commentText)))
	can := b.conn.Capabilities()
	if can.CountComments {
		_, err := b.conn.CountComments(b.context(), h.Missing, []connector.Comment{comment("c1", commentText)})
		check(err)
	}
	if can.ReadIncident {
		_, err := b.conn.ReadIncident(b.context(), h.Missing, b.textNames())
		check(err)
	}
	if after := b.tracker.Incidents(); len(after) != len(before) {
		b.Errorf("%d incidents, want %d: a missing one is never made again", len(after), len(before))
	}
}

// hostileID uses an id that would lead elsewhere if it were put into a path
// or query as it is. Ids come from trackers and from people's imports.
func hostileID(t testing.TB, h Harness) {
	b := newBench(t, h)
	b.create(0)
	for _, id := range []string{"../../admin", "..", "1?injected=1", "1#injected", "1/../2", "1%2f..%2f2", "a b\r\nX-Injected: 1"} {
		ref := connector.Ref{ID: id, Title: id}
		b.wire.reset()
		for _, err := range []error{
			b.conn.UpdateIncident(b.context(), caseID(0), ref, h.Update),
			b.conn.AddComment(b.context(), ref, comment("c1", commentText)),
		} {
			if err == nil {
				b.Errorf("id %q: no error", id)
				continue
			}
			b.checkError(err)
		}
		queries, targets := b.wire.seen()
		for _, target := range targets {
			path, _, _ := strings.Cut(target, "?")
			for part := range strings.SplitSeq(path, "/") {
				if part == ".." || part == "." {
					b.Errorf("id %q leads to %q", id, target)
				}
			}
		}
		for _, q := range queries {
			if strings.HasPrefix(q, "injected=") {
				b.Errorf("id %q adds the query %q", id, q)
			}
		}
	}
}

// manyAtOnce pushes several cases at once, which the race detector watches.
func manyAtOnce(t testing.TB, h Harness) {
	b := newBench(t, h)
	const n = 8
	refs, errs := make([]connector.Ref, n), make([]error, n)
	ctx := b.context()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if refs[i], errs[i] = b.conn.CreateIncident(ctx, caseID(i), h.Incident); errs[i] == nil {
				errs[i] = b.conn.AddComment(ctx, refs[i], comment("c1", commentText))
			}
		})
	}
	wg.Wait()
	for i := range n {
		if errs[i] != nil {
			b.Fatalf("case %d: %v", i, errs[i])
		}
		if got := b.incident(refs[i].ID).Comments; len(got) != 1 {
			b.Errorf("case %d: %d comments, want 1", i, len(got))
		}
		if b.conn.Capabilities().FindIncident {
			if found, err := b.conn.FindIncident(ctx, caseID(i)); err != nil || found != refs[i] {
				b.Errorf("case %d: found %+v, error %v, want %+v", i, found, err, refs[i])
			}
		}
	}
	if got := len(b.tracker.Incidents()); got != n {
		b.Errorf("%d incidents, want %d", got, n)
	}
}
