package stream

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/casepush/casepush/internal/push"
)

// ResultStore publishes outcomes. It implements push.Results.
type ResultStore struct{ c *Conn }

// Results is where outcomes go.
func (c *Conn) Results() ResultStore { return ResultStore{c} }

// Publish implements push.Results. The same outcome twice within the stream's
// window is stored once.
func (s ResultStore) Publish(ctx context.Context, r push.Result) error {
	return s.c.publishOnce(ctx, s.c.resultWrites, s.c.names.Result(encode(r.SpaceID), encode(r.CaseID)), r,
		r.ConnectorID, r.SpaceID, r.CaseID, r.EventID, r.EventSeq, r.ThroughSeq, r.Outcome, r.Reason, r.At.UnixNano())
}

// publishOnce stores v as JSON under a message id made of what identifies it.
func (c *Conn) publishOnce(ctx context.Context, by *committer, subject string, v any, identity ...any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode for %s: %w", subject, err)
	}
	named, err := json.Marshal(identity)
	if err != nil {
		return fmt.Errorf("encode for %s: %w", subject, err)
	}
	id := sha256.Sum256(named)
	msg := nats.NewMsg(subject)
	msg.Data = body
	msg.Header.Set(nats.MsgIdHdr, base64.RawURLEncoding.EncodeToString(id[:16]))
	if _, _, err := by.publish(ctx, msg); err != nil {
		return fmt.Errorf("publish on %s: %w", subject, err)
	}
	return nil
}

// Listener hears the outcomes of one case from the moment it was made.
type Listener struct{ sub *nats.Subscription }

// Listen starts to hear the outcomes of a case. Start before publishing.
func (c *Conn) Listen(space, caseID string) (*Listener, error) {
	sub, err := c.nc.SubscribeSync(c.names.Result(encode(space), encode(caseID)))
	if err != nil {
		return nil, fmt.Errorf("listen for outcomes of case %q: %w", caseID, err)
	}
	return &Listener{sub}, nil
}

// Next waits for the next outcome that covers the event seq.
func (l *Listener) Next(ctx context.Context, seq uint64) (push.Result, error) {
	for {
		m, err := l.sub.NextMsgWithContext(ctx)
		if err != nil {
			return push.Result{}, fmt.Errorf("wait for the outcome: %w", err)
		}
		var r push.Result
		if err := json.Unmarshal(m.Data, &r); err != nil {
			continue // somebody else's message on our subject
		}
		if r.ThroughSeq >= seq || r.EventSeq >= seq {
			return r, nil
		}
	}
}

// Close ends listening.
func (l *Listener) Close() { _ = l.sub.Unsubscribe() }
