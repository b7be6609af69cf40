package worker

import (
	"fmt"
	"testing"

	"github.com/casepush/casepush/internal/push"
)

func jobAt(caseID string, seq uint64) push.Job {
	return push.Job{Kind: push.KindPush, Connector: "k", Space: "default", Case: caseID, Seq: seq, Stream: "s1"}
}

func pushedThrough(seq uint64) push.Verdict {
	return push.Verdict{Action: push.Done, Result: &push.Result{Outcome: push.Pushed, ThroughSeq: seq}}
}

// TestCovered: what an outcome covered needs no second look; nothing else is
// taken for done.
func TestCovered(t *testing.T) {
	t.Parallel()
	var c covered
	if c.has(jobAt("a", 1)) {
		t.Error("covered before anything was")
	}
	c.note(jobAt("a", 3), pushedThrough(7))
	c.note(jobAt("a", 2), pushedThrough(5)) // an older one, told later
	for seq, want := range map[uint64]bool{1: true, 7: true, 8: false} {
		if got := c.has(jobAt("a", seq)); got != want {
			t.Errorf("event %d: %t, want %t", seq, got, want)
		}
	}
	if c.has(jobAt("b", 1)) {
		t.Error("another case is covered")
	}
	anew := jobAt("a", 1)
	anew.Stream = "s2"
	if c.has(anew) {
		t.Error("an event of a stream that was made anew is covered")
	}
	for _, kind := range []push.Kind{push.KindRetry, push.KindRedrive, push.KindReplay, push.KindSweep, push.KindVerify} {
		job := jobAt("a", 1)
		job.Kind = kind
		if c.has(job) {
			t.Errorf("a job of kind %s is dropped", kind)
		}
	}
}

// TestCoveredProvesNothing: neither a dead letter, which may block its entry,
// nor a replay, which moves no cursor, nor a push that is tried again.
func TestCoveredProvesNothing(t *testing.T) {
	t.Parallel()
	var c covered
	replay := jobAt("a", 1)
	replay.Kind = push.KindReplay
	c.note(replay, pushedThrough(9))
	c.note(jobAt("a", 1), push.Verdict{Action: push.Done, Result: &push.Result{Outcome: push.DeadLettered, ThroughSeq: 9}})
	c.note(jobAt("a", 1), push.Verdict{Action: push.Later})
	c.note(jobAt("a", 1), push.Verdict{Action: push.Done})
	if c.has(jobAt("a", 1)) {
		t.Error("covered by what covers nothing")
	}
}

// TestCoveredIsBounded: the oldest case is forgotten, the newest is not.
func TestCoveredIsBounded(t *testing.T) {
	t.Parallel()
	var c covered
	for n := range 2 * maxCovered {
		c.note(jobAt(fmt.Sprint(n), 1), pushedThrough(1))
	}
	if len(c.upTo) != maxCovered || len(c.order) != maxCovered {
		t.Errorf("%d and %d cases are remembered", len(c.upTo), len(c.order))
	}
	if c.has(jobAt("0", 1)) || !c.has(jobAt(fmt.Sprint(2*maxCovered-1), 1)) {
		t.Error("the wrong case was forgotten")
	}
}
