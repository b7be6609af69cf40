package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// readTimeout bounds one reading of a stream. One that began at a bad moment
// for the cluster is begun anew, until readPatience is over.
const (
	readTimeout  = 10 * time.Second
	readPatience = 2 * time.Minute
)

// reading repeats a reading until it succeeds.
func (r *rig) reading(what string, read func(context.Context) error) {
	r.t.Helper()
	r.until(what, readPatience, func() (bool, error) {
		err := r.readOnce(what, read)
		return err == nil, r.t.Context().Err()
	})
}

func (r *rig) readOnce(what string, read func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(r.t.Context(), readTimeout)
	defer cancel()
	begun := time.Now()
	err := read(ctx)
	if err != nil {
		r.t.Logf("read %s: %v after %s", what, err, time.Since(begun).Round(time.Millisecond))
	}
	return err
}

// results reads all outcomes so far.
func (r *rig) results() (out []push.Result) {
	r.t.Helper()
	r.reading("results", func(ctx context.Context) (err error) {
		out, err = r.resultsOnce(ctx)
		return err
	})
	return out
}

func (r *rig) resultsOnce(ctx context.Context) ([]push.Result, error) {
	s, err := r.js.Stream(ctx, "CASEPUSH_RESULTS")
	if err != nil {
		return nil, err
	}
	cons, err := s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return nil, err
	}
	messages, err := cons.Messages()
	if err != nil {
		return nil, err
	}
	defer messages.Stop()
	want := s.CachedInfo().State.Msgs
	out := make([]push.Result, 0, want)
	for uint64(len(out)) < want {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return nil, fmt.Errorf("%d of %d: %w", len(out), want, err)
		}
		var res push.Result
		if err := json.Unmarshal(m.Data(), &res); err != nil {
			return nil, fmt.Errorf("result %s: %w", m.Data(), err)
		}
		out = append(out, res)
	}
	return out, nil
}

// ledger reads all entries.
func (r *rig) ledger() (out map[ledger.Key]ledger.Entry) {
	r.t.Helper()
	r.reading("ledger", func(ctx context.Context) (err error) {
		out, err = r.entries(ctx)
		return err
	})
	return out
}

func (r *rig) entries(ctx context.Context) (map[ledger.Key]ledger.Entry, error) {
	out := map[ledger.Key]ledger.Entry{}
	err := r.conn.Ledger().Each(ctx, func(k ledger.Key, e ledger.Entry) error {
		out[k] = e
		return nil
	})
	return out, err
}

// restPause is how often it is looked whether all is done: the ledger is read
// as a whole for that.
const restPause = 500 * time.Millisecond

// stuckAfter is how long an entry may owe something that nothing on a queue
// will bring about, before it is taken for lost. It owes so for a moment while
// a worker is between two records.
const stuckAfter = 30 * time.Second

// errUnfinished: there was too much to do, or it took too long.
var errUnfinished = errors.New("not at rest")

// rest waits until nothing is queued, no entry owes anything, and no request is
// under way to a tracker. The error says what is left.
func (r *rig) rest(atMost time.Duration) error {
	tick := time.NewTicker(restPause)
	defer tick.Stop()
	end := time.Now().Add(atMost)
	for alive := time.Now(); ; <-tick.C {
		left, comes := r.left()
		now := time.Now()
		if comes {
			alive = now
		}
		switch {
		case left == "":
			return nil
		case now.Sub(alive) > stuckAfter:
			return fmt.Errorf("for %s nothing was queued, and still: %s", stuckAfter, left)
		case now.After(end):
			return fmt.Errorf("%w within %s: %s", errUnfinished, atMost.Round(time.Second), left)
		}
	}
}

// awaitRest is rest for whom unrest is a failure.
func (r *rig) awaitRest(atMost time.Duration) {
	r.t.Helper()
	if err := r.rest(atMost); err != nil {
		r.t.Fatalf("%v\n%s", err, r.workers[0].logTail())
	}
}

// left says what is not done yet, "" if all is, and whether anything is on its
// way that may do it.
func (r *rig) left() (what string, comes bool) {
	b, err := r.conn.Backlog(r.t.Context())
	if err != nil {
		return err.Error(), true
	}
	sizes, err := r.conn.QueueSizes(r.t.Context())
	if err != nil {
		return err.Error(), true
	}
	var jobs, retries uint64
	for _, size := range sizes {
		jobs, retries = jobs+size.Jobs, retries+size.Retries
	}
	if b.Events+jobs+retries > 0 {
		return fmt.Sprintf("%d events not routed, %d jobs, %d retries wait", b.Events, jobs, retries), true
	}
	for _, tr := range r.trackers {
		if n := tr.under.Load(); n > 0 {
			return fmt.Sprintf("%d requests are under way to %s", n, tr.id), true
		}
	}
	var entries map[ledger.Key]ledger.Entry
	if err := r.readOnce("ledger", func(ctx context.Context) (err error) {
		entries, err = r.entries(ctx)
		return err
	}); err != nil {
		return err.Error(), true
	}
	for k, e := range entries {
		if e.Blocked && !r.looks() {
			continue // it waits for a person: see settleByHand
		}
		if owed := owes(e); owed != "" {
			return fmt.Sprintf("case %s: %s, and no job", k.Case, owed), false
		}
	}
	return "", false
}

// owes says why an entry is not at rest.
func owes(e ledger.Entry) string {
	switch {
	case e.Blocked:
		return "blocked"
	case e.Claim != nil:
		return "claimed by " + e.Claim.Owner
	case !e.Plan.Empty():
		return "an open intent"
	case e.Retry != nil:
		return "waits for a retry: " + e.Retry.Reason
	case e.Closing != nil:
		return "a close is owed"
	case !e.Cursor.Covers(e.Want) && !e.Want.IsZero():
		return fmt.Sprintf("cursor %d, wanted %d", e.Cursor.Seq, e.Want.Seq)
	}
	return ""
}
