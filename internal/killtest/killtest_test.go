// Package killtest kills the real worker in the middle of its work, again and
// again, and counts what is at the tracker in the end.
//
// nats-server and casepush run as processes of their own; the fake Kibana and
// the fake Jira run here, behind real listeners. The fake Jira drops answers
// after acting, its search lags, and requests take effect although their
// sender is dead. `go test ./...` runs it small; `make killtest` runs it in
// full and prints the numbers.
package killtest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/push"
)

// size is how much of it.
type size struct {
	cases, kills int
	// hits is how many kills must leave an open intent, and stalls how many
	// times the tracker may be asked for nothing: the small run is too short
	// to promise either.
	hits, stalls int
	bound        time.Duration
}

// Sizes, chosen by KILLTEST=full. KILLTEST_SEED repeats the random choices of a
// run; the moments of a kill depend on the machine all the same.
const (
	sizeVariable = "KILLTEST"
	seedVariable = "KILLTEST_SEED"
)

func chosenSize() size {
	if os.Getenv(sizeVariable) == "full" {
		return size{cases: 300, kills: 24, hits: 10, bound: 6 * time.Minute}
	}
	return size{cases: 30, kills: 3, stalls: 3, bound: 2 * time.Minute}
}

func chosenSeed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv(seedVariable)
	if text == "" {
		return rand.Uint64N(1_000_000)
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", seedVariable, err)
	}
	return seed
}

// dropRate is how many answers are lost after the fake acted.
const dropRate = 0.05

func TestKills(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds and kills processes")
	}
	s, seed := chosenSize(), chosenSeed(t)
	t.Logf("seed %d (%s=%d repeats the choices)", seed, seedVariable, seed)
	r := newRig(t, seed)
	for _, faults := range []*fakes.Faults{r.jira.Faults(), r.kibana.Faults()} {
		if _, err := faults.Add(fakes.Rule{Probability: dropRate, DropAnswer: true}); err != nil {
			t.Fatal(err)
		}
	}
	begun := time.Now()
	story := newStory(r.kibana, seed, s.cases)
	published, k := r.live(story, seed, s)
	r.awaitRest(time.Until(begun.Add(s.bound)))
	took := time.Since(begun)

	a := auditTracker(story.cases, r.jira)
	a.auditRecords(r, story.cases, published)
	t.Logf("%d cases, %d comments in them, %d events", s.cases, s.cases*commentsPerCase, len(published))
	t.Logf("%d kills with SIGKILL, %d of them hit an open intent (%d intents); %d stalls", k.kills, k.hits, k.intents, k.stalls)
	t.Logf("Jira: %d answers dropped after acting, %d of them to writes; search lag %s; Kibana: %d and %d",
		droppedAnswers(r.jira, false), droppedAnswers(r.jira, true), searchLag, droppedAnswers(r.kibana, false), droppedAnswers(r.kibana, true))
	t.Logf("%d incidents, %d comments, %d duplicates, %d lost, %d order violations, in %s",
		a.incidents, a.comments, a.duplicates, a.lost, a.order, took.Round(100*time.Millisecond))
	t.Logf("%d results, %d cases closed, %d of them last changed by us", a.results, a.closed, a.changedByUs)
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
	if droppedAnswers(r.jira, true) == 0 {
		t.Error("no answer to a write was dropped: the run proves too little")
	}
	if t.Failed() {
		return
	}
	r.replay(story, published, s)
}

// told is what a part of the story has published.
type told struct {
	messages []message
	err      error
}

