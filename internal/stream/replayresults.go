package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

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

// FollowResults gives the outcomes that were stored after a sequence to f, in
// order and those that come too, until f returns an error, which it returns
// then, or ctx is done. Unlike a Listener it misses none of them.
func (c *Conn) FollowResults(ctx context.Context, after uint64, f func(push.Result) error) error {
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
	for {
		m, err := nextOf(ctx, messages)
		if errors.Is(err, errNoneNow) {
			continue
		}
		if err != nil {
			return fmt.Errorf("follow results: %w", err)
		}
		var r push.Result
		if err := json.Unmarshal(m.Data(), &r); err != nil {
			continue // somebody else's message on our subject
		}
		if err := f(r); err != nil {
			return err
		}
	}
}
