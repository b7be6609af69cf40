package stream

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"
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
	return passOver(ctx, s, passing{of: jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}, DeliverPolicy: jetstream.DeliverAllPolicy}}, f)
}

// passing is what a pass goes over, and how.
type passing struct {
	of   jetstream.OrderedConsumerConfig
	pull []jetstream.PullMessagesOpt
	// quiet is called when nothing has come for a while: the pass has no end
	// then but by an error. nil: it ends with what is stored.
	quiet func() error
}

// errEnough is what f returns to end a pass that has done its work.
var errEnough = errors.New("enough was read")

// passOver is pass over what a consumer of this kind gets. Its consumer is gone
// when the server that had it goes, and may stand still afterwards: then another
// one goes on behind what was seen, and each message is given once.
func passOver(ctx context.Context, s jetstream.Stream, p passing, f func(jetstream.Msg, *jetstream.MsgMetadata) error) error {
	l := leg{Stream: s, passing: p, f: f}
	for stuck := 0; ; {
		before := l.seen
		err := l.run(ctx)
		switch {
		case errors.Is(err, errEnough):
			return nil
		case err == nil, l.stopped, !errors.Is(err, errStandsStill) && !passes(ctx, err):
			return err
		}
		if l.seen > before {
			stuck = 0
		}
		if stuck++; stuck > maxStuck {
			return err
		}
		sleep(ctx, passPatience, nil)
	}
}

// passes reports whether another consumer may succeed where one met err.
func passes(ctx context.Context, err error) bool {
	var api *jetstream.APIError
	return ctx.Err() == nil && (isAny(err, jetstream.ErrConsumerNotFound, jetstream.ErrConsumerDeleted, context.DeadlineExceeded,
		nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected, nats.ErrConnectionReconnecting) ||
		errors.As(err, &api) && api.Code == http.StatusServiceUnavailable)
}

// leg is the part of a pass that one consumer does.
type leg struct {
	jetstream.Stream
	passing
	f       func(jetstream.Msg, *jetstream.MsgMetadata) error
	seen    uint64 // what f was given; the next consumer begins behind it
	stopped bool   // f, or quiet, returned an error
}

// begin is what the leg's consumer is to get.
func (l *leg) begin() jetstream.OrderedConsumerConfig {
	of := l.of
	if l.seen > 0 {
		of.DeliverPolicy, of.OptStartSeq, of.OptStartTime = jetstream.DeliverByStartSequencePolicy, l.seen+1, nil
	}
	return of
}

func (l *leg) run(ctx context.Context) error {
	cons, err := l.OrderedConsumer(ctx, l.begin())
	if err != nil {
		return err
	}
	defer forget(ctx, l.Stream, cons)
	if info := cons.CachedInfo(); l.quiet == nil && info != nil && info.NumPending == 0 {
		return nil
	}
	messages, err := cons.Messages(l.pull...)
	if err != nil {
		return err
	}
	defer messages.Stop()
	for idle := 0; ; {
		m, err := nextOf(ctx, messages)
		if errors.Is(err, errNoneNow) {
			idle++
			if over, err := l.none(ctx, cons, &idle); over || err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		idle = 0
		if over, err := l.give(m); over || err != nil {
			return err
		}
	}
}

// none finds out why nothing has come for the idle-th time in a row; over: the
// pass has come to its end.
func (l *leg) none(ctx context.Context, cons jetstream.Consumer, idle *int) (over bool, err error) {
	over, err = passed(ctx, cons, l.seen)
	switch {
	case err != nil:
		return false, err
	case over && l.quiet == nil:
		return true, nil
	case over:
		*idle = 0
	case *idle >= maxIdle:
		return false, errStandsStill
	}
	if l.quiet == nil {
		return false, nil
	}
	err = l.quiet()
	l.stopped = err != nil
	return false, err
}

// give gives a message to f, unless an earlier consumer did; over: it was the
// last one.
func (l *leg) give(m jetstream.Msg) (over bool, err error) {
	meta, err := m.Metadata()
	if err != nil {
		return false, err
	}
	if meta.Sequence.Stream > l.seen {
		if err := l.f(m, meta); err != nil {
			l.stopped = true
			return false, err
		}
		l.seen = meta.Sequence.Stream
	}
	return meta.NumPending == 0 && l.quiet == nil, nil
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
