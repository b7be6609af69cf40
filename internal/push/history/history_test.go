package history

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// live plays one history and returns its steps and what is wrong in the end.
func live(t *testing.T, s scenario, f fate, trace func(string, ...any)) (steps []place, problems []string) {
	synctest.Test(t, func(*testing.T) {
		w := newWorld(s, f)
		w.trace = trace
		s.before(w)
		w.counting = true
		for _, act := range s.acts {
			act(w)
			w.run()
		}
		w.redrive()
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
	})
	return steps, problems
}

// depth is how many misfortunes a history has at most.
func depth(s scenario) int {
	if !s.pairs || os.Getenv("HISTORY_SINGLES") != "" {
		return 1
	}
	if (testing.Short() || raceEnabled) && s.name != "updates in disorder" {
		return 1
	}
	return 2
}

// TestEveryHistory tries all single and, of the small scenarios, all double
// misfortunes. HISTORY_FATE plays one history and tells its steps:
//
//	HISTORY_FATE='update/3:die-after+9:rival' go test ./internal/push/history
func TestEveryHistory(t *testing.T) {
	if name, wanted, ok := strings.Cut(os.Getenv("HISTORY_FATE"), "/"); ok {
		playOne(t, name, wanted)
		return
	}
	// Each history throws its world away; memory is not what is scarce here.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	start := time.Now()
	e := &explorer{first: os.Getenv("HISTORY_FIRST") != ""}
	t.Run("all", func(t *testing.T) {
		for _, s := range scenarios() {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				e.explore(t, s)
			})
		}
	})
	t.Logf("%d histories in %s", e.total.Load(), time.Since(start).Round(time.Millisecond))
	if n := e.total.Load(); n < leastHistories && !t.Failed() {
		t.Errorf("%d histories, want at least %d: the explorer finds no steps any more", n, leastHistories)
	}
}

// leastHistories is what single misfortunes alone come to, about.
const leastHistories = 1000

// explorer counts, and knows when to end.
type explorer struct {
	total  atomic.Int64
	first  bool // end everything at the first failure; else that scenario alone
	failed atomic.Bool
}

// explore tries one scenario's histories.
func (e *explorer) explore(t *testing.T, s scenario) {
	steps, problems := live(t, s, nil, nil)
	e.total.Add(1)
	if len(problems) > 0 {
		e.failed.Store(true)
		t.Fatalf("%s/calm:\n\t%s", s.name, strings.Join(problems, "\n\t"))
	}
	singles := extend(nil, steps)
	shards := runtime.GOMAXPROCS(0)
	var count atomic.Int64
	t.Run("shards", func(t *testing.T) {
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				for i := shard; i < len(singles) && !e.ends(t); i += shards {
					count.Add(e.branch(t, s, singles[i], depth(s)))
				}
			})
		}
	})
	e.total.Add(count.Load())
	t.Logf("%s: %d steps, %d histories", s.name, len(steps), count.Load()+1)
}

func (e *explorer) ends(t *testing.T) bool { return t.Failed() || e.first && e.failed.Load() }

// branch tries a fate and those that go on from it. It ends at the first
// failure.
func (e *explorer) branch(t *testing.T, s scenario, f fate, depth int) int64 {
	steps, problems := live(t, s, f, nil)
	n := int64(1)
	if len(problems) > 0 {
		e.failed.Store(true)
		t.Errorf("HISTORY_FATE='%s/%s'\n\t%s", s.name, f, strings.Join(problems, "\n\t"))
		return n
	}
	if len(f) == depth {
		return n
	}
	for _, longer := range extend(f, steps) {
		if e.ends(t) {
			break
		}
		n += e.branch(t, s, longer, depth)
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
func playOne(t *testing.T, name, wanted string) {
	for _, s := range scenarios() {
		if s.name != name {
			continue
		}
		f := parseFate(t, wanted)
		_, problems := live(t, s, f, t.Logf)
		for _, p := range problems {
			t.Error(p)
		}
		return
	}
	t.Fatalf("no scenario %q", name)
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
