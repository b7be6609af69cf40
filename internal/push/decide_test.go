package push

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/connector"
)

// now is when the tests' decisions are made.
func now() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }

const testSettle = 3 * time.Minute

// decisionOf decides on a fresh error: first attempt, no jitter, so that a
// retry comes after minDelay.
func decisionOf(stage Stage, kind connector.Kind, effect connector.Effect, age time.Duration) Decision {
	return Decide(Situation{
		Stage: stage, Err: &connector.Error{Op: "x", Kind: kind, Effect: effect},
		Attempts: 1, First: now().Add(-age), Now: now(), Settle: testSettle, Policy: DefaultPolicy,
	})
}

// stages in which a push meets errors, by what their requests are.
func writeStages() []Stage { return []Stage{StageCreate, StageUpdate, StageComment} }

func readStages() []Stage {
	return []Stage{StageConnector, StageCase, StageMapping, StageAdopt, StageSettle, StageRead, StageClose}
}

func kinds() []connector.Kind {
	return []connector.Kind{
		connector.Transient, connector.RateLimited, connector.Conflict, connector.Rejected,
		connector.Unauthenticated, connector.Forbidden, connector.NotFound,
	}
}

// TestDecideUnknownEffect: whatever the error is called, a write that may have
// happened is looked up, and never sooner than its effect can be seen.
func TestDecideUnknownEffect(t *testing.T) {
	for _, stage := range writeStages() {
		for _, kind := range kinds() {
			d := decisionOf(stage, kind, connector.EffectUnknown, 0)
			if holds := !d.HoldUntil.IsZero(); d.Verb != Settle || !d.At.Equal(now().Add(testSettle)) || holds != (kind == connector.RateLimited) {
				t.Errorf("%s, %s: %+v, want to settle after %s", stage, kind, d, testSettle)
			}
			d = decisionOf(stage, kind, connector.EffectUnknown, DefaultPolicy.MaxAge)
			if d.Verb != Bury || d.Reason != ReasonRetriesExhausted {
				t.Errorf("%s, %s, after 72 h: %+v, want a dead letter", stage, kind, d)
			}
		}
	}
}

// outcome is a verb and what a decision says beside it.
type outcome struct {
	verb   Verb
	reason Reason
	hold   bool
}

func TestDecide(t *testing.T) {
	again := outcome{verb: Retry, reason: ReasonRetriesExhausted}
	limited := outcome{verb: Retry, reason: ReasonRetriesExhausted, hold: true}
	locked := outcome{verb: Retry, reason: ReasonUnauthenticated, hold: true}
	kibana := outcome{verb: Retry, reason: ReasonUnauthenticated}
	bury := func(r Reason) outcome { return outcome{verb: Bury, reason: r} }
	// In the order of kinds().
	write := [7]outcome{again, limited, again, bury(ReasonRejected), locked, bury(ReasonForbidden), bury(ReasonIncidentMissing)}
	ofCase := [7]outcome{again, again, again, bury(ReasonRejected), kibana, bury(ReasonForbidden), bury(ReasonCaseNotFound)}
	create := write
	create[connector.NotFound] = bury(ReasonRejected)
	read := write
	mapping := ofCase
	mapping[connector.Rejected], mapping[connector.NotFound] = bury(ReasonMapping), bury(ReasonRejected)
	find := ofCase
	find[connector.NotFound] = bury(ReasonRejected)

	for stage, want := range map[Stage][7]outcome{
		StageCreate: create, StageUpdate: write, StageComment: write, StageRead: read, StageSettle: read,
		StageCase: ofCase, StageAdopt: create, StageClose: ofCase, StageMapping: mapping, StageConnector: find,
	} {
		for _, kind := range kinds() {
			effects := []connector.Effect{connector.NotApplied}
			if !(Situation{Stage: stage}).changes() {
				effects = append(effects, connector.EffectUnknown) // a read has none
			}
			for _, effect := range effects {
				d := decisionOf(stage, kind, effect, 0)
				if got := (outcome{d.Verb, d.Reason, !d.HoldUntil.IsZero()}); got != want[kind] {
					t.Errorf("%s, %s, effect %s: %+v, want %+v", stage, kind, effect, got, want[kind])
				}
				if d.Verb == Retry && !d.At.Equal(now().Add(minDelay)) {
					t.Errorf("%s, %s: at %s, want a second later", stage, kind, d.At)
				}
			}
		}
	}
}

// TestDecideTired: what may be mended is waited for, but not for ever.
func TestDecideTired(t *testing.T) {
	for _, stage := range append(writeStages(), readStages()...) {
		for kind, reason := range map[connector.Kind]Reason{
			connector.Transient: ReasonRetriesExhausted, connector.RateLimited: ReasonRetriesExhausted,
			connector.Conflict: ReasonRetriesExhausted, connector.Unauthenticated: ReasonUnauthenticated,
		} {
			if d := decisionOf(stage, kind, connector.NotApplied, DefaultPolicy.MaxAge-1); d.Verb != Retry || d.Reason != reason {
				t.Errorf("%s, %s, before 72 h: %+v, want to retry", stage, kind, d)
			}
			if d := decisionOf(stage, kind, connector.NotApplied, DefaultPolicy.MaxAge); d.Verb != Bury || d.Reason != reason {
				t.Errorf("%s, %s, after 72 h: %+v, want buried as %s", stage, kind, d, reason)
			}
		}
	}
}

