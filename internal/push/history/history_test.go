package history

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/fakes/faketracker"
)

// live plays one history and returns its steps and what is wrong in the end.
func live(t *testing.T, k faketracker.Kind, s scenario, f fate, trace func(string, ...any)) (steps []place, problems []string) {
	synctest.Test(t, func(*testing.T) {
		w := newWorld(k, s, f)
		w.trace = trace
		s.before(w)
		w.counting = true
		for _, act := range s.acts {
			act(w)
			w.run()
		}
		w.mend()
		steps = w.steps
		if len(w.problems) == 0 {
			w.audit()
		}
		if len(w.problems) == 0 {
			w.auditReplay()
		}
		if len(w.problems) == 0 {
			w.audit()
		}
		problems = w.problems
		if len(problems) > 0 {
			wait(endOfAll) // a bubble ends with what is in it
		}
	})
	return steps, problems
}

// endOfAll is when nothing is under way any more, in a history that was given up
// in the middle.
const endOfAll = 24 * time.Hour

// TestEveryHistory tries, at every kind of tracker, all single misfortunes, and
// of the small scenarios all double ones: at Jira; at the others a sample of them
// (see effortOf). HISTORY_FATE plays one history and tells its steps:
//
//	HISTORY_FATE='jira/update/3:die-after+9:rival' go test ./internal/push/history
func TestEveryHistory(t *testing.T) {
	if wanted := os.Getenv("HISTORY_FATE"); wanted != "" {
		playOne(t, wanted)
		return
	}
	// Each history throws its world away; memory is not what is scarce here.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	start := time.Now()
	e := &explorer{total: map[string]int{}, first: os.Getenv("HISTORY_FIRST") != ""}
	t.Run("all", func(t *testing.T) {
		for _, k := range kinds() {
			for _, s := range scenarios(k) {
				t.Run(k.Name+"/"+s.name, func(t *testing.T) {
					t.Parallel()
					e.explore(t, k, s)
				})
			}
		}
	})
	total := 0
	for _, k := range kinds() {
		n := e.total[k.Name]
		if total += n; n < leastHistories && !t.Failed() {
			t.Errorf("%s: %d histories, want at least %d: the explorer finds no steps any more", k.Name, n, leastHistories)
		}
		t.Logf("%s: %d histories", k.Name, n)
	}
	t.Logf("%d histories in %s", total, time.Since(start).Round(time.Millisecond))
}

// leastHistories is what a sample of single misfortunes at one kind of tracker
// comes to, at least.
const leastHistories = 15

// explorer counts, and knows when to end.
type explorer struct {
	mu     sync.Mutex
	total  map[string]int // by kind
	first  bool           // end everything at the first failure; else that scenario alone
	failed atomic.Bool
}

// explore tries one scenario's histories.
func (e *explorer) explore(t *testing.T, k faketracker.Kind, s scenario) {
	steps, problems := live(t, k, s, nil, nil)
	if len(problems) > 0 {
		e.failed.Store(true)
		t.Fatalf("%s/%s/calm:\n\t%s", k.Name, s.name, strings.Join(problems, "\n\t"))
	}
	plan := effortOf(k, s).plan(k, extend(nil, steps))
	shards := runtime.GOMAXPROCS(0)
	var count atomic.Int64
	t.Run("shards", func(t *testing.T) {
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				for i := shard; i < len(plan) && !e.ends(t); i += shards {
					count.Add(e.branch(t, k, s, plan[i].fate, plan[i].depth))
				}
			})
		}
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.total[k.Name] += int(count.Load()) + 1
	t.Logf("%s/%s: %d steps, %d histories", k.Name, s.name, len(steps), count.Load()+1)
}

func (e *explorer) ends(t *testing.T) bool { return t.Failed() || e.first && e.failed.Load() }

// branch tries a fate and those that go on from it. It ends at the first
// failure.
func (e *explorer) branch(t *testing.T, k faketracker.Kind, s scenario, f fate, depth int) int64 {
	steps, problems := live(t, k, s, f, nil)
	n := int64(1)
	if len(problems) > 0 {
		e.failed.Store(true)
		t.Errorf("HISTORY_FATE='%s/%s/%s'\n\t%s", k.Name, s.name, f, strings.Join(problems, "\n\t"))
		return n
	}
	if len(f) == depth {
		return n
	}
	for _, longer := range extend(f, steps) {
		if e.ends(t) {
			break
		}
		n += e.branch(t, k, s, longer, depth)
	}
	return n
}

// extend gives the fates with one more misfortune after those of f.
func extend(f fate, steps []place) []fate {
	first := 0
	if len(f) > 0 {
		first = f[len(f)-1].step + 1
	}
	var all []fate
	for step := first; step < len(steps); step++ {
		for _, what := range possible(steps[step]) {
			all = append(all, append(f[:len(f):len(f)], mishap{step, what}))
		}
	}
	return all
}

// playOne plays a history that String has named.
func playOne(t *testing.T, name string) {
	parts := strings.SplitN(name, "/", 3)
	for _, k := range kinds() {
		for _, s := range scenarios(k) {
			if len(parts) < 3 || k.Name != parts[0] || s.name != parts[1] {
				continue
			}
			_, problems := live(t, k, s, parseFate(t, parts[2]), t.Logf)
			for _, p := range problems {
				t.Error(p)
			}
			return
		}
	}
	t.Fatalf("no history %q: want kind/scenario/fate", name)
}

func parseFate(t *testing.T, text string) fate {
	var f fate
	for part := range strings.SplitSeq(text, "+") {
		var m mishap
		step, what, _ := strings.Cut(part, ":")
		if _, err := fmt.Sscan(step, &m.step); err != nil {
			continue // calm
		}
		for m.what = none; m.what.name() != what; m.what++ {
			if m.what == replayed {
				t.Fatalf("no misfortune %q", what)
			}
		}
		f = append(f, m)
	}
	return f
}
