package chaos

import (
	"cmp"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/faketracker"
)

// killSize is how much of it.
type killSize struct {
	cases, kills int
	// hits is how many kills must leave an open intent, and stalls how many
	// times the tracker may be asked for nothing: the small run is too short
	// to promise either.
	hits, stalls int
	bound        time.Duration
}

// Sizes, chosen by KILLTEST=full. KILLTEST_SEED repeats the random choices of a
// run; the moments of a kill depend on the machine all the same. TRACKER chooses
// one kind of tracker by its name.
const (
	killsVariable    = "KILLTEST"
	killSeedVariable = "KILLTEST_SEED"
	trackerVariable  = "TRACKER"
)

// chosenKills are the sizes by kind of tracker. The small run has Jira alone:
// each takes half a minute, most of it waiting.
func chosenKills() map[string]killSize {
	jira := faketracker.Jira().Name
	sizes := map[string]killSize{}
	for _, k := range faketracker.Kinds() {
		sizes[k.Name] = killSize{cases: 120, kills: 12, hits: 3, stalls: 6, bound: 5 * time.Minute}
	}
	sizes[jira] = killSize{cases: 300, kills: 24, hits: 10, bound: 6 * time.Minute}
	chosen := os.Getenv(trackerVariable)
	if os.Getenv(killsVariable) != "full" {
		chosen = cmp.Or(chosen, jira)
		sizes[chosen] = killSize{cases: 30, kills: 3, stalls: 3, bound: 2 * time.Minute}
	}
	if chosen != "" {
		maps.DeleteFunc(sizes, func(name string, _ killSize) bool { return name != chosen })
	}
	return sizes
}

// dropRate is how many answers are lost after the fake acted.
const dropRate = 0.05

// TestKills kills the one worker again and again, and counts what its kills
// have hit.
func TestKills(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds and kills processes")
	}
	sizes, seed := chosenKills(), chosenSeed(t, killSeedVariable)
	t.Logf("seed %d (%s=%d repeats the choices)", seed, killSeedVariable, seed)
	ran := 0
	for _, k := range faketracker.Kinds() {
		if s, ok := sizes[k.Name]; ok {
			ran++
			t.Run(k.Name, func(t *testing.T) {
				t.Parallel()
				kills(t, k, s, seed)
			})
		}
	}
	if ran == 0 {
		t.Fatalf("%s=%s: there is no such kind of tracker", trackerVariable, os.Getenv(trackerVariable))
	}
}

// kills is TestKills at one kind of tracker.
func kills(t *testing.T, kind faketracker.Kind, s killSize, seed uint64) {
	r := newRig(t, parts{nodes: 1, workers: 1, trackers: 1, kind: &kind, seed: seed})
	fake := r.trackers[0].fake
	for _, faults := range []*fakes.Faults{fake.Faults(), r.kibana.Faults()} {
		if _, err := faults.Add(fakes.Rule{Probability: dropRate, DropAnswer: true}); err != nil {
			t.Fatal(err)
		}
	}
	begun := time.Now()
	story := newStory(r, s.cases)
	published, k := r.live(story, seed, s)
	r.awaitRest(time.Until(begun.Add(s.bound)))
	byHand := r.settleByHand(story, s.bound)
	took := time.Since(begun)

	a := auditTrackers(story.cases, r.trackers)
	a.auditRecords(r, story.cases, published)
	t.Logf("%d cases, %d comments in them, %d events", s.cases, s.cases*commentsPerCase, len(published))
	t.Logf("%d kills with SIGKILL, %d of them hit an open intent (%d intents); %d stalls", k.kills, k.hits, k.intents, k.stalls)
	t.Logf("tracker: %d answers dropped after acting, %d of them to writes; search lag %s; Kibana: %d and %d",
		droppedAnswers(fake, false), droppedAnswers(fake, true), searchLag, droppedAnswers(r.kibana, false), droppedAnswers(r.kibana, true))
	t.Logf("%d incidents, %d comments, %d duplicates, %d lost, %d order violations, in %s",
		a.incidents, a.comments, a.duplicates, a.lost, a.order, took.Round(100*time.Millisecond))
	t.Logf("%d results, %d cases closed, %d of them last changed by us; %s", a.results, a.closed, a.changedByUs, byHand)
	a.report(r)
	if k.kills < s.kills || k.hits < s.hits {
		t.Errorf("%d kills, %d hits: want at least %d and %d", k.kills, k.hits, s.kills, s.hits)
	}
	if k.stalls > s.stalls {
		t.Errorf("the tracker was asked for nothing for %s, %d times, while events came", 2*mostRun, k.stalls)
	}
	if a.changedByUs == 0 {
		t.Error("no case was last changed by closing it: the second round would prove too little")
	}
	if droppedAnswers(fake, true) == 0 {
		t.Error("no answer to a write was dropped: the run proves too little")
	}
	if t.Failed() {
		return
	}
	again := r.replay(story, published, s.bound)
	if kind.Can.Read {
		// Else nothing that changes nothing is asked of the tracker.
		r.replayWithout(story, again, s.bound)
	}
}

// live tells the story in parts; in each the worker is killed and restarted.
func (r *rig) live(story *story, seed uint64, s killSize) ([]message, *killer) {
	r.t.Helper()
	k := newKiller(r, seed)
	var published []message
	part := (len(story.order) + s.kills) / (s.kills + 1)
	r.startWorkers()
	for len(story.order) > 0 {
		done := make(chan told, 1)
		go func() { done <- r.tell(story, part, partTime) }()
		if k.kills < s.kills {
			k.strike()
			r.startWorkers()
		}
		t := <-done
		if t.err != nil {
			r.t.Fatal(t.err)
		}
		published = append(published, t.messages...)
	}
	return published, k
}

// partTime is how long the events of one part take to come: as long as a
// worker may live, so that it is killed at work.
const partTime = mostRun

// droppedAnswers counts those that a rule has dropped.
func droppedAnswers(f fakes.Fake, writes bool) int {
	return f.Journal().Count(func(r fakes.Request) bool { return r.Fault != "" && (r.Acted || !writes) })
}
