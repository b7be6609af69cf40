package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// publishTimeout is how long NATS may take no event, while a node is down.
const publishTimeout = time.Minute

// publish sends events as any producer does: with a plain client, each under a
// message id of its own, and again under the same id when there is no answer.
// It returns them with their sequences.
func (r *rig) publish(idPrefix string, messages []message) ([]message, error) {
	out := make([]message, 0, len(messages))
	for i, m := range messages {
		msg := nats.NewMsg(fmt.Sprintf("casepush.push.%s.%s", space, m.caseID))
		msg.Data = m.body
		msg.Header.Set(nats.MsgIdHdr, fmt.Sprintf("%s-%d", idPrefix, i))
		tries := 0
		var last error
		err := poll(publishTimeout, func() (bool, error) {
			tries++
			var ack *jetstream.PubAck
			if ack, last = r.send(msg); last != nil {
				return false, r.t.Context().Err()
			}
			if ack.Duplicate && tries == 1 {
				return false, fmt.Errorf("message id %q was taken for a duplicate", msg.Header.Get(nats.MsgIdHdr))
			}
			m.seq = ack.Sequence
			return true, nil
		})
		if err != nil {
			return out, fmt.Errorf("publish: %w", errors.Join(err, last))
		}
		out = append(out, m)
	}
	return out, nil
}

// producers is how many publish at once where order does not matter.
const producers = 16

// publishAll publishes in any order and returns the least sequence.
func (r *rig) publishAll(idPrefix string, messages []message) (uint64, error) {
	var g errgroup.Group
	parts := slices.Collect(slices.Chunk(messages, len(messages)/producers+1))
	firsts := make([]uint64, len(parts))
	for i, part := range parts {
		g.Go(func() error {
			sent, err := r.publish(fmt.Sprintf("%s-%d", idPrefix, i), part)
			if err == nil {
				firsts[i] = sent[0].seq
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return slices.Min(firsts), nil
}

func (r *rig) send(msg *nats.Msg) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeout(r.t.Context(), 2*time.Second)
	defer cancel()
	return r.js.PublishMsg(ctx, msg)
}

// told is what a part of the story has published.
type told struct {
	messages []message
	err      error
}

// tell does and publishes up to n steps of the story, spread over a time. Where
// NATS keeps it waiting, it catches up.
func (r *rig) tell(story *story, n int, over time.Duration) (t told) {
	n = min(n, len(story.order))
	begun := time.Now()
	for i := range n {
		<-time.After(time.Until(begun.Add(over * time.Duration(i) / time.Duration(n))))
		messages, err := story.next()
		if err != nil {
			return told{t.messages, err}
		}
		sent, err := r.publish(fmt.Sprintf("live-%d", len(story.order)), messages)
		if t.messages = append(t.messages, sent...); err != nil {
			return told{t.messages, err}
		}
	}
	return t
}

// results reads all outcomes so far.
func (r *rig) results() []push.Result {
	r.t.Helper()
	s, err := r.js.Stream(r.t.Context(), "CASEPUSH_RESULTS")
	if err != nil {
		r.t.Fatal(err)
	}
	info, err := s.Info(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	cons, err := s.OrderedConsumer(r.t.Context(), jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		r.t.Fatal(err)
	}
	messages, err := cons.Messages()
	if err != nil {
		r.t.Fatal(err)
	}
	defer messages.Stop()
	out := make([]push.Result, 0, info.State.Msgs)
	for uint64(len(out)) < info.State.Msgs {
		m, err := messages.Next(jetstream.NextMaxWait(30 * time.Second))
		if err != nil {
			r.t.Fatalf("read results: %d of %d: %v", len(out), info.State.Msgs, err)
		}
		var res push.Result
		if err := json.Unmarshal(m.Data(), &res); err != nil {
			r.t.Fatalf("result %s: %v", m.Data(), err)
		}
		out = append(out, res)
	}
	return out
}

// ledger reads all entries.
func (r *rig) ledger() map[ledger.Key]ledger.Entry {
	r.t.Helper()
	out, err := r.entries()
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *rig) entries() (map[ledger.Key]ledger.Entry, error) {
	out := map[ledger.Key]ledger.Entry{}
	err := r.conn.Ledger().Each(r.t.Context(), func(k ledger.Key, e ledger.Entry) error {
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
	entries, err := r.entries()
	if err != nil {
		return err.Error(), true
	}
	for k, e := range entries {
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
