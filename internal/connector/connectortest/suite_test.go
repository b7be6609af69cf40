package connectortest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestTinyAdapter(t *testing.T) { Run(t, tinyHarness(defects{})) }

func TestEnoughCases(t *testing.T) {
	names := map[string]bool{}
	for _, c := range cases() {
		if names[c.name] {
			t.Errorf("two cases with the name %q", c.name)
		}
		names[c.name] = true
	}
	if len(names) < minCases {
		t.Errorf("%d cases, want at least %d", len(names), minCases)
	}
}

// TestFloorIsReached: a tracker that can only be written to still has enough
// cases, or such an adapter could never pass.
func TestFloorIsReached(t *testing.T) {
	count := len(behaviourCases())
	for _, c := range cases() {
		op, _, _ := strings.Cut(c.name, "/")
		if op == "create" || op == "update" || op == "comment" {
			count++
		}
	}
	if count < minCases {
		t.Errorf("%d cases for a tracker without look-ups, want at least %d", count, minCases)
	}
}

func TestTooFew(t *testing.T) {
	for n, want := range map[tally]bool{{100, minCases}: false, {100, minCases - 1}: true, {100, 0}: true, {1, 1}: false, {0, 0}: false} {
		if got := n.tooFew(100); got != want {
			t.Errorf("%+v of 100: %t, want %t", n, got, want)
		}
	}
}

func TestStaleSkips(t *testing.T) {
	h := Harness{Skip: map[string]string{"create/500": "a reason", "update/no such fault": "", "creat/500": ""}}
	if got := h.staleSkips(cases()); !slices.Equal(got, []string{"creat/500", "update/no such fault"}) {
		t.Errorf("stale: %q", got)
	}
	if len(h.Skip) != 3 {
		t.Errorf("the harness was changed: %v", h.Skip)
	}
}

