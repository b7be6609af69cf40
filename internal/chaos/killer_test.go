package chaos

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// killer ends workers in the middle of their work.
type killer struct {
	rig *rig
	rng *rand.Rand

	kills   int
	hits    int // kills that left an open intent behind
	intents int // that they left in all
	stalls  int // times that nothing arrived at the tracker although there was work
}

func newKiller(r *rig, seed uint64) *killer {
	return &killer{rig: r, rng: rand.New(rand.NewPCG(seed, 3))}
}

// Bounds of the random moment.
const (
	leastRun = 50 * time.Millisecond
	mostRun  = 1500 * time.Millisecond
)

// strike kills the running worker with SIGKILL: at any moment, or, two times of
// three, shortly after a request that cannot be repeated has arrived at the
// tracker. Then it looks into the ledger at what that very process left open.
func (k *killer) strike() {
	k.rig.t.Helper()
	if k.rng.IntN(3) == 0 {
		<-time.After(leastRun + time.Duration(k.rng.Int64N(int64(mostRun-leastRun))))
	} else {
		k.waitForRequests(1 + k.rng.IntN(5))
		<-time.After(time.Duration(k.rng.Int64N(int64(maxLatency))))
	}
	w := k.rig.workers[0]
	if !w.running() {
		k.rig.t.Fatalf("the worker has ended by itself\n%s", w.logTail())
	}
	w.process.Kill()
	k.kills++
	if open := k.openIntents(w.process.PID()); open > 0 {
		k.hits++
		k.intents += open
	}
}

// waitForRequests returns when n have arrived, or after a while with fewer.
func (k *killer) waitForRequests(n int) {
	end := time.After(2 * mostRun)
	for i := range n {
		select {
		case <-k.rig.trackers[0].arrived:
		case <-end:
			if i == 0 {
				k.stalls++
			}
			return
		}
	}
}

// openIntents counts the entries that the process of this id holds with an
// intent that nobody settles yet.
func (k *killer) openIntents(pid int) int {
	n := 0
	for _, e := range k.rig.ledger() {
		if e.Claim != nil && strings.Contains(e.Claim.Owner, fmt.Sprintf("/%d/", pid)) && !e.Plan.Empty() && e.Plan.SettleAt.IsZero() {
			n++
		}
	}
	return n
}
