package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
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
