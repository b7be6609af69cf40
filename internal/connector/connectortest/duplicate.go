package connectortest

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

func duplicateCases() []namedCase {
	return []namedCase{
		{"others: all but the kept", othersAreAll},
		{"others: the mark is verified", othersAreVerified},
		{"retire: says so and takes the mark", retires},
		{"retire: broken off and repeated", retiresAfterAll},
		{"retire: every fault", retireFaults},
		{"retire: not the kept one", retiresNotItself},
		{"retire: nothing without the mark", retiresOnlyTheMarked},
		{"retire: what is missing", retiresWhatIsMissing},
	}
}

// canDeduplicate says whether the connector is a Deduplicator.
func (b *bench) canDeduplicate() bool {
	_, ok := b.conn.(connector.Deduplicator)
	return ok
}

// twins are two incidents of one case, and one of another case.
type twins struct {
	*bench
	dedup       connector.Deduplicator
	spare, keep connector.Ref // the younger is kept: nothing may rely on age
	other       connector.Ref
	before      []Incident
}

func newTwins(t testing.TB, h Harness) *twins {
	t.Helper()
	w := &twins{bench: newBench(t, h)}
	var ok bool
	if w.dedup, ok = w.conn.(connector.Deduplicator); !ok {
		t.Skip("the connector does not put duplicates right")
	}
	w.spare, w.keep = w.create(0), w.create(0)
	if w.spare == w.keep {
		t.Skip("the tracker makes one incident of two creates")
	}
	w.other = w.create(1)
	w.before = w.tracker.Incidents()
	w.wire.reset()
	return w
}

// others asks for the case's incidents beside the given one.
func (w *twins) others(keep connector.Ref) []connector.Ref {
	w.Helper()
	refs, err := w.dedup.OtherIncidents(w.context(), caseID(0), keep)
	if err != nil {
		w.Fatalf("other incidents: %v", err)
	}
	return refs
}

func (w *twins) retire() error {
	return w.dedup.RetireDuplicate(w.context(), caseID(0), w.keep, w.spare)
}

// checkRetired looks at the tracker after the whole.
func (w *twins) checkRetired() {
	w.Helper()
	if left := w.others(w.keep); len(left) != 0 {
		w.Errorf("still marked beside the kept one: %+v", left)
	}
	for n, want := range []connector.Ref{w.keep, w.other} {
		if found, err := w.conn.FindIncident(w.context(), caseID(n)); err != nil || found != want {
			w.Errorf("case %d: found %+v, error %v, want %+v", n, found, err, want)
		}
	}
	if len(w.tracker.Incidents()) != len(w.before) {
		w.Fatalf("%d incidents, want %d: nothing is deleted or made", len(w.tracker.Incidents()), len(w.before))
	}
	for _, was := range w.before {
		is := w.incident(was.ID)
		added := slices.DeleteFunc(slices.Clone(is.Comments), func(c string) bool { return slices.Contains(was.Comments, c) })
		switch {
		case !reflect.DeepEqual(was.Texts, is.Texts):
			w.Errorf("incident %q: texts %q, had %q", was.ID, is.Texts, was.Texts)
		case was.ID != w.spare.ID && len(added) != 0:
			w.Errorf("incident %q, which stays: new comments %q", was.ID, added)
		case was.ID == w.spare.ID && (len(added) != 1 || !strings.Contains(added[0], w.keep.Title)):
			w.Errorf("the duplicate has the new comments %q, want one that names %q", added, w.keep.Title)
		}
	}
}

func othersAreAll(t testing.TB, h Harness) {
	w := newTwins(t, h)
	third := w.create(0)
	for _, tt := range []struct{ keep, first, second connector.Ref }{{w.keep, w.spare, third}, {w.spare, w.keep, third}, {third, w.spare, w.keep}} {
		if got := w.others(tt.keep); !slices.Equal(got, []connector.Ref{tt.first, tt.second}) {
			w.Errorf("beside %q: %+v, want %q and %q, oldest first", tt.keep.Title, got, tt.first.Title, tt.second.Title)
		}
	}
	none, err := w.dedup.OtherIncidents(w.context(), caseID(2), w.keep)
	if err != nil || len(none) != 0 {
		w.Errorf("of a case without incidents: %+v, error %v", none, err)
	}
}

