package stream

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// Retire removes the events that are older than their retention and that
// nothing needs any more, and returns the sequence of the oldest event that is
// left. The stream has no age limit of its own, which would drop events in
// silence that are not pushed yet.
//
// Needed are events that were not routed, those of stored jobs and wake-ups,
// and those that an entry of the ledger owes. It reads the whole ledger once.
func (c *Conn) Retire(ctx context.Context) (uint64, error) {
	made, err := c.events.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("retention of events: %w", err)
	}
	first, err := c.firstSince(ctx, time.Now().Add(-cmp.Or(c.opts.Retention.Events, eventAge)))
	if err != nil {
		return 0, err
	}
	for _, needed := range []func(context.Context) (uint64, error){c.neededByRouter, c.neededByJobs, c.neededByLedger} {
		seq, err := needed(ctx)
		if err != nil {
			return 0, fmt.Errorf("retention of events: %w", err)
		}
		first = min(first, seq)
	}
	now, err := c.events.Info(ctx)
	switch {
	case err != nil:
		return 0, fmt.Errorf("retention of events: %w", err)
	case !now.Created.Equal(made.Created):
		return 0, errors.New("retention of events: the stream was made anew meanwhile")
	case first > now.State.FirstSeq: // to purge up to 0 is to purge everything
		if err := c.events.Purge(ctx, jetstream.WithPurgeSequence(first)); err != nil {
			return 0, fmt.Errorf("retention of events: %w", err)
		}
	}
	return first, c.putSetting(ctx, c.retiredSubject(), retireMark{At: time.Now().UTC()})
}

// retireMark says when events were last retired.
type retireMark struct {
	At time.Time `json:"at"`
}

func (c *Conn) retiredSubject() string { return c.names.setting("retire") }

// RetiredAt is when Retire last came to its end, by the clock of whoever called
// it; zero if it never did.
func (c *Conn) RetiredAt(ctx context.Context) (time.Time, error) {
	var m retireMark
	_, _, err := c.getSetting(ctx, c.retiredSubject(), &m)
	return m.At, err
}

// firstSince is the sequence of the first event stored at or after t, or the
// one that the next event will get.
func (c *Conn) firstSince(ctx context.Context, t time.Time) (uint64, error) {
	info, err := c.events.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("retention of events: %w", err)
	}
	// Times grow with sequences, so a binary search does.
	low, high := info.State.FirstSeq, info.State.LastSeq+1
	for low < high {
		middle := low + (high-low)/2
		m, _, err := c.readEvent(ctx, query{Seq: middle, Next: c.names.join("push", ">")})
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			high = middle // nothing at or after it
		case err != nil:
			return 0, fmt.Errorf("retention of events: %w", err)
		case m.Time.Before(t):
			low = m.Sequence + 1
		default:
			high = middle
		}
	}
	return low, nil
}

func (c *Conn) neededByRouter(ctx context.Context) (uint64, error) {
	cons, err := c.events.Consumer(ctx, c.routerName())
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return 0, nil // no worker has run yet: everything is needed
	}
	if err != nil {
		return 0, err
	}
	return cons.CachedInfo().AckFloor.Stream + 1, nil
}

func (c *Conn) neededByJobs(ctx context.Context) (uint64, error) {
	oldest := ^uint64(0)
	for seq := uint64(1); ; {
		m, err := c.work.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(c.names.prefix+".>"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return oldest, nil
		}
		if err != nil {
			return 0, err
		}
		var j push.Job
		if err := json.Unmarshal(m.Data, &j); err != nil {
			return 0, fmt.Errorf("job %d cannot be read: %w", m.Sequence, err)
		}
		oldest = min(oldest, j.Seq)
		seq = m.Sequence + 1
	}
}

func (c *Conn) neededByLedger(ctx context.Context) (uint64, error) {
	oldest := ^uint64(0)
	err := c.Ledger().Each(ctx, func(key ledger.Key, e ledger.Entry) error {
		if !e.Blocked && !e.Promised() {
			return nil
		}
		after := uint64(0)
		if e.Cursor.Stream == c.Incarnation() {
			after = e.Cursor.Seq
		}
		m, _, err := c.readEvent(ctx, query{Seq: after + 1, Next: c.names.Event(key.Space, key.Case)})
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err == nil {
			oldest = min(oldest, m.Sequence)
		}
		return err
	})
	return oldest, err
}
