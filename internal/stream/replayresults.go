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
	var stopped error
	seen := after
	tell := func(r *push.Result) error {
		stopped = f(seen, r)
		return stopped
	}
	err = passOver(ctx, s, passing{of: jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1,
	}, quiet: func() error { return tell(nil) }}, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		seen = meta.Sequence.Stream
		r := new(push.Result)
		if json.Unmarshal(m.Data(), r) != nil {
			return nil // somebody else's message on our subject
		}
		return tell(r)
	})
	if err != nil && stopped == nil {
		return fmt.Errorf("follow results: %w", err)
	}
	return err
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
