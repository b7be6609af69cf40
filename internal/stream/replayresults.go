package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// LastResult is the sequence of the newest stored outcome; 0 if there never was one.
func (c *Conn) LastResult(ctx context.Context) (uint64, error) {
	s, err := c.js.Stream(ctx, c.names.Results())
	if err != nil {
		return 0, fmt.Errorf("results: %w", err)
	}
	return s.CachedInfo().State.LastSeq, nil
}

// FollowResults gives the outcomes that were stored after a sequence to f with
// their sequences, in order and those that come too, until f returns an error,
// which it returns then, or ctx is done. When none has come for a while, f gets
// nil and the newest sequence that was seen. Unlike a Listener it misses none.
func (c *Conn) FollowResults(ctx context.Context, after uint64, f func(seq uint64, r *push.Result) error) error {
	s, err := c.js.Stream(ctx, c.names.Results())
	if err != nil {
		return fmt.Errorf("follow results: %w", err)
	}
	cons, err := s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1,
	})
	if err != nil {
		return fmt.Errorf("follow results: %w", err)
	}
	defer forget(ctx, s, cons)
	messages, err := cons.Messages()
	if err != nil {
		return fmt.Errorf("follow results: %w", err)
	}
	defer messages.Stop()
	for seen := after; ; {
		var r *push.Result
		m, err := nextOf(ctx, messages)
		switch {
		case errors.Is(err, errNoneNow):
		case err != nil:
			return fmt.Errorf("follow results: %w", err)
		default:
			meta, err := m.Metadata()
			if err != nil {
				return fmt.Errorf("follow results: %w", err)
			}
			seen, r = meta.Sequence.Stream, new(push.Result)
			if err := json.Unmarshal(m.Data(), r); err != nil {
				continue // somebody else's message on our subject
			}
		}
		if err := f(seen, r); err != nil {
			return err
		}
	}
}

// HasJob reports whether a job of the entry, or a wake-up in the future, is
// stored. A job goes after its outcome was stored.
func (c *Conn) HasJob(ctx context.Context, key ledger.Key) (bool, error) {
	queue := encode(key.Connector)
	// In this order: a wake-up becomes a job.
	for _, subject := range []string{c.names.later(queue, key.Space, key.Case), c.names.job(queue, key.Space, key.Case)} {
		_, err := c.work.GetLastMsgForSubject(ctx, subject)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, jetstream.ErrMsgNotFound) {
			return false, fmt.Errorf("look for jobs of case %q: %w", key.Case, err)
		}
	}
	return false, nil
}
