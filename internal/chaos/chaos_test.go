// Package chaos runs the real worker among misfortunes and counts what is at
// the trackers in the end.
//
// nats-server and casepush run as processes of their own; the fake Kibana and
// the fake trackers run here, behind real listeners. They drop answers after
// acting, their search lags, and requests take effect although their sender is
// dead. TestKills kills one worker, TestChaos kills and suspends three and
// takes away NATS nodes and trackers too. `go test ./...` runs them small;
// `make killtest` and `make chaos` run them in full and print the numbers.
package chaos

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// Sizes, chosen by CHAOS. CHAOS_SEED repeats the random choices of a run; what
// they meet depends on the machine all the same.
const (
	sizeVariable = "CHAOS"
	seedVariable = "CHAOS_SEED"

	full    = "full"
	mutated = "mutants"
)

func chosenSeed(t *testing.T, variable string) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return rand.Uint64N(1_000_000)
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return seed
}

// startsFull reports whether the test is to run in full. Then it runs alone, so
// that its figures are its own.
func startsFull(t *testing.T) bool {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and kills processes")
	}
	if os.Getenv(sizeVariable) == full {
		return true
	}
	t.Parallel()
	return false
}

// size is how much of it.
type size struct {
	cases int
	live  time.Duration // for how long the events come, under havoc
	rest  time.Duration // how long the work may take after that
	havoc plan
	rates rates
	// kills, pauses and nodeKills are the least that make the run prove
	// anything.
	kills, pauses, nodeKills int64
}

func fullSize() size {
	return size{
		cases: 2000, live: 200 * time.Second, rest: 8 * time.Minute,
		havoc: plan{
			life:     span{3 * time.Second, 9 * time.Second},
			down:     span{0, 2 * time.Second},
			pause:    span{lease + time.Second, lease + 4*time.Second},
			nodeLife: span{5 * time.Second, 15 * time.Second},
			nodeDown: span{0, 3 * time.Second},
			outage:   time.Minute,
		},
		rates: rates{late: 0.01, lost: 0.03, slow: 0.005, limited: 0.003, refused: 0.005},
		kills: 20, pauses: 8, nodeKills: 5,
	}
}

// smallSize is what a slow machine does in half a minute. What it must have met
// is little: the moments depend on the machine.
func smallSize() size {
	return size{
		cases: 40, live: 10 * time.Second, rest: 3 * time.Minute,
		havoc: plan{
			life:     span{time.Second, 4 * time.Second},
			down:     span{0, time.Second},
			pause:    span{lease + 500*time.Millisecond, lease + time.Second},
			nodeLife: span{3 * time.Second, 5 * time.Second},
			nodeDown: span{0, time.Second},
			outage:   3 * time.Second,
		},
		rates: rates{late: 0.01, lost: 0.04, slow: 0.01, limited: 0.01, refused: 0.01},
		kills: 1,
	}
}

// TestChaos has three workers, three nodes of NATS and four trackers.
func TestChaos(t *testing.T) {
	s := smallSize()
	if startsFull(t) {
		s = fullSize()
	}
	seed := chosenSeed(t, seedVariable)
	t.Logf("seed %d (%s=%d repeats the choices)", seed, seedVariable, seed)
	r := newRig(t, parts{nodes: 3, workers: 3, trackers: 4, seed: seed})
	o := r.chaos(s)
	o.log(t, s)
	o.audit.report(r)
	if o.unrest != nil {
		t.Fatalf("%v\n%s", o.unrest, r.workers[0].logTail())
	}
	if h := o.havoc; h.kills.Load() < s.kills || h.pauses.Load() < s.pauses || h.nodeKills.Load() < s.nodeKills {
		t.Errorf("want at least %d kills, %d suspensions and %d kills of a node", s.kills, s.pauses, s.nodeKills)
	}
	if t.Failed() {
		return
	}
	r.replay(o.story, o.published, s.rest)
	r.replayByCommand()
}

// outcome is what a run has come to.
type outcome struct {
	story     *story
	published []message
	havoc     *havoc
	audit     *audit
	unrest    error // not all was done in time
	took      time.Duration
	drops     map[string]int // by tracker: writes whose answer never came
}

// chaos tells the story under havoc, waits for rest, and audits.
func (r *rig) chaos(s size) *outcome {
	r.t.Helper()
	begun := time.Now()
	for _, tr := range r.trackers {
		r.add(tr.fake.Faults(), s.rates.tracker())
	}
	r.add(r.kibana.Faults(), s.rates.kibana())
	o := &outcome{story: newStory(r, s.cases), havoc: &havoc{plan: s.havoc, rig: r}}
	r.startWorkers()
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	done := make(chan told, 1)
	go func() {
		defer cancel() // with the story ends the havoc
		done <- r.tell(o.story, len(o.story.order), s.live)
	}()
	if err := o.havoc.during(ctx); err != nil {
		r.t.Fatal(err)
	}
	all := <-done
	if all.err != nil {
		r.t.Fatal(all.err)
	}
	o.published = all.messages
	o.unrest = r.rest(s.rest)
	o.took = time.Since(begun)
	o.drops = map[string]int{}
	for _, tr := range r.trackers {
		o.drops[tr.id] = droppedAnswers(tr.fake, true)
	}
	o.audit = auditTrackers(o.story.cases, r.trackers)
	o.audit.auditRecords(r, o.story.cases, o.published)
	return o
}

func (r *rig) add(f *fakes.Faults, rules []fakes.Rule) {
	r.t.Helper()
	if _, err := f.Add(rules...); err != nil {
		r.t.Fatal(err)
	}
}

func (o *outcome) log(t *testing.T, s size) {
	t.Helper()
	h, a := o.havoc, o.audit
	drops := 0
	for _, n := range o.drops {
		drops += n
	}
	t.Logf("%d cases on %d connectors, %d events", s.cases, len(o.drops), len(o.published))
	t.Logf("%d workers killed with SIGKILL, %d suspended for longer than the lease, %d starts given up; %d NATS nodes killed; %d outages of a tracker",
		h.kills.Load(), h.pauses.Load(), h.refused.Load(), h.nodeKills.Load(), h.outages.Load())
	for _, last := range h.ends {
		t.Errorf("a worker ended by itself: %s", last)
	}
	t.Logf("%d writes to trackers were done and had no answer, or a late one", drops)
	t.Logf("%d incidents, %d comments, %d duplicates, %d lost, %d order violations, in %s",
		a.incidents, a.comments, a.duplicates, a.lost, a.order, o.took.Round(100*time.Millisecond))
	t.Logf("%d results, %d cases closed", a.results, a.closed)
}
