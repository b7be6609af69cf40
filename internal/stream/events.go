package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// Publish puts an event on the stream and returns its sequence. duplicate:
// the stream had an event of this id within its window and took no second one.
func (c *Conn) Publish(ctx context.Context, e event.Event) (seq uint64, duplicate bool, err error) {
	body, err := e.Encode()
	if err != nil {
		return 0, false, err
	}
	if limit := c.MaxPayload(); int64(len(body)) > limit {
		return 0, false, fmt.Errorf("event of case %q has %d bytes, the NATS server takes %d: publish it without its case (casepush reads that from Kibana), or raise max_payload", e.CaseID, len(body), limit)
	}
	msg := nats.NewMsg(c.names.Event(e.SpaceID, e.CaseID))
	msg.Data = body
	maps.Copy(msg.Header, e.Header())
	ack, err := c.js.PublishMsg(ctx, msg)
	if err != nil {
		return 0, false, fmt.Errorf("publish event of case %q: %w", e.CaseID, err)
	}
	return ack.Sequence, ack.Duplicate, nil
}

// Incarnation implements push.Mailbox: the time at which the stream was made,
// which no second stream of this name shares.
func (c *Conn) Incarnation() string { return *c.incarnation.Load() }

// refresh finds out whether the event stream was made anew.
func (c *Conn) refresh(ctx context.Context) error {
	info, err := c.events.Info(ctx)
	if err != nil {
		return fmt.Errorf("event stream: %w", err)
	}
	id := strconv.FormatInt(info.Created.UnixNano(), 36)
	c.incarnation.Store(&id)
	return nil
}

// Has implements push.Mailbox.
func (c *Conn) Has(ctx context.Context, seq uint64) (bool, error) {
	_, _, err := c.readEvent(ctx, query{Seq: seq})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, c.gone(ctx, seq)
	}
	if err != nil {
		return false, fmt.Errorf("read event %d: %w", seq, err)
	}
	return true, nil
}

// gone is nil if an event that was not found is no longer there. A new leader of
// a replicated stream may not have come to it yet: then it is an error, and the
// event is looked for again.
func (c *Conn) gone(ctx context.Context, seq uint64) error {
	info, err := c.events.Info(ctx)
	if err != nil {
		return fmt.Errorf("read event %d: %w", seq, err)
	}
	if last := info.State.LastSeq; seq > last && info.Config.Replicas > 1 {
		return fmt.Errorf("read event %d: the stream's leader has come to %d only", seq, last)
	}
	return nil
}

// Events implements push.Mailbox.
func (c *Conn) Events(ctx context.Context, space, caseID string, after uint64, limit int) ([]push.Mail, ledger.Position, error) {
	subject := c.names.Event(space, caseID)
	head := ledger.Position{Stream: c.Incarnation()}
	wrong := func(err error) ([]push.Mail, ledger.Position, error) {
		return nil, head, fmt.Errorf("read events of case %q: %w", caseID, err)
	}
	// Mostly there is one: the first is the newest.
	first, more, err := c.readEvent(ctx, query{Seq: after + 1, Next: subject})
	switch {
	case err == nil && !more:
		head.Seq = first.Sequence
		return []push.Mail{c.mail(space, caseID, first)}, head, nil
	case err != nil && !errors.Is(err, jetstream.ErrMsgNotFound):
		return wrong(err)
	}
	last, _, err := c.readEvent(ctx, query{Last: subject})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, head, nil
	}
	if err != nil {
		return wrong(err)
	}
	head.Seq = last.Sequence
	var mails []push.Mail
	for m := first; m != nil && m.Sequence < last.Sequence; {
		mails = append(mails, c.mail(space, caseID, m))
		if len(mails) >= 2*limit { // keep no more than is asked for
			mails = slices.Delete(mails, 0, len(mails)-limit)
		}
		if m, _, err = c.readEvent(ctx, query{Seq: m.Sequence + 1, Next: subject}); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return wrong(err)
		}
	}
	mails = append(mails, c.mail(space, caseID, last))
	return slices.Clone(mails[max(0, len(mails)-limit):]), head, nil
}

func (c *Conn) mail(space, caseID string, m *jetstream.RawStreamMsg) push.Mail {
	d, ok := c.decoded.take(c.Incarnation(), m.Sequence)
	if !ok {
		d = decodeEvent(event.Message{SpaceID: space, CaseID: caseID, Header: m.Header, Body: m.Data})
	}
	return push.Mail{Seq: m.Sequence, StoredAt: m.Time, Event: d.event, Case: d.snapshot, Err: d.err}
}

// Incoming is one event as the router gets it.
type Incoming struct {
	Seq      uint64
	StoredAt time.Time
	Space    string // of the subject
	Case     string // of the subject
	Event    event.Event
	// Snapshot is the event's case, decoded; nil if it has none that can be
	// read, and then SnapshotErr says why. It is shared: nobody may change it.
	Snapshot    *kibana.Case
	SnapshotErr error
	Size        int
	Err         error // the event cannot be read
}

// EventID is the CloudEvents id, else the Nats-Msg-Id, else made of the sequence.
func (c *Conn) eventID(e event.Event, seq uint64) string {
	if e.ID != "" {
		return e.ID
	}
	return c.names.Events() + ":" + strconv.FormatUint(seq, 10)
}

// Event reads one event by its sequence; ok is false if it is gone.
func (c *Conn) Event(ctx context.Context, seq uint64) (in Incoming, id string, ok bool, err error) {
	m, _, err := c.readEvent(ctx, query{Seq: seq})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Incoming{}, "", false, c.gone(ctx, seq)
	}
	if err != nil {
		return Incoming{}, "", false, fmt.Errorf("read event %d: %w", seq, err)
	}
	in = c.incoming(m.Sequence, m.Subject, m.Header, m.Data)
	in.StoredAt = m.Time
	return in, c.eventID(in.Event, seq), true, nil
}

// incoming reads an event. Its subject is what its producer wrote: its tokens
// are taken as they are, and one of another form is an error, since no mailbox
// would find the event again.
func (c *Conn) incoming(seq uint64, subject string, header nats.Header, body []byte) Incoming {
	in := Incoming{Seq: seq, Size: len(body)}
	tokens := strings.Split(strings.TrimPrefix(subject, c.names.join("push", "")), ".")
	in.Case = tokens[len(tokens)-1]
	if len(tokens) > 1 {
		in.Space = tokens[len(tokens)-2]
	}
	if len(tokens) != 2 {
		in.Err = fmt.Errorf("subject %q: want %s", subject, c.names.Event("<space_id>", "<case_id>"))
		return in
	}
	d := decodeEvent(event.Message{SpaceID: in.Space, CaseID: in.Case, Header: header, Body: body})
	in.Event, in.Err, in.Snapshot, in.SnapshotErr = d.event, d.err, d.snapshot, d.snapshotErr
	return in
}
