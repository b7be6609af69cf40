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

// noConnector stands in the subject of a dead letter that has none.
const noConnector = "-"

// DeadLetterStore keeps dead letters. It implements push.DeadLetters.
type DeadLetterStore struct{ c *Conn }

// DeadLetters is where pushes go that a person has to look at.
func (c *Conn) DeadLetters() DeadLetterStore { return DeadLetterStore{c} }

// StoredDeadLetter is a dead letter with the id that commands name it by.
type StoredDeadLetter struct {
	ID uint64 `json:"id"`
	push.DeadLetter
}

// ErrNoDeadLetter: no dead letter has this id.
var ErrNoDeadLetter = errors.New("no such dead letter")

func (s DeadLetterStore) subject(d push.DeadLetter) string {
	connector := d.ConnectorID
	if connector == "" {
		connector = noConnector
	}
	return s.c.names.deadLetter(connector, d.SpaceID, d.CaseID)
}

// Put implements push.DeadLetters. Older dead letters of the same entry go,
// except those without a connector: each of these is another event.
func (s DeadLetterStore) Put(ctx context.Context, d push.DeadLetter) error {
	d.Format = push.Format
	subject := s.subject(d)
	err := s.c.publishOnce(ctx, s.c.singleWrites, subject, d, subject, d.EventStream, d.EventSeq, d.ThroughSeq, d.Stage, d.Reason, d.Message, d.LastAt.UnixNano())
	if err != nil || d.ConnectorID == "" {
		return err
	}
	if err := s.c.dlq.Purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeKeep(1)); err != nil {
		return fmt.Errorf("drop older dead letters of case %q: %w", d.CaseID, err)
	}
	return nil
}

// Settle implements push.DeadLetters. A letter about a newer event stays: its
// push may have failed meanwhile, in another worker.
func (s DeadLetterStore) Settle(ctx context.Context, key ledger.Key, upTo ledger.Position) error {
	subject := s.c.names.deadLetter(key.Connector, key.Space, key.Case)
	m, err := s.c.dlq.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read dead letters of case %q: %w", key.Case, err)
	}
	d, err := decodeDeadLetter(m.Sequence, m.Data)
	if err != nil {
		return err
	}
	if d.EventStream == upTo.Stream && max(d.ThroughSeq, d.EventSeq) > upTo.Seq {
		return nil
	}
	if err := s.c.dlq.Purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeSequence(m.Sequence+1)); err != nil {
		return fmt.Errorf("drop dead letters of case %q: %w", key.Case, err)
	}
	return nil
}

// Get returns one dead letter; ErrNoDeadLetter if there is none.
func (s DeadLetterStore) Get(ctx context.Context, id uint64) (StoredDeadLetter, error) {
	m, err := s.c.dlq.GetMsg(ctx, id)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return StoredDeadLetter{}, fmt.Errorf("%d: %w", id, ErrNoDeadLetter)
	}
	if err != nil {
		return StoredDeadLetter{}, fmt.Errorf("read dead letter %d: %w", id, err)
	}
	return decodeDeadLetter(m.Sequence, m.Data)
}

func decodeDeadLetter(id uint64, b []byte) (StoredDeadLetter, error) {
	d := StoredDeadLetter{ID: id}
	if err := json.Unmarshal(b, &d.DeadLetter); err != nil {
		return d, fmt.Errorf("dead letter %d cannot be read: %w", id, err)
	}
	return d, nil
}

// DeadLetterPlace selects by what stands in a dead letter's subject; an empty
// field selects all, an empty Connector those without one too.
type DeadLetterPlace struct{ Connector, Space, Case string }

// Each gives every dead letter to f, oldest first, until f returns an error.
func (s DeadLetterStore) Each(ctx context.Context, f func(StoredDeadLetter) error) error {
	return s.EachOf(ctx, DeadLetterPlace{}, f)
}

// EachOf is Each for those of a place: the server sends no others.
func (s DeadLetterStore) EachOf(ctx context.Context, of DeadLetterPlace, f func(StoredDeadLetter) error) error {
	subject := s.c.names.join("dlq", tokenOr(of.Connector), tokenOr(of.Space), tokenOr(of.Case))
	var stopped error
	err := pass(ctx, s.c.dlq, subject, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		d, err := decodeDeadLetter(meta.Sequence.Stream, m.Data())
		if err == nil {
			err = f(d)
		}
		stopped = err
		return err
	})
	if err != nil && stopped == nil {
		return fmt.Errorf("list dead letters: %w", err)
	}
	return err
}

// Drop removes one dead letter for good. The event stays in the event stream.
func (s DeadLetterStore) Drop(ctx context.Context, id uint64) error {
	// A sequence beyond the last one is an error of its own to the server.
	if _, err := s.Get(ctx, id); errors.Is(err, ErrNoDeadLetter) {
		return err
	}
	err := s.c.dlq.DeleteMsg(ctx, id)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return fmt.Errorf("%d: %w", id, ErrNoDeadLetter)
	}
	if err != nil {
		return fmt.Errorf("drop dead letter %d: %w", id, err)
	}
	return nil
}
