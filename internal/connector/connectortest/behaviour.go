package connectortest

import (
	"net/url"
	"reflect"
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
		{"create: twice is once if idempotent", createTwice},
		{"update: sets and keeps", updateKeeps},
		{"update: twice is once", updateTwice},
		{"read: what the tracker has", readBack},
		{"probe: changes nothing", probeChangesNothing},
		{"comment twice", commentTwice},
		{"comment: look-up by digest", commentByDigest},
		{"comment: several in one listing", commentsInOneListing},
		{"comment: to a target", commentTargets},
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

// createTwice sends a create again, as the pusher does with an idempotent
// tracker after an answer was lost, and then for another case and for the same
// case after its incident was unlinked: those make further ones.
func createTwice(t testing.TB, h Harness) {
	b := newBench(t, h)
	if !b.conn.Capabilities().Idempotent {
		b.Skip("the tracker is not idempotent")
	}
	first := b.create(0)
	if again := b.create(0); again != first || len(b.tracker.Incidents()) != 1 {
		b.Errorf("created %+v, then %+v, and the tracker has %d incidents", first, again, len(b.tracker.Incidents()))
	}
	b.create(1)
	afresh := caseID(0)
	afresh.After = first.ID
	if ref, err := b.conn.CreateIncident(b.context(), afresh, h.Incident); err != nil || ref.ID == first.ID {
		b.Errorf("after %q was unlinked: created %+v, error %v", first.ID, ref, err)
	}
	if n := len(b.tracker.Incidents()); n != 3 {
		b.Errorf("%d incidents, want 3", n)
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
		_, err := b.conn.CountComments(b.context(), h.Missing, []connector.Comment{comment("c1", commentText)})
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

func probeChangesNothing(t testing.TB, h Harness) {
	b := newBench(t, h)
	b.create(0)
	before := b.tracker.Incidents()
	b.wire.reset()
	if !b.canProbe() {
		b.Skip("the tracker has nothing to probe")
	}
	if all, writes := b.wire.counted(); all != 1 || writes != 0 {
		b.Errorf("%d requests, %d of them change something; want one that does not", all, writes)
	}
	if after := b.tracker.Incidents(); !reflect.DeepEqual(before, after) {
		b.Errorf("the tracker has %+v, had %+v", after, before)
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
