package worker

import (
	"testing"
	"testing/synctest"
	"time"
)

func openQueues(t *testing.T) *queues {
	q := &queues{}
	q.open(t.Context())
	return q
}

// passes reports whether a job of the connector may go now.
func passes(q *queues, id string) bool { return !q.heldUntil(id).After(time.Now()) }

// TestProbeAfterHold: when a hold is over, one job goes alone to find out
// whether the tracker takes our credentials again: all at once would be as many
// refused logins.
func TestProbeAfterHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := openQueues(t)
		until := q.hold("a", time.Time{})
		if rest := time.Until(until); rest != firstHold {
			t.Errorf("first hold of %s, want %s", rest, firstHold)
		}
		if passes(q, "a") || !passes(q, "b") {
			t.Error("a passes while it is held, or b does not")
		}
		time.Sleep(firstHold)
		if !passes(q, "a") {
			t.Fatal("nothing passes after the hold")
		}
		for range 3 {
			if passes(q, "a") {
				t.Error("more than one passes after the hold")
			}
		}
		q.release("a")
		for range 3 {
			if !passes(q, "a") {
				t.Error("the probe has gone through, and others do not pass")
			}
		}
	})
}

// TestProbeThatSaysNothing: a probe that ends neither way does not hold its
// connector for ever.
func TestProbeThatSaysNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := openQueues(t)
		q.hold("a", time.Time{})
		time.Sleep(firstHold)
		if !passes(q, "a") || passes(q, "a") {
			t.Fatal("want one probe")
		}
		time.Sleep(probeTime)
		if !passes(q, "a") || passes(q, "a") {
			t.Error("want one more probe when the first is over time")
		}
	})
}

// TestHoldsGrow: each hold in a row is twice as long, up to a bound; what was in
// flight when it began does not lengthen it; a success begins anew.
func TestHoldsGrow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := openQueues(t)
		want := firstHold
		for range 12 {
			until := q.hold("a", time.Now().Add(time.Second))
			if rest := time.Until(until); rest != want {
				t.Errorf("hold of %s, want %s", rest, want)
			}
			time.Sleep(time.Second)
			if again := q.hold("a", time.Time{}); !again.Equal(until) {
				t.Errorf("a push in flight moves the hold from %s to %s", until, again)
			}
			time.Sleep(time.Until(until))
			if !passes(q, "a") {
				t.Error("no probe")
			}
			want = min(2*want, maxHold)
		}
		q.release("a")
		if rest := time.Until(q.hold("a", time.Time{})); rest != firstHold {
			t.Errorf("hold of %s after a success, want %s", rest, firstHold)
		}
		time.Sleep(firstHold)
		if rest := time.Until(q.hold("a", time.Now().Add(3*time.Hour))); rest != 3*time.Hour {
			t.Errorf("hold of %s, want the 3 h that the tracker asks for", rest)
		}
	})
}

// TestHolding lists what is held now, and nothing that waits for its probe.
func TestHolding(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := openQueues(t)
		q.hold("b", time.Time{})
		q.hold("a", time.Time{})
		if got := q.holding(); len(got) != 2 || got[0] != "a" || got[1] != "b" {
			t.Errorf("held: %q", got)
		}
		time.Sleep(firstHold)
		if got := q.holding(); len(got) != 0 {
			t.Errorf("held after the hold: %q", got)
		}
	})
}