// othersAreVerified is findVerifies for OtherIncidents, whose mistake would be
// worse: an incident of another case would be taken out of use.
func othersAreVerified(t testing.TB, h Harness) {
	w := newTwins(t, h)
	answers := w.front.record(func() { w.others(w.keep) })
	w.front.repeat(answers)
	refs, err := w.dedup.OtherIncidents(w.context(), caseID(1), w.other)
	if err == nil && len(refs) != 0 {
		w.Errorf("found %+v, which carry another case's mark", refs)
	}
}

func retires(t testing.TB, h Harness) {
	w := newTwins(t, h)
	for _, when := range []string{"first", "repeated"} {
		if err := w.retire(); err != nil {
			w.Fatalf("retire duplicate, %s: %v", when, err)
		}
		w.checkRetired()
	}
}

// retiresAfterAll breaks the work off at each of its requests in turn, and
// does it again: the tracker looks as if nothing had gone wrong.
func retiresAfterAll(t testing.TB, h Harness) {
	answers := map[string]responder{
		"lost before it acts": reset(false), "lost after it acted": reset(true), "refused": reply(403, nil, notes), "500": reply(500, nil, notes),
	}
	for name, answer := range answers {
		for n := 0; ; n++ {
			w := newTwins(t, h)
			passed := 0
			w.front.arm(answer, func(*http.Request) bool { passed++; return passed == n+1 })
			err := w.retire()
			if w.front.struck() == 0 {
				w.close()
				break
			}
			if err != nil {
				w.checkError(err)
			}
			w.front.arm(nil, nil)
			if err := w.retire(); err != nil {
				w.Fatalf("request %d %s, then repeated: %v", n+1, name, err)
			}
			w.checkRetired()
			if w.Failed() {
				w.Fatalf("request %d %s, then repeated", n+1, name)
			}
			w.close()
		}
	}
}

func retireFaults(t testing.TB, h Harness) {
	for _, f := range faults() {
		if f.slow {
			continue
		}
		w := newTwins(t, h)
		w.front.arm(f.answer, func(*http.Request) bool { return true })
		err := w.retire()
		w.front.arm(nil, nil)
		if err != nil {
			w.checkError(err)
		} else if len(w.others(w.keep)) > 0 {
			w.Errorf("%s: no error, and the duplicate has the mark", f.name)
		}
		w.close()
	}
}

// unchanged fails unless the tracker is as it was.
func (w *twins) unchanged(when string) {
	w.Helper()
	if after := w.tracker.Incidents(); !reflect.DeepEqual(w.before, after) {
		w.Errorf("%s: the tracker has %+v, had %+v", when, after, w.before)
	}
	if n := len(w.others(w.keep)); n != 1 {
		w.Errorf("%s: %d other incidents, want 1", when, n)
	}
}

func retiresNotItself(t testing.TB, h Harness) {
	w := newTwins(t, h)
	err := w.dedup.RetireDuplicate(w.context(), caseID(0), w.keep, w.keep)
	if err == nil {
		w.Fatal("no error")
	}
	w.checkKind(w.checkError(err), connector.Rejected, connector.NotApplied)
	w.unchanged("retire the kept one")
}

func retiresOnlyTheMarked(t testing.TB, h Harness) {
	w := newTwins(t, h)
	if err := w.dedup.RetireDuplicate(w.context(), caseID(0), w.keep, w.other); err != nil {
		w.Errorf("an incident without the mark: %v", err)
	}
	w.unchanged("retire another case's incident")
}

func retiresWhatIsMissing(t testing.TB, h Harness) {
	w := newTwins(t, h)
	err := w.dedup.RetireDuplicate(w.context(), caseID(0), w.keep, h.Missing)
	if err == nil {
		w.Fatal("no error for a duplicate that is not there")
	}
	w.checkKind(w.checkError(err), connector.NotFound, connector.NotApplied)
	if err = w.dedup.RetireDuplicate(w.context(), caseID(0), h.Missing, w.spare); err == nil {
		w.Fatal("no error for a kept incident that is not there")
	}
	if e := w.checkError(err); e.Kind == connector.NotFound {
		w.Errorf("the kept incident is missing, and the error says that the duplicate is: %v", e)
	}
	w.unchanged("retire with one missing")
}
