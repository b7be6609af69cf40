package killtest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// publish sends events as any producer does: with a plain client, each under a
// message id of its own. It returns them with their sequences.
func (r *rig) publish(idPrefix string, messages []message) ([]message, error) {
	out := make([]message, 0, len(messages))
	for i, m := range messages {
		msg := nats.NewMsg(fmt.Sprintf("casepush.push.%s.%s", space, m.caseID))
		msg.Data = m.body
		msg.Header.Set(nats.MsgIdHdr, fmt.Sprintf("%s-%d", idPrefix, i))
		ack, err := r.js.PublishMsg(r.t.Context(), msg)
		if err != nil {
			return out, fmt.Errorf("publish: %w", err)
		}
		if ack.Duplicate {
			return out, fmt.Errorf("publish: message id %q was taken for a duplicate", msg.Header.Get(nats.MsgIdHdr))
		}
		m.seq = ack.Sequence
		out = append(out, m)
	}
	return out, nil
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
	out := make([]push.Result, 0, info.State.Msgs)
	for uint64(len(out)) < info.State.Msgs {
		m, err := cons.Next(jetstream.FetchMaxWait(5 * time.Second))
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

// ledger reads all entries by case.
func (r *rig) ledger() map[string]ledger.Entry {
	r.t.Helper()
	out := map[string]ledger.Entry{}
	err := r.conn.Ledger().Each(r.t.Context(), func(k ledger.Key, e ledger.Entry) error {
		if k.Connector != connectorID || k.Space != space {
			return fmt.Errorf("unexpected entry %+v", k)
		}
		out[k.Case] = e
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// awaitRest waits until nothing is queued and no entry owes anything.
func (r *rig) awaitRest(atMost time.Duration) {
	r.t.Helper()
	var left string
	end := time.Now().Add(atMost)
	r.until("everything is done", atMost+time.Minute, func() (bool, error) {
		left = r.left()
		if left != "" && time.Now().After(end) {
			return false, fmt.Errorf("not within %s: %s\n%s", atMost, left, r.logTail())
		}
		return left == "", nil
	})
}

// left says what is not done yet, "" if all is.
func (r *rig) left() string {
	r.t.Helper()
	if !r.worker.Running() {
		r.t.Fatalf("the worker has ended by itself\n%s", r.logTail())
	}
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
	for id, e := range r.ledger() {
		if owed := owes(e); owed != "" {
			return fmt.Sprintf("case %s: %s, and no job", id, owed)
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
