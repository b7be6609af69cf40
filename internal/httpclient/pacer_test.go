package httpclient

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// served is the line of those whose turn has come.
type served struct {
	mu    sync.Mutex
	names []string
	at    []time.Time
}

func (s *served) add(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names, s.at = append(s.names, name), append(s.at, time.Now())
}

// enter lets a request wait in the background and returns when it does.
func enter(t *testing.T, p *pacer, s *served, class Class, name string) {
	go func() {
		if err := p.wait(t.Context(), class); err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		s.add(name)
	}()
	synctest.Wait()
}

func TestPacerOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, s := pace(1), &served{}
		enter(t, p, s, Updates, "first") // takes the burst
		enter(t, p, s, Updates, "update")
		enter(t, p, s, Comments, "comment 1")
		enter(t, p, s, Comments, "comment 2")
		enter(t, p, s, Creates, "create")
		<-time.After(time.Minute)
		synctest.Wait()
		if got := strings.Join(s.names, ", "); got != "first, create, comment 1, comment 2, update" {
			t.Errorf("order: %s", got)
		}
		if took := s.at[4].Sub(s.at[0]); took != 4*time.Second {
			t.Errorf("five at 1/s took %v", took)
		}
	})
}

// TestPacerStarvesNobody: creates come faster than the budget, for ever.
func TestPacerStarvesNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, s := pace(1), &served{}
		begin := time.Now()
		enter(t, p, s, Creates, "first")
		enter(t, p, s, Updates, "update")
		enter(t, p, s, Comments, "comment")
		for n := range 60 {
			enter(t, p, s, Creates, fmt.Sprint("create ", n))
			<-time.After(500 * time.Millisecond)
		}
		<-time.After(time.Minute)
		synctest.Wait()
		for i, name := range s.names {
			// At 1/s two creates a second are before it until its head start is over.
			switch waited := s.at[i].Sub(begin); {
			case name == "comment" && waited != 11*time.Second, name == "update" && waited != 22*time.Second:
				t.Errorf("%s waited %v", name, waited)
			}
		}
		if len(s.names) != 63 {
			t.Errorf("%d served, want 63", len(s.names))
		}
	})
}

func TestPacerDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, s := pace(1), &served{}
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		enter(t, p, s, Creates, "first")
		enter(t, p, s, Creates, "second")
		enter(t, p, s, Creates, "third")
		late := make(chan error, 1)
		go func() { late <- p.wait(ctx, Comments) }() // the third second, as it looks now
		synctest.Wait()
		enter(t, p, s, Creates, "fourth") // overtakes it
		if err := p.wait(ctx, Updates); !errors.Is(err, errNoRoom) || time.Since(begin) != 0 {
			t.Errorf("%v after %v, want no room at once", err, time.Since(begin))
		}
		if err := <-late; !errors.Is(err, errNoRoom) || time.Since(begin) != 3500*time.Millisecond {
			t.Errorf("%v after %v, want no room when the deadline passes", err, time.Since(begin))
		}
		if err := p.wait(t.Context(), Updates); err != nil || time.Since(begin) != 4*time.Second {
			t.Errorf("%v after %v: who got no turn has used one", err, time.Since(begin))
		}
	})
}

func TestPacerCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pace(1)
		begin := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		_ = p.wait(ctx, Creates)
		gone := make(chan error, 1)
		go func() { gone <- p.wait(ctx, Creates) }()
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) || time.Since(begin) != 0 {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if err := p.wait(ctx, Creates); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want a wait that does not begin", err)
		}
		if err := p.wait(t.Context(), Creates); err != nil || time.Since(begin) != time.Second {
			t.Errorf("%v after %v: a cancelled wait has used a turn", err, time.Since(begin))
		}
	})
}

func TestPaceBounds(t *testing.T) {
	t.Parallel()
	for _, none := range []float64{0, -1, math.NaN(), math.Inf(-1)} {
		if p := pace(none); p != nil || p.wait(t.Context(), Creates) != nil {
			t.Errorf("%v/s: %+v, want no limit", none, p)
		}
	}
	for perSecond, want := range map[float64][2]time.Duration{ // interval, slack
		1: {time.Second, 0}, 0.5: {2 * time.Second, 0}, 2.5: {400 * time.Millisecond, 400 * time.Millisecond},
		3: {333_333_334, 666_666_668}, 1e-300: {maxInterval, 0}, 1e300: {1, 999_999_999}, math.Inf(1): {1, 999_999_999},
	} {
		if p := pace(perSecond); p.interval != want[0] || p.slack != want[1] {
			t.Errorf("%v/s: interval %v, slack %v, want %v", perSecond, p.interval, p.slack, want)
		}
	}
}

// TestPacerProperty: whatever comes when, no second holds more than a burst
// and the rate, no turn is left unused, and nobody is overtaken by who came
// more than the head start later.
func TestPacerProperty(t *testing.T) {
	t.Parallel()
	type arrival struct {
		after time.Duration
		class Class
	}
	arrivals := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) arrival {
		return arrival{time.Duration(rapid.IntRange(0, 900).Draw(t, "ms")) * time.Millisecond, Class(rapid.IntRange(0, 2).Draw(t, "class"))}
	}), 1, 40)
	rapid.Check(t, func(rt *rapid.T) {
		list, perSecond := arrivals.Draw(rt, "arrivals"), rapid.SampledFrom([]float64{1, 2, 5}).Draw(rt, "per second")
		type passage struct{ came, went time.Time }
		passages := make([]passage, len(list))
		synctest.Test(t, func(t *testing.T) {
			p := pace(perSecond)
			var all sync.WaitGroup
			for i, a := range list {
				<-time.After(a.after)
				all.Go(func() {
					passages[i].came = time.Now()
					if err := p.wait(t.Context(), a.class); err != nil {
						t.Error(err)
					}
					passages[i].went = time.Now()
				})
				synctest.Wait()
			}
			all.Wait()
		})
		for i, one := range passages {
			inSecond := 0
			for k, other := range passages {
				if d := other.went.Sub(one.went); d >= 0 && d < time.Second {
					inSecond++
				}
				headStart := max(0, list[i].class.headStart()-list[k].class.headStart())
				if other.came.Sub(one.came) > headStart && other.went.Before(one.went) {
					rt.Fatalf("request %d, class %d, was overtaken by %d, which came %v later", i, list[i].class, k, other.came.Sub(one.came))
				}
			}
			if inSecond > int(2*perSecond) {
				rt.Fatalf("%d requests within a second at %v/s", inSecond, perSecond)
			}
			if most := time.Duration(float64(len(list)) / perSecond * float64(time.Second)); one.went.Sub(one.came) > most {
				rt.Fatalf("request %d waited %v of at most %v", i, one.went.Sub(one.came), most)
			}
		}
	})
}
