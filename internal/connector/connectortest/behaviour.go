package connectortest

import (
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

func behaviourCases() []namedCase {
	return []namedCase{
		{"create, then find", createThenFind},
		{"find: nothing there", findNothing},
		{"find: the mark is verified", findVerifies},
		{"find: the oldest of two", findOldest},
		{"find: not possible", findImpossible},
		{"update: sets and keeps", updateKeeps},
		{"update: twice is once", updateTwice},
		{"read: what the tracker has", readBack},
		{"comment twice", commentTwice},
		{"comment: look-up by digest", commentByDigest},
		{"missing incident", missingIncident},
		{"hostile id", hostileID},
		{"many at once", manyAtOnce},
	}
}

func createThenFind(t testing.TB, h Harness) {
	b := newBench(t, h)
	ref := b.create(0)
	if ref.ID == "" || ref.Title == "" {
		b.Errorf("ref %+v: want an id and a title", ref)
	}
	if u, err := url.Parse(ref.URL); err != nil || u.Host == "" || u.User != nil {
		b.Errorf("ref %+v: want the URL where people see the incident", ref)
	}
	stored := b.incident(ref.ID)
	for _, name := range b.textNames() {
		if _, shown := stored.Texts[name]; !shown {
			continue
		}
		if want := h.Stored(h.Incident.Text(name)); stored.Texts[name] != want {
			b.Errorf("field %q at the tracker: %q, want %q", name, stored.Texts[name], want)
		}
	}
	if !b.conn.Capabilities().FindIncident {
		return
	}
	found, err := b.conn.FindIncident(b.context(), caseID(0))
	if err != nil {
		b.Fatalf("find incident: %v", err)
	}
	if found != ref {
		b.Errorf("found %+v, created %+v", found, ref)
	}
}

// needFind skips the case if the tracker cannot be searched.
func (b *bench) needFind() {
	b.Helper()
	if !b.conn.Capabilities().FindIncident {
		b.Skip("the tracker cannot be searched")
	}
}

func findNothing(t testing.TB, h Harness) {
	b := newBench(t, h)
	b.needFind()
	for _, when := range []string{"in an empty tracker", "beside another incident"} {
		ref, err := b.conn.FindIncident(b.context(), caseID(1))
		if err == nil {
			b.Fatalf("%s: found %+v", when, ref)
		}
		b.checkKind(b.checkError(err), connector.NotFound, connector.NotApplied)
		b.create(0)
	}
}

// findVerifies gives the search for one case the answers of another's, as a
// tracker does that searches loosely, or whose cache mixes answers up.
func findVerifies(t testing.TB, h Harness) {
	b := newBench(t, h)
	b.needFind()
	b.create(0)
	answers := b.front.record(func() {
		if _, err := b.conn.FindIncident(b.context(), caseID(0)); err != nil {
			b.Fatalf("find incident: %v", err)
		}
	})
	b.front.repeat(answers)
	if ref, err := b.conn.FindIncident(b.context(), caseID(1)); err == nil {
		b.Errorf("found %+v, which carries another case's mark", ref)
	}
}

func findOldest(t testing.TB, h Harness) {
	b := newBench(t, h)
	b.needFind()
	first := b.create(0)
	if second := b.create(0); second == first {
		b.Skip("the tracker makes one incident of two creates")
	}
	found, err := b.conn.FindIncident(b.context(), caseID(0))
	if err != nil {
		b.Fatalf("find incident: %v", err)
	}
	if found.ID != first.ID {
		b.Errorf("found %+v, want the oldest, %+v", found, first)
	}
}

func findImpossible(t testing.TB, h Harness) {
	b := newBench(t, h)
	can := b.conn.Capabilities()
	if !can.FindIncident {
		_, err := b.conn.FindIncident(b.context(), caseID(0))
		b.checkKind(b.checkError(err), connector.Rejected, connector.NotApplied)
	}
	if !can.CountComments {
		_, err := b.conn.CountComments(b.context(), h.Missing, comment("c1", commentText))
		b.checkKind(b.checkError(err), connector.Rejected, connector.NotApplied)
	}
	if !can.ReadIncident {
		_, err := b.conn.ReadIncident(b.context(), h.Missing, b.textNames())
		b.checkKind(b.checkError(err), connector.Rejected, connector.NotApplied)
	}
	if all, _ := b.wire.counted(); all != 0 {
		b.Errorf("%d requests for what the tracker cannot do", all)
	}
}

func updateKeeps(t testing.TB, h Harness) {
	b := newBench(t, h)
	ref := b.create(0)
	before := b.incident(ref.ID)
	if err := b.conn.UpdateIncident(b.context(), caseID(0), ref, h.Update); err != nil {
		b.Fatalf("update incident: %v", err)
	}
	after := b.incident(ref.ID)
	for name, have := range after.Texts {
		want := before.Texts[name]
		if _, sets := h.Update.Get(name); sets {
			want = h.Stored(h.Update.Text(name))
		}
		if have != want {
			b.Errorf("field %q after the update: %q, want %q", name, have, want)
		}
	}
	if !b.conn.Capabilities().FindIncident {
		return
	}
	if found, err := b.conn.FindIncident(b.context(), caseID(0)); err != nil || found.ID != ref.ID {
		b.Errorf("after an update: found %+v, error %v, want %+v", found, err, ref)
	}
}

func updateTwice(t testing.TB, h Harness) {
	b := newBench(t, h)
	ref := b.create(0)
	var states [2]Incident
	for i := range states {
		if err := b.conn.UpdateIncident(b.context(), caseID(0), ref, h.Update); err != nil {
			b.Fatalf("update %d: %v", i+1, err)
		}
		states[i] = b.incident(ref.ID)
	}
	if len(states[0].Comments) != len(states[1].Comments) || len(b.tracker.Incidents()) != 1 {
		b.Errorf("a repeated update has added something: %+v, then %+v", states[0], states[1])
	}
	for name, text := range states[0].Texts {
		if states[1].Texts[name] != text {
			b.Errorf("field %q: %q after one update, %q after two", name, text, states[1].Texts[name])
		}
	}
}

func readBack(t testing.TB, h Harness) {
	b := newBench(t, h)
	if !b.conn.Capabilities().ReadIncident {
		b.Skip("the tracker cannot be read")
	}
	ref := b.create(0)
	got, err := b.conn.ReadIncident(b.context(), ref, b.textNames())
	if err != nil {
		b.Fatalf("read incident: %v", err)
	}
	for name, want := range b.incident(ref.ID).Texts {
		if h.Incident.Text(name) == "" {
			continue
		}
		if have := got.Text(name); have != want {
			b.Errorf("field %q: read %q, the tracker has %q", name, have, want)
		}
	}
}

// count asks how often a comment is there.
func (b *bench) count(ref connector.Ref, c connector.Comment, want int) {
	b.Helper()
	if !b.conn.Capabilities().CountComments {
		return
	}
	if n, err := b.conn.CountComments(b.context(), ref, c); err != nil || n != want {
		b.Errorf("count of comment %q: %d, error %v, want %d", c.ID, n, err, want)
	}
}

func commentTwice(t testing.TB, h Harness) {
	b := newBench(t, h)
	ref := b.create(0)
	c, other := comment("c1", commentText), comment("c2", "quite another text")
	for n := range 3 {
		if have := b.incident(ref.ID).Comments; len(have) != n {
			b.Errorf("%d comments at the tracker, want %d", len(have), n)
		}
		b.count(ref, c, n)
		b.count(ref, other, 0)
		if err := b.conn.AddComment(b.context(), ref, c); err != nil {
			b.Fatalf("add comment: %v", err)
		}
	}
	for _, have := range b.incident(ref.ID).Comments {
		if have != h.Stored(commentText) {
			b.Errorf("comment at the tracker: %q, want %q", have, commentText)
		}
	}
}

// commentByDigest looks for a comment whose text the case no longer has.
func commentByDigest(t testing.TB, h Harness) {
	b := newBench(t, h)
	ref := b.create(0)
	c := comment("c1", commentText)
	if err := b.conn.AddComment(b.context(), ref, c); err != nil {
		b.Fatalf("add comment: %v", err)
	}
	c.Text = ""
	b.count(ref, c, 1)
}

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
		_, err := b.conn.CountComments(b.context(), h.Missing, comment("c1", commentText))
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
