//go:build linux

package bench

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// variable chooses what TestBench measures: "full", or names with commas.
const variable = "BENCH"

// workloads in the order in which they run.
var workloads = []struct {
	name string
	run  func(*bench)
}{
	{"W1", creates},
	{"W2", slowTracker},
	{"W3", withComments},
	{"profile", profile},
}

// profileVariable is where the CPU profile of the workload "profile" goes, which
// is W1 and runs only if it is named.
const profileVariable = "BENCH_PROFILE"

func TestBench(t *testing.T) {
	chosen := strings.Split(os.Getenv(variable), ",")
	if chosen[0] == "" {
		t.Skip("measures for minutes: make bench")
	}
	b := newBench(t)
	for _, w := range workloads {
		if chosen[0] == "full" && w.name != "profile" || slices.Contains(chosen, w.name) {
			t.Run(w.name, func(t *testing.T) { w.run(&bench{T: t, bin: b.bin}) })
		}
	}
}

// TestRig checks with a few cases that each program makes exactly the requests
// it should, and that they are counted.
func TestRig(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts programs")
	}
	b := newBench(t)
	const cases, comments = 20, 2
	for _, s := range []setup{
		{program: casepush}, {program: casepush, embedded: true}, {program: naive}, {program: bare}, {program: ideal},
	} {
		t.Run(s.name(), func(t *testing.T) {
			s.cases, s.comments = cases, comments
			f := (&bench{T: t, bin: b.bin}).backlog(s)
			if f.requests != cases*(1+comments) {
				t.Errorf("%d requests, want %d", f.requests, cases*(1+comments))
			}
			if f.conns == 0 || f.took <= 0 || f.peakMB <= 0 { // the CPU time is less than a tick
				t.Errorf("not measured: %+v", f)
			}
		})
	}
}

const rounds = 3

// creates: one creating request a case.
func creates(b *bench) {
	b.compare("W1: one create a case, tracker 0 ms", rounds,
		setup{program: casepush, cases: 8000},
		setup{program: naive, cases: 16000},
		setup{program: ideal, cases: 12000},
		setup{program: bare, cases: 24000},
	)
}

func slowTracker(b *bench) {
	b.compare("W2: one create a case, tracker 20 ms", rounds,
		setup{program: casepush, cases: 6000, latencyMS: 20},
		setup{program: naive, cases: 8000, latencyMS: 20},
		setup{program: ideal, cases: 8000, latencyMS: 20},
		setup{program: bare, cases: 8000, latencyMS: 20},
	)
}

func withComments(b *bench) {
	b.compare("W3: a create and 3 comments a case, tracker 0 ms", rounds,
		setup{program: casepush, cases: 4000, comments: 3},
		setup{program: naive, cases: 5000, comments: 3},
		setup{program: ideal, cases: 5000, comments: 3},
		setup{program: bare, cases: 8000, comments: 3},
	)
}

func profile(b *bench) {
	b.compare("W1 with a profile", 1, setup{program: profiled, cases: 10000})
}