// TestDefectsAreCaught runs adapters with one defect each: the named cases
// must fail, or the suite would let such an adapter pass.
func TestDefectsAreCaught(t *testing.T) {
	for _, tt := range []struct {
		name    string
		defects defects
		fails   []string
	}{
		{"retries a create", defects{retriesCreate: true}, []string{"create/500", "create/answer lost", "create/429 in seconds"}},
		{"says not applied", defects{saysNotApplied: true}, []string{"create/500", "create/500 after acting", "comment/answer truncated", "update/reset", "create/cancelled"}},
		{"leaks the body", defects{leaksBody: true}, []string{"create/400", "comment/404 page", "find/422"}},
		{"shows the URL", defects{showsURL: true}, []string{"find/400", "find/reset"}},
		{"shows the token", defects{showsToken: true}, []string{"create/400", "read/reset"}},
		{"does not verify the mark", defects{trustsFirstHit: true}, []string{"find: the mark is verified"}},
		{"takes the newest", defects{takesNewest: true}, []string{"find: the oldest of two"}},
		{"cuts in the middle of a rune", defects{cutsBytes: true}, []string{"text: 40 kB uncut"}},
		{"drops Retry-After", defects{dropsRetryAfter: true}, []string{"create/429 in seconds", "comment/429 until a date", "find/503 with Retry-After"}},
		{"follows redirects", defects{followsRedirects: true}, []string{"create/302 to another host", "comment/307 to another host", "find/302 to another host"}},
		{"forgets the context", defects{forgetsContext: true}, []string{"create/cancelled", "update/cancelled before"}},
		{"leaves bodies open", defects{leavesBodyOpen: true}, []string{"connections are kept"}},
		{"leaks a goroutine", defects{leaksGoroutine: true}, []string{"create/400"}},
		{"takes an answer without a list for none", defects{missingIsNone: true}, []string{"find/empty 200", "find/empty object", "find/null"}},
		{"takes a missing search for none", defects{missingSearchIsNone: true}, []string{"find/404", "find/404 page"}},
		{"takes an empty answer for created", defects{emptyIsCreated: true}, []string{"create/empty 200", "create/empty object"}},
		{"takes a page for success", defects{pageIsSuccess: true}, []string{"create/login page", "create/10 MiB"}},
		{"pastes the id into the path", defects{pastesID: true}, []string{"hostile id"}},
		{"loses the mark", defects{losesMark: true}, []string{"update: sets and keeps"}},
		{"creates in two steps", defects{createsInTwoSteps: true}, []string{"create/a read fails"}},
		{"loses the incident with the read-back", defects{failsAfterReadBack: true}, []string{"create/a read fails"}},
		{"counts loosely", defects{countsLoosely: true}, []string{"comment twice", "comment: several in one listing"}},
		{"lists for each comment", defects{listsForEach: true}, []string{"comment: several in one listing"}},
		{"counts in another order", defects{countsBackwards: true}, []string{"comment: several in one listing"}},
		{"comments twice", defects{commentsTwice: true}, []string{"comment twice"}},
		{"recreates a missing incident", defects{recreatesMissing: true}, []string{"missing incident", "update/500"}},
		{"ignores targets", defects{ignoresTargets: true}, []string{"comment: to a target"}},
		{"settles at once", defects{settlesAtOnce: true}, []string{"capabilities"}},
		{"has odd limits", defects{hasOddLimits: true}, []string{"capabilities"}},
		{"changes its capabilities", defects{changesItsMind: true}, []string{"capabilities"}},
		{"returns plain errors", defects{plainErrors: true}, []string{"create/400", "missing incident"}},
		{"probes by writing", defects{probesByWriting: true}, []string{"probe: changes nothing"}},
		{"probes and does not look", defects{probesBlindly: true}, []string{"probe/empty object", "probe/null"}},
		{"keeps nothing", defects{keepsNothing: true}, []string{"others: all but the kept", "retire: not the kept one"}},
		{"trusts the search for others", defects{trustsFirstHit: true}, []string{"others: the mark is verified"}},
		{"retires any incident", defects{retiresAny: true}, []string{"retire: nothing without the mark"}},
		{"explains again", defects{explainsAgain: true}, []string{"retire: broken off and repeated"}},
		{"takes the mark first", defects{unmarksFirst: true}, []string{"retire: broken off and repeated"}},
		{"goes on without the comment", defects{goesOnAnyway: true}, []string{"retire: broken off and repeated"}},
		{"hides that the incident is missing", defects{swallowsKind404s: true}, []string{"missing incident", "update/404"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := tinyHarness(tt.defects).complete()
			for _, name := range tt.fails {
				c, ok := caseNamed(name)
				if !ok {
					t.Errorf("no case %q", name)
					continue
				}
				if r := watch(t, c, h); !r.failed {
					t.Errorf("case %q lets it pass", name)
				} else {
					t.Logf("%s: %s", name, strings.Join(r.said, "; "))
				}
			}
		})
	}
}

func caseNamed(name string) (namedCase, bool) {
	for _, c := range cases() {
		if c.name == name {
			return c, true
		}
	}
	return namedCase{}, false
}

// watch runs a case and notes what it reports, instead of failing.
func watch(t *testing.T, c namedCase, h Harness) *watcher {
	w := &watcher{TB: t}
	w.goexit(func() { c.run(w, h) })
	for len(w.cleanups) > 0 {
		last := w.cleanups[len(w.cleanups)-1]
		w.cleanups = w.cleanups[:len(w.cleanups)-1]
		w.goexit(last)
	}
	return w
}

// watcher is a testing.TB that keeps failures to itself.
type watcher struct {
	testing.TB

	mu       sync.Mutex
	failed   bool
	said     []string
	cleanups []func()
}

// goexit runs f where FailNow can end it.
func (w *watcher) goexit(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func (w *watcher) fail(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = true
	w.said = append(w.said, text)
}

func (w *watcher) Helper()                   {}
func (w *watcher) Cleanup(f func())          { w.cleanups = append(w.cleanups, f) }
func (w *watcher) Error(args ...any)         { w.fail(fmt.Sprint(args...)) }
func (w *watcher) Errorf(f string, a ...any) { w.fail(fmt.Sprintf(f, a...)) }
func (w *watcher) Fatal(args ...any)         { w.fail(fmt.Sprint(args...)); runtime.Goexit() }
func (w *watcher) Fatalf(f string, a ...any) { w.fail(fmt.Sprintf(f, a...)); runtime.Goexit() }
func (w *watcher) Skip(...any)               { runtime.Goexit() }
func (w *watcher) Skipf(string, ...any)      { runtime.Goexit() }
