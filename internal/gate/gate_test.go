package gate_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/gate"
)

// rig is a gate whose queue this worker has, and what it stored.
type rig struct {
	*gate.Gate
	stored []gate.Hold
}

func newRig() *rig {
	r := &rig{}
	r.Gate = gate.New(func(h gate.Hold) { r.stored = append(r.stored, h) })
	r.Own(func() bool { return true })
	return r
}

// admit is what Admit answers at this moment; ok is false while it waits.
func (r *rig) admit(t *testing.T) (s gate.Session, ok bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	type answer struct {
		s   gate.Session
		err error
	}
	got := make(chan answer, 1)
	go func() {
		s, err := r.Admit(ctx)
		got <- answer{s, err}
	}()
	synctest.Wait()
	select {
	case a := <-got:
		return a.s, a.err == nil
	default:
		cancel()
		<-got
		return gate.Session{}, false
	}
}

// open reports whether requests may be sent.
func (r *rig) open(t *testing.T) bool {
	t.Helper()
	err := r.Enter(t.Context())
	if err != nil && !errors.Is(err, connector.ErrHeld) {
		t.Fatalf("Enter: %v, want an error that is ErrHeld", err)
	}
	return err == nil
}

// TestLimited: nothing is admitted or sent before the tracker's time is over, to
// the second; then one job goes alone until one has worked.
func TestLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		before, ok := r.admit(t)
		if !ok || before.Alone || !r.open(t) {
			t.Fatal("a new gate is closed")
		}
		r.Limited(time.Hour)
		select {
		case <-before.Ended:
		default:
			t.Error("the session goes on")
		}
		time.Sleep(time.Hour - time.Nanosecond)
		if _, ok := r.admit(t); ok || r.open(t) {
			t.Error("open inside the window")
		}
		time.Sleep(time.Nanosecond)
		s, ok := r.admit(t)
		if !ok || !s.Alone || !r.open(t) {
			t.Errorf("after the window: admitted %t, alone %t", ok, s.Alone)
		}
		r.Worked()
		if s, ok := r.admit(t); !ok || s.Alone {
			t.Error("a push has worked, and jobs still go alone")
		}
		if last := r.stored[len(r.stored)-1]; last.Reason != "" {
			t.Errorf("stored last: %+v, want that it is over", last)
		}
	})
}

// TestLimitedInFlight: of pushes that were in flight when the hold began, the
// latest time counts, and one that works proves nothing.
func TestLimitedInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.Limited(10 * time.Second)
		r.Limited(time.Minute)
		r.Limited(time.Second)
		r.Limited(0)
		r.Worked()
		time.Sleep(time.Minute - 1)
		if r.open(t) {
			t.Error("open before the latest time")
		}
		time.Sleep(time.Nanosecond)
		if !r.open(t) {
			t.Error("closed after the latest time")
		}
		if n := len(r.stored); n != 2 || !r.stored[1].Until.Equal(r.stored[0].Since.Add(time.Minute)) {
			t.Errorf("stored %+v", r.stored)
		}
	})
}

// TestDown: a tracker is down when several cases in a row got no answer, not
// when one did again and again; each hold is twice as long, up to a bound.
func TestDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		for range 50 {
			r.Failed("broken", time.Now(), "HTTP 500")
		}
		if !r.open(t) {
			t.Fatal("one case closed the gate")
		}
		for i := range 4 {
			r.Failed(fmt.Sprint(i), time.Now(), "refused")
			r.Worked() // another one got through
		}
		for i := range 4 {
			if _, began := r.Failed(fmt.Sprint(i), time.Now(), "refused"); began {
				t.Fatal("fewer than five cases closed the gate")
			}
		}
		h, began := r.Failed("4", time.Now(), "connection refused")
		if !began || h.Reason != gate.Down || h.Words != "connection refused" || r.open(t) {
			t.Fatalf("five cases in a row: %+v", h)
		}
		for _, want := range []time.Duration{5, 10, 20, 40, 80, 160, 300, 300} {
			_, h, _ := r.State()
			if d := h.Until.Sub(h.Since); d != want*time.Second {
				t.Errorf("hold of %s, want %ds", d, want)
			}
			r.Failed("in flight", time.Now(), "refused")
			time.Sleep(time.Until(h.Until))
			if s, ok := r.admit(t); !ok || !s.Alone {
				t.Fatal("no probe after the hold")
			}
			r.Failed("probe", time.Now(), "refused")
		}
	})
}

