package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// getSetting reads a key of the config bucket into v and returns its revision;
// v stays as it is, and the revision is that of the next write, if there is no
// such key. The leader answers.
func (c *Conn) getSetting(ctx context.Context, subject string, v any) (rev uint64, ok bool, err error) {
	m, err := c.config.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read %s: %w", subject, err)
	}
	if len(m.Data) == 0 { // the marker of a key that has ended
		return m.Sequence, false, nil
	}
	if err := json.Unmarshal(m.Data, v); err != nil {
		return 0, false, fmt.Errorf("%s cannot be read: %w", subject, err)
	}
	return m.Sequence, true, nil
}

// putSetting writes a key of the config bucket, whatever it was.
func (c *Conn) putSetting(ctx context.Context, subject string, v any) error {
	_, err := c.writeSetting(ctx, subject, v)
	return err
}

func (c *Conn) writeSetting(ctx context.Context, subject string, v any, opts ...jetstream.PublishOpt) (rev uint64, err error) {
	body, err := json.Marshal(v)
	if err != nil {
		return 0, fmt.Errorf("encode %s: %w", subject, err)
	}
	msg := nats.NewMsg(subject)
	msg.Data = body
	ack, err := c.js.PublishMsg(ctx, msg, opts...)
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", subject, err)
	}
	return ack.Sequence, nil
}

// casSetting writes a key if its revision is still rev. ttl: the key ends by
// itself then; 0 is never. The error wraps errTaken when somebody was faster.
func (c *Conn) casSetting(ctx context.Context, subject string, v any, rev uint64, ttl time.Duration) (uint64, error) {
	opts := []jetstream.PublishOpt{jetstream.WithExpectLastSequencePerSubject(rev), jetstream.WithRetryAttempts(0)}
	if ttl > 0 {
		opts = append(opts, jetstream.WithMsgTTL(ttl))
	}
	next, err := c.writeSetting(ctx, subject, v, opts...)
	if isConflict(err) {
		return 0, fmt.Errorf("%w: %w", errTaken, err)
	}
	return next, err
}

var errTaken = errors.New("somebody else was faster")
