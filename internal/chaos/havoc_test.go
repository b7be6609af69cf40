package chaos

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/casepush/casepush/internal/fakes"
)

// span is a random time from least to most.
type span struct{ least, most time.Duration }

func (s span) pick(rng *rand.Rand) time.Duration {
	return s.least + time.Duration(rng.Int64N(int64(s.most-s.least)+1))
}

// plan is what is done to the processes and the network while the story is
// told.
type plan struct {
	// life is how long a worker may work before the next blow, down how long it
	// is away after a kill, and pause how long it is suspended. Without a life
	// nothing is done to workers, without a pause they are only killed.
	life, down, pause span
	// nodeLife and nodeDown are the same for the nodes of NATS, of which one at
	// a time is killed, if they have a life. Only when the cluster has healed comes the next.
	nodeLife, nodeDown span
	// outage is for how long one tracker refuses connections; 0 is no outage.
	outage time.Duration
}

// havoc does it. Each victim has a goroutine with random numbers of its own, so
// that the choices of a seed do not depend on who is faster.
type havoc struct {
	plan
	rig *rig

	kills, pauses, nodeKills, outages atomic.Int64
	// refused counts starts that a worker gave up, as it does while NATS has no
	// leader; a supervisor would start it again, and so do we.
	refused atomic.Int64

	mu   sync.Mutex
	ends []string // what workers said at last that worked and ended by themselves
}

// during wreaks havoc until ctx is done. Afterwards everything runs again. An
// error means that something does not come back.
func (h *havoc) during(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for i, w := range h.rig.workers {
		if h.life.most == 0 {
			break
		}
		g.Go(func() error { return h.worker(ctx, w, rand.New(rand.NewPCG(h.rig.seed, 10+uint64(i)))) })
	}
	if h.nodeLife.most > 0 {
		g.Go(func() error { return h.nodes(ctx, rand.New(rand.NewPCG(h.rig.seed, 20))) })
	}
	if h.outage > 0 {
		g.Go(func() error { return h.tracker(ctx, rand.New(rand.NewPCG(h.rig.seed, 21))) })
	}
	return g.Wait()
}

// passed waits for d and reports false when ctx ends before.
func passed(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// worker kills or suspends one, again and again.
func (h *havoc) worker(ctx context.Context, w *worker, rng *rand.Rand) error {
	for {
		select {
		case <-ctx.Done():
			return h.revive(w)
		case <-w.process.Ended():
			h.noteEnd(w)
		case <-time.After(h.life.pick(rng)):
			if h.pause.most == 0 || rng.IntN(3) > 0 {
				h.kill(ctx, w, rng)
			} else if err := h.suspend(ctx, w, rng); err != nil {
				return err
			}
		}
		if err := h.revive(w); err != nil {
			return err
		}
	}
}

// kill ends the worker with SIGKILL, two times of three shortly after a request
// that cannot be repeated has arrived at a tracker.
func (h *havoc) kill(ctx context.Context, w *worker, rng *rand.Rand) {
	tr := h.rig.trackers[rng.IntN(len(h.rig.trackers))]
	after := time.Duration(rng.Int64N(int64(2 * maxLatency)))
	if rng.IntN(3) > 0 {
		select {
		case <-tr.arrived:
			<-time.After(after)
		case <-time.After(responseTimeout):
		}
	}
	w.process.Kill()
	h.kills.Add(1)
	passed(ctx, h.down.pick(rng))
}

// suspend stops the worker for longer than its lease, and lets it go on.
func (h *havoc) suspend(ctx context.Context, w *worker, rng *rand.Rand) error {
	if err := w.process.Suspend(); err != nil {
		return err
	}
	h.pauses.Add(1)
	passed(ctx, h.pause.pick(rng))
	return w.process.Resume()
}

// reviveTries is how often a worker is started: one that starts while NATS
// elects a leader may give up, as a supervisor would see it.
const reviveTries = 20

// revive starts the worker if it does not run.
func (h *havoc) revive(w *worker) error {
	if w.running() {
		return nil
	}
	var err error
	for range reviveTries {
		if err = w.start(); err == nil {
			return nil
		}
		if w.running() { // it is stuck
			return err
		}
		h.refused.Add(1)
		<-time.After(500 * time.Millisecond)
	}
	return fmt.Errorf("%w\n%s", err, w.logTail())
}

func (h *havoc) noteEnd(w *worker) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ends = append(h.ends, w.lastLines())
}

