//go:build linux

package bench

import (
	"os"
	"slices"
	"strings"
	"testing"
)

const (
	// variable chooses what TestBench measures: "full", or names with commas.
	variable = "BENCH"
	// profileVariable is where the CPU profile of the workload "profile" goes.
	profileVariable = "BENCH_PROFILE"
)

// workload is something to measure.
type workload struct {
	name string
	run  func(*bench)
	// extra: it runs only if it is named.
	extra bool
}

// workloads in the order in which they run.
func workloads() []workload {
	return []workload{
		{name: "W1", run: creates},
		{name: "W2", run: slowTracker},
		{name: "W3", run: withComments},
		{name: "delay", run: delays},
		{name: "W4", run: brokenTracker},
		{name: "W5", run: fullLedger},
		{name: "W6", run: brokenCase},
		{name: "profile", run: profile, extra: true},
	}
}

func TestBench(t *testing.T) {
	text := os.Getenv(variable)
	if text == "" {
		t.Skip("measures for minutes: make bench")
	}
	chosen := strings.Split(text, ",")
	b := newBench(t)
	for _, w := range workloads() {
		if slices.Contains(chosen, w.name) || text == "full" && !w.extra {
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
	t.Run("paced", func(t *testing.T) {
		f := (&bench{T: t, bin: b.bin}).paced(setup{program: casepush, cases: cases}, 100)
		if len(f.delays) != cases || f.delays[0] <= 0 {
			t.Errorf("delays %v, want %d", f.delays, cases)
		}
	})
}