// live tells the story in parts; in each the worker is killed and restarted.
func (r *rig) live(story *story, seed uint64, s size) ([]message, *killer) {
	r.t.Helper()
	k := newKiller(r, seed)
	var published []message
	part := (len(story.order) + s.kills) / (s.kills + 1)
	r.startWorker()
	for len(story.order) > 0 {
		done := make(chan told, 1)
		go func() { done <- r.tell(story, part) }()
		if k.kills < s.kills {
			k.strike()
			r.startWorker()
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

// tell does and publishes up to n steps of the story, spread over partTime.
func (r *rig) tell(story *story, n int) (t told) {
	pace := time.NewTicker(max(time.Millisecond, partTime/time.Duration(n)))
	defer pace.Stop()
	for range min(n, len(story.order)) {
		messages, err := story.next()
		if err != nil {
			return told{t.messages, err}
		}
		sent, err := r.publish(fmt.Sprintf("live-%d", len(story.order)), messages)
		if t.messages = append(t.messages, sent...); err != nil {
			return told{t.messages, err}
		}
		<-pace.C
	}
	return t
}

// droppedAnswers counts those that a rule has dropped.
func droppedAnswers(f fakes.Fake, writes bool) int {
	return f.Journal().Count(func(r fakes.Request) bool { return r.Fault != "" && (r.Acted || !writes) })
}

// replay publishes everything once more and expects that nothing is written;
// then once again, with one incident missing.
func (r *rig) replay(story *story, published []message, s size) {
	r.t.Helper()
	r.jira.Faults().Clear()
	r.kibana.Faults().Clear()
	again := slices.Clone(published)
	for _, c := range story.cases {
		now, err := snapshot(r.kibana, c.id)
		if err != nil {
			r.t.Fatal(err)
		}
		wakeUp, err := thin(c.id)
		if err != nil {
			r.t.Fatal(err)
		}
		again = append(again, now, wakeUp)
	}
	first := r.round("again", again, s)
	n := r.expectNoWrites()
	r.outcomes(first, "")
	r.t.Logf("%d events published again under fresh ids, thin and with snapshots old and new: %d writing requests", len(again), n)

	gone := story.cases[len(story.cases)/2].id
	if !r.jira.Delete(r.ledger()[gone].Incident.ID) {
		r.t.Fatalf("%s has no incident to remove", gone)
	}
	first = r.round("gone", again, s)
	n = r.expectNoWrites()
	missing := r.outcomes(first, gone)
	r.t.Logf("with the incident of %s removed: %d results incident_missing for it, %d writing requests", gone, missing, n)
}

// round publishes events, waits for their outcomes and returns the sequence of
// the first one.
func (r *rig) round(prefix string, messages []message, s size) uint64 {
	r.t.Helper()
	r.jira.Journal().Clear()
	r.kibana.Journal().Clear()
	sent, err := r.publish(prefix, messages)
	if err != nil {
		r.t.Fatal(err)
	}
	r.awaitRest(s.bound)
	return sent[0].seq
}

func (r *rig) expectNoWrites() int {
	r.t.Helper()
	n := 0
	for name, j := range map[string]*fakes.Journal{"jira": r.jira.Journal(), "kibana": r.kibana.Journal()} {
		for _, q := range writing(j) {
			n++
			r.t.Errorf("%s: %s %s %s", name, q.Method, q.Path, q.Body)
		}
	}
	return n
}

// outcomes expects that each case has a result for the events from first on:
// "unchanged", but for the case whose incident is gone. It returns how many
// results say so.
func (r *rig) outcomes(first uint64, gone string) (missing int) {
	r.t.Helper()
	seen := map[string]push.Result{}
	for _, res := range r.results() {
		if res.EventSeq < first {
			continue
		}
		seen[res.CaseID] = res
		want, reason := push.Unchanged, push.Reason("")
		if res.CaseID == gone {
			want, reason = push.DeadLettered, push.ReasonIncidentMissing
			missing++
		}
		if res.Outcome != want || res.Reason != reason {
			r.t.Errorf("%s: event %d: %s %q, want %s %q", res.CaseID, res.EventSeq, res.Outcome, res.Reason, want, cmp.Or(reason, "no reason"))
		}
	}
	for id, e := range r.ledger() {
		if res := seen[id]; res.ThroughSeq < e.Cursor.Seq || e.Cursor.Seq < first {
			r.t.Errorf("%s: results cover %d of %d", id, res.ThroughSeq, e.Cursor.Seq)
		}
	}
	return missing
}
