package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

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

// rest waits until nothing is queued, no entry owes anything, and no request is
// under way to a tracker. The error says what is left.
func (r *rig) rest(atMost time.Duration) error {
	tick := time.NewTicker(restPause)
	defer tick.Stop()
	for end := time.Now().Add(atMost); ; <-tick.C {
		left := r.left()
		if left == "" {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("not at rest within %s: %s", atMost.Round(time.Second), left)
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

// left says what is not done yet, "" if all is.
func (r *rig) left() string {
	b, err := r.conn.Backlog(r.t.Context())
	if err != nil {
		return err.Error()
	}
	jobs := uint64(0)
	for _, n := range b.ByConnector {
		jobs += n
	}
	if b.Events+jobs+b.Waiting > 0 {
		return fmt.Sprintf("%d events not routed, %d jobs, %d retries wait", b.Events, jobs, b.Waiting)
	}
	entries, err := r.entries()
	if err != nil {
		return err.Error()
	}
	for k, e := range entries {
		if owed := owes(e); owed != "" {
			return fmt.Sprintf("case %s: %s, and no job", k.Case, owed)
		}
	}
	for _, tr := range r.trackers {
		if n := tr.under.Load(); n > 0 {
			return fmt.Sprintf("%d requests are under way to %s", n, tr.id)
		}
	}
	return ""
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