// TestRefused: holds grow from half a minute to an hour, and never end before
// the tracker's own time.
func TestRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		want := 30 * time.Second
		for range 10 {
			until := r.Refused(gate.Unauthenticated, 0, "401")
			if d := time.Until(until); d != want {
				t.Errorf("hold of %s, want %s", d, want)
			}
			want = min(2*want, time.Hour)
			if again := r.Refused(gate.Unauthenticated, 0, "401"); !again.Equal(until) {
				t.Error("a push that was in flight made the hold longer")
			}
			time.Sleep(time.Until(until))
		}
		r.Worked()
		if d := time.Until(r.Refused(gate.Unauthenticated, 5*time.Minute, "401")); d != 5*time.Minute {
			t.Errorf("hold of %s, want the tracker's 5m", d)
		}
	})
}

// TestPause: a person's pause ends by a person alone.
func TestPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.Pause(&gate.Pause{By: "moneypenny"})
		r.Worked()
		time.Sleep(24 * time.Hour)
		if _, ok := r.admit(t); ok || r.open(t) {
			t.Error("open although it is paused")
		}
		r.Pause(nil)
		if s, ok := r.admit(t); !ok || s.Alone || !r.open(t) {
			t.Error("closed although it was resumed")
		}
	})
}

// TestOwner: without the queue nothing is admitted; without certainty about it
// nothing is sent.
func TestOwner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		valid := true
		r.Own(func() bool { return valid })
		if !r.open(t) {
			t.Error("closed to the owner")
		}
		valid = false
		if r.open(t) {
			t.Error("open although the queue may be somebody else's")
		}
		valid = true
		r.Disown()
		if _, ok := r.admit(t); ok || r.open(t) {
			t.Error("open without the queue")
		}
	})
}

// TestLearn: whoever gets the queue obeys the holds of the worker before, whose
// word nobody else has while he has it; a person's resuming ends them.
func TestLearn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		other := gate.Hold{Reason: gate.RateLimited, Since: time.Now().UTC(), Until: time.Now().UTC().Add(time.Hour), Times: 3}
		r.Learn(other)
		if !r.open(t) {
			t.Error("an owner learned a hold from somebody else")
		}
		r.Disown()
		r.Learn(other)
		r.Own(func() bool { return true })
		if r.open(t) {
			t.Error("the hold of the worker before is not obeyed")
		}
		time.Sleep(time.Hour)
		if _, began := r.Failed("probe", time.Now(), "refused"); began {
			t.Error("one case that fails after a limit makes the tracker down")
		}
		r.Limited(time.Second)
		if _, h, _ := r.State(); h.Times != 4 {
			t.Errorf("hold %d in a row, want the 4th", h.Times)
		}
		time.Sleep(time.Second)
		resumed := gate.Hold{ResumedAt: time.Now().UTC().Add(time.Second)}
		time.Sleep(2 * time.Second)
		r.Learn(resumed)
		if s, ok := r.admit(t); !ok || s.Alone {
			t.Error("closed although a person resumed it")
		}
		r.Limited(time.Minute)
		r.Learn(resumed) // told again
		if r.open(t) {
			t.Error("an old resuming ended a new hold")
		}
	})
}

// TestNewCredentials: a worker that is started tries refused credentials once at
// once, since they may be others now, and not again when it gets the queue back.
func TestNewCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{Gate: gate.New(func(gate.Hold) {})}
		r.Learn(gate.Hold{Reason: gate.Unauthenticated, Since: time.Now().UTC(), Until: time.Now().UTC().Add(time.Hour), Times: 3})
		r.Own(func() bool { return true })
		if s, ok := r.admit(t); !ok || !s.Alone || !r.open(t) {
			t.Error("the first job of a new worker does not go, or not alone")
		}
		if d := time.Until(r.Refused(gate.Unauthenticated, 0, "401")); d != 4*time.Minute {
			t.Errorf("hold of %s, want the fourth in a row", d)
		}
		r.Disown()
		r.Own(func() bool { return true })
		if r.open(t) {
			t.Error("the same worker tries the same credentials again")
		}
	})
}