func TestDecideNamesCauses(t *testing.T) {
	for _, c := range []struct {
		stage Stage
		cause error
		want  Reason
	}{
		{StageCreate, connector.ErrHostNotAllowed, ReasonHostNotAllowed},
		{StageCase, connector.ErrHostNotAllowed, ReasonHostNotAllowed},
		{StageUpdate, connector.ErrTemplate, ReasonTemplate},
		{StageMapping, connector.ErrTemplate, ReasonTemplate},
		{StageMapping, nil, ReasonMapping},
		{StageComment, nil, ReasonRejected},
	} {
		err := &connector.Error{Op: "x", Kind: connector.Rejected, Effect: connector.NotApplied}
		if c.cause != nil {
			err.Err = fmt.Errorf("it says: %w", c.cause)
		}
		d := Decide(Situation{Stage: c.stage, Err: err, Attempts: 1, First: now(), Now: now(), Policy: DefaultPolicy})
		if d.Verb != Bury || d.Reason != c.want {
			t.Errorf("%s, %v: %+v, want buried as %s", c.stage, c.cause, d, c.want)
		}
	}
}

// TestDecideRetryAfter: the tracker's own time is kept to the nanosecond,
// unless an unknown effect needs longer to be seen.
func TestDecideRetryAfter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Situation{
			Stage: rapid.SampledFrom(append(writeStages(), readStages()...)).Draw(t, "stage"),
			Err: &connector.Error{
				Op:         "x",
				Kind:       rapid.SampledFrom([]connector.Kind{connector.Transient, connector.RateLimited, connector.Conflict, connector.Unauthenticated}).Draw(t, "kind"),
				Effect:     rapid.SampledFrom([]connector.Effect{connector.NotApplied, connector.EffectUnknown}).Draw(t, "effect"),
				RetryAfter: time.Duration(rapid.Int64Range(1, int64(48*time.Hour)).Draw(t, "retry after")),
			},
			Attempts: rapid.IntRange(1, 100).Draw(t, "attempts"),
			First:    now(), Now: now(),
			Settle: time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "settle")),
			Jitter: rapid.Float64Range(0, 0.999).Draw(t, "jitter"), Policy: DefaultPolicy,
		}
		want := s.Err.RetryAfter
		if s.changes() && s.Err.Effect == connector.EffectUnknown {
			want = max(want, s.Settle)
		}
		if d := Decide(s); d.At.Sub(now()) != want {
			t.Fatalf("%+v: waits %s, want %s", s, d.At.Sub(now()), want)
		}
	})
}

func TestBackoff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Policy{
			Base: time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "base")),
			Cap:  time.Duration(rapid.Int64Range(int64(time.Second), int64(24*time.Hour)).Draw(t, "cap")),
		}
		attempts := rapid.OneOf(rapid.IntRange(-1, 40), rapid.Int()).Draw(t, "attempts")
		jitter := rapid.Float64Range(0, 0.999999).Draw(t, "jitter")
		d := Backoff(p, attempts, jitter)
		if d < minDelay || d > max(p.Cap, minDelay) {
			t.Fatalf("Backoff(%+v, %d, %g) = %s: out of bounds", p, attempts, jitter, d)
		}
		if more := Backoff(p, attempts, min(jitter+0.1, 0.999999)); more < d {
			t.Fatalf("Backoff(%+v, %d): more jitter gives %s < %s", p, attempts, more, d)
		}
		if attempts >= 1 && attempts < 1000 {
			if next := Backoff(p, attempts+1, jitter); next < d {
				t.Fatalf("Backoff(%+v, %d, %g) = %s, after the next attempt %s", p, attempts, jitter, d, next)
			}
		}
	})
	for attempts, want := range map[int]time.Duration{1: 5 * time.Second, 2: 10 * time.Second, 5: 80 * time.Second, 10: 2560 * time.Second, 11: time.Hour, 1000: time.Hour} {
		if d := Backoff(DefaultPolicy, attempts, 1); d != want {
			t.Errorf("ceiling after %d attempts: %s, want %s", attempts, d, want)
		}
	}
	long := Policy{Base: time.Hour, Cap: 24 * time.Hour}
	for _, attempts := range []int{6, 30, 60, 64, 65} { // an hour doubled 22 times does not fit a Duration
		if d := Backoff(long, attempts, 1); d != long.Cap {
			t.Errorf("ceiling after %d attempts: %s, want the cap", attempts, d)
		}
	}
}