// healTimeout is how long the cluster may take until all copies are current.
const healTimeout = 2 * time.Minute

// nodes kills and restarts nodes of NATS, one at a time.
func (h *havoc) nodes(ctx context.Context, rng *rand.Rand) error {
	for passed(ctx, h.nodeLife.pick(rng)) {
		node := h.rig.nats.Nodes[rng.IntN(len(h.rig.nats.Nodes))]
		node.Kill()
		h.nodeKills.Add(1)
		passed(ctx, h.nodeDown.pick(rng))
		if err := node.Start(); err != nil {
			return fmt.Errorf("restart of NATS node %s: %w", node.Name, err)
		}
		var sick error
		err := poll(healTimeout, func() (bool, error) {
			sick = h.rig.healed()
			return sick == nil, h.rig.t.Context().Err()
		})
		if err != nil {
			return fmt.Errorf("the cluster does not heal: %w: %w", err, sick)
		}
	}
	return nil
}

// healed says what is missing until all nodes have all of every stream.
func (r *rig) healed() error {
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Second)
	defer cancel()
	lister := r.js.ListStreams(ctx)
	for info := range lister.Info() {
		c := info.Cluster
		if c == nil || c.Leader == "" || len(c.Replicas) != len(r.nats.Nodes)-1 {
			return fmt.Errorf("stream %s has no leader or too few copies", info.Config.Name)
		}
		for _, copied := range c.Replicas {
			if copied.Offline || !copied.Current {
				return fmt.Errorf("stream %s is not current on %s", info.Config.Name, copied.Name)
			}
		}
	}
	return lister.Err()
}

// tracker lets one go away for a while.
func (h *havoc) tracker(ctx context.Context, rng *rand.Rand) error {
	if !passed(ctx, h.life.least) {
		return nil
	}
	tr := h.rig.trackers[rng.IntN(len(h.rig.trackers))]
	tr.close()
	h.outages.Add(1)
	passed(ctx, h.outage)
	return tr.open()
}

// rates are the shares of requests that fail, each in its way.
type rates struct {
	late    float64       // take effect after their sender has given up
	lateBy  time.Duration // so much after; 0 is defaultLate
	lost    float64       // are done, and the answer is lost
	slow    float64       // are done, and the answer comes after the sender has given up
	limited float64       // are refused with 429 and Retry-After
	refused float64       // are answered 503 by something in between
}

// defaultLate is far within the settle time, so that it stays there on a slow
// machine.
const defaultLate = 300 * time.Millisecond

func (f rates) tracker() []fakes.Rule {
	late := fakes.Duration(responseTimeout + cmp.Or(f.lateBy, defaultLate))
	slow := fakes.Duration(responseTimeout + defaultLate)
	return possible(
		fakes.Rule{Method: "POST", Probability: f.late, Delay: late, ActLate: true},
		fakes.Rule{Method: "PUT", Probability: f.late, Delay: late, ActLate: true},
		fakes.Rule{Method: "PATCH", Probability: f.late, Delay: late, ActLate: true},
		fakes.Rule{Probability: f.lost, DropAnswer: true},
		fakes.Rule{Probability: f.slow, DelayAnswer: slow},
		fakes.Rule{Probability: f.limited, Status: 429, RetryAfter: "1"},
		fakes.Rule{Probability: f.refused, Status: 503, Body: "<html>gateway</html>"},
	)
}

func (f rates) kibana() []fakes.Rule {
	return possible(fakes.Rule{Probability: f.lost, DropAnswer: true}, fakes.Rule{Probability: f.refused, Status: 503})
}

// possible drops the rules that shall never fire: to a rule, no probability
// means always.
func possible(rules ...fakes.Rule) []fakes.Rule {
	return slices.DeleteFunc(rules, func(r fakes.Rule) bool { return r.Probability == 0 })
}