// TestLateTimeouts: pushes that were begun before others worked, and end after
// them without an answer, do not make the tracker down.
func TestLateTimeouts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		begun := time.Now()
		time.Sleep(time.Second)
		r.Worked()
		time.Sleep(time.Second)
		for i := range 20 {
			if _, began := r.Failed(fmt.Sprint(i), begun, "timeout"); began {
				t.Fatal("old timeouts closed the gate")
			}
		}
		for i := range 5 {
			r.Failed(fmt.Sprint(i), time.Now(), "timeout")
		}
		if r.open(t) {
			t.Error("five cases since did not")
		}
	})
}

// TestUnstoredHold: the queue is lost before the hold is stored, and comes back
// while the board still shows what was stored before.
func TestUnstoredHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.Limited(time.Hour)
		r.Disown()
		r.Learn(gate.Hold{}) // the queue's owner has changed, not its hold
		r.Own(func() bool { return true })
		if r.open(t) {
			t.Error("open inside the window after the queue came back")
		}
		r.Stored(r.stored[0])
		r.Disown()
		r.Learn(gate.Hold{}) // another worker has had it, and it works again
		r.Own(func() bool { return true })
		if !r.open(t) {
			t.Error("closed although the hold is over")
		}
	})
}

// TestLateWord: a request of the worker before was in flight when we took the
// queue, and the tracker has told that worker how long to wait.
func TestLateWord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		before, r := newRig(), newRig()
		before.Limited(time.Hour)
		r.Learn(before.stored[0])
		if r.open(t) {
			t.Error("open inside the window")
		}
		r.Limited(time.Minute)
		time.Sleep(time.Hour - 1)
		if r.open(t) {
			t.Error("open after our own, shorter time")
		}
		time.Sleep(time.Nanosecond)
		if s, ok := r.admit(t); !ok || !s.Alone {
			t.Error("closed after the window")
		}
	})
}

// TestNewCredentialsWait: new credentials are no reason to send inside the window
// that the tracker asked for.
func TestNewCredentialsWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		before := newRig()
		before.Refused(gate.Unauthenticated, 0, "401")
		before.Limited(time.Hour) // another push in flight
		r := &rig{Gate: gate.New(func(gate.Hold) {})}
		r.Learn(before.stored[len(before.stored)-1])
		r.Own(func() bool { return true })
		if r.open(t) {
			t.Error("open inside the window")
		}
		time.Sleep(time.Hour)
		if !r.open(t) {
			t.Error("closed after the window")
		}
	})
}

// TestMerge: a worker that decided long ago overwrites neither a later time of
// the tracker's nor a hold that is on.
func TestMerge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	limit := gate.Hold{Reason: gate.RateLimited, Since: now, Until: now.Add(time.Hour), Asked: now.Add(time.Hour), Times: 1}
	down := gate.Hold{Reason: gate.Down, Since: now, Until: now.Add(time.Minute), Times: 2}
	for name, tt := range map[string]struct {
		stored, mine gate.Hold
		until        time.Time
		write        bool
	}{
		"nothing stored":          {gate.Hold{}, down, down.Until, true},
		"over, nothing on":        {gate.Hold{Reason: gate.Down, Until: now}, gate.Hold{}, time.Time{}, true},
		"over, another is on":     {down, gate.Hold{}, down.Until, false},
		"shorter than a limit":    {limit, down, limit.Until, true},
		"longer than what is on":  {down, limit, limit.Until, true},
		"what a person resumed":   {gate.Hold{ResumedAt: now}, gate.Hold{}, time.Time{}, true},
		"limit that is long over": {gate.Hold{Reason: gate.RateLimited, Until: now.Add(-1), Asked: now.Add(-1)}, down, down.Until, true},
	} {
		merged, write := gate.Merge(tt.stored, tt.mine, now)
		if !merged.Until.Equal(tt.until) || write != tt.write {
			t.Errorf("%s: %+v, write %t", name, merged, write)
		}
	}
}
