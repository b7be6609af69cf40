package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// query asks a stream for one message: that of a sequence, the next one of a
// subject at or after it, or the last one of a subject.
type query struct {
	Seq  uint64 `json:"seq,omitempty"`
	Next string `json:"next_by_subj,omitempty"`
	Last string `json:"last_by_subj,omitempty"`
	// Batch of 1 makes a direct answer tell how many follow (ADR-31).
	Batch int `json:"batch,omitempty"`
}

// readEvent reads an event. more is false only if it is certain that it is the
// newest one of its subject as well. The error is jetstream.ErrMsgNotFound if
// there is none.
//
// It is not left to nats.go (1.55): a direct answer tells sequence, subject and
// time in headers behind those of the message itself, and that takes the first
// of each name, which the producer of an event may have written: whoever copies a
// message, or JetStream's republishing, does.
func (c *Conn) readEvent(ctx context.Context, q query) (m *jetstream.RawStreamMsg, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if config := c.events.CachedInfo().Config; !config.AllowDirect || stale(config) {
		m, err = c.askLeader(ctx, c.names.Events(), q)
		return m, true, err
	}
	if q.Next != "" {
		q.Batch = 1
	}
	body, err := json.Marshal(q)
	if err != nil {
		return nil, false, err
	}
	// The end of the batch follows in a second message, which the client drops.
	r, err := c.nc.RequestWithContext(ctx, "$JS.API.DIRECT.GET."+c.names.Events(), body)
	if errors.Is(err, nats.ErrNoResponders) { // direct reads were turned off just now, or the server is away
		q.Batch = 0
		m, err = c.askLeader(ctx, c.names.Events(), q)
		return m, true, err
	}
	if err != nil {
		return nil, false, err
	}
	if status := r.Header.Get("Status"); status != "" && len(r.Data) == 0 {
		if status == "404" {
			return nil, false, jetstream.ErrMsgNotFound
		}
		return nil, false, fmt.Errorf("direct read: status %s: %s", status, r.Header.Get("Description"))
	}
	if m, more, err = rawMessage(r); err != nil {
		return nil, false, err
	}
	if m.Sequence < q.Seq || q.Next != "" && m.Subject != q.Next && !wild(q.Next) || q.Last != "" && m.Subject != q.Last {
		return nil, false, errBadAnswer
	}
	return m, more, nil
}

// wild reports whether the subject has wildcards.
func wild(subject string) bool { return subject[len(subject)-1] == '>' }

var errBadAnswer = errors.New("direct read: the answer is not to the question")

// rawMessage takes apart the answer to a direct read.
func rawMessage(r *nats.Msg) (m *jetstream.RawStreamMsg, more bool, err error) {
	seq, err := strconv.ParseUint(lastHeader(r, jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return nil, false, errBadAnswer
	}
	at, err := time.Parse(time.RFC3339Nano, lastHeader(r, jetstream.TimeStampHeaer))
	if err != nil {
		return nil, false, errBadAnswer
	}
	m = &jetstream.RawStreamMsg{
		Subject: lastHeader(r, jetstream.SubjectHeader), Sequence: seq, Header: r.Header, Data: r.Data, Time: at,
	}
	return m, lastHeader(r, "Nats-Num-Pending") != "0", nil
}

// lastHeader is what the server has written behind whatever was there.
func lastHeader(r *nats.Msg, name string) string {
	values := r.Header.Values(name)
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// askLeader is a read that no replica answers which may be behind, whatever the
// stream's configuration is.
func (c *Conn) askLeader(ctx context.Context, stream string, q query) (*jetstream.RawStreamMsg, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	r, err := c.nc.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+stream, body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message *struct {
			Subject string    `json:"subject"`
			Seq     uint64    `json:"seq"`
			Header  []byte    `json:"hdrs"`
			Data    []byte    `json:"data"`
			Time    time.Time `json:"time"`
		} `json:"message"`
	}
	if err := json.Unmarshal(r.Data, &answer); err != nil {
		return nil, fmt.Errorf("read of stream %s: %w", stream, err)
	}
	switch {
	case answer.Error != nil && answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return nil, jetstream.ErrMsgNotFound
	case answer.Error != nil:
		return nil, answer.Error
	case answer.Message == nil:
		return nil, fmt.Errorf("read of stream %s: %w", stream, jetstream.ErrInvalidJetStreamResponse)
	}
	m := &jetstream.RawStreamMsg{Subject: answer.Message.Subject, Sequence: answer.Message.Seq, Data: answer.Message.Data, Time: answer.Message.Time}
	if len(answer.Message.Header) > 0 {
		if m.Header, err = nats.DecodeHeadersMsg(answer.Message.Header); err != nil {
			return nil, fmt.Errorf("read of stream %s: %w", stream, err)
		}
	}
	return m, nil
}
