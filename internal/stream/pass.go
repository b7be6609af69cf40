package stream

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// passPatience is how long a pass waits for its next message before it asks
// whether there is one: what was announced may have been removed meanwhile.
const passPatience = 500 * time.Millisecond

// pass gives the messages on a subject to f in the order of their sequences,
// until f returns an error, which pass returns. It ends with what was stored
// when it began, or later; a message that is replaced meanwhile comes at its
// new place. One message is in the hands of f; the client holds some more.
func pass(ctx context.Context, s jetstream.Stream, subject string, f func(jetstream.Msg, *jetstream.MsgMetadata) error) error {
	return passOver(ctx, s, jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}, DeliverPolicy: jetstream.DeliverAllPolicy}, f)
}

// passOver is pass over what a consumer of this kind gets. Its consumer is gone
// when the server that had it goes, and may stand still afterwards: then another
// one goes on behind what was seen.
func passOver(ctx context.Context, s jetstream.Stream, of jetstream.OrderedConsumerConfig, f func(jetstream.Msg, *jetstream.MsgMetadata) error) error {
	seen := uint64(0)
	for stuck := 0; ; {
		before := seen
		err := leg(ctx, s, of, &seen, f)
		if !errors.Is(err, errStandsStill) && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return err
		}
		if seen > before {
			stuck = 0
		}
		if stuck++; stuck > maxStuck {
			return err
		}
	}
}

// leg is a pass with one consumer, over what is behind seen, which it moves.
func leg(ctx context.Context, s jetstream.Stream, of jetstream.OrderedConsumerConfig, seen *uint64, f func(jetstream.Msg, *jetstream.MsgMetadata) error) error {
	cons, err := s.OrderedConsumer(ctx, of)
	if err != nil {
		return err
	}
	defer forget(ctx, s, cons)
	if info := cons.CachedInfo(); info != nil && info.NumPending == 0 {
		return nil
	}
	messages, err := cons.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	for idle := 0; ; {
		m, err := nextOf(ctx, messages)
		if errors.Is(err, errNoneNow) {
			if over, err := passed(ctx, cons, *seen); over || err != nil {
				return err
			}
			if idle++; idle >= maxIdle {
				return errStandsStill
			}
			continue
		}
		if err != nil {
			return err
		}
		idle = 0
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Stream > *seen { // else an earlier consumer gave it
			if err := f(m, meta); err != nil {
				return err
			}
			*seen = meta.Sequence.Stream
		}
		if meta.NumPending == 0 {
			return nil
		}
	}
}

const (
	maxIdle  = 6 // times passPatience without a message that the server says there is
	maxStuck = 5 // consumers in a row that brought nothing
)

var errStandsStill = errors.New("the server announces messages and sends none")

var errNoneNow = errors.New("no message now")

// nextOf is errNoneNow when none has come for a while.
func nextOf(ctx context.Context, messages jetstream.MessagesContext) (jetstream.Msg, error) {
	wait, cancel := context.WithTimeout(ctx, passPatience)
	defer cancel()
	m, err := messages.Next(jetstream.NextContext(wait))
	if err != nil && ctx.Err() == nil && wait.Err() != nil {
		return nil, errNoneNow
	}
	return m, err
}

// passed reports whether nothing is left after the last message that was seen.
func passed(ctx context.Context, cons jetstream.Consumer, seen uint64) (bool, error) {
	info, err := cons.Info(ctx)
	if err != nil {
		return false, err
	}
	return info.NumPending == 0 && info.Delivered.Stream <= seen, nil
}

// forget removes the consumer of a pass: left alone it stays for minutes, and a
// stream has at most 1,000.
func forget(ctx context.Context, s jetstream.Stream, cons jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	if info := cons.CachedInfo(); info != nil {
		_ = s.DeleteConsumer(ctx, info.Name) // else it goes by its own time
	}
}
