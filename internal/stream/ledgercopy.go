package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
)

// LedgerExtent is how much there is in the ledger.
type LedgerExtent struct {
	Entries uint64 // markers of deletions included
	LastSeq uint64 // of the newest write
}

// LedgerExtent asks for it.
func (c *Conn) LedgerExtent(ctx context.Context) (LedgerExtent, error) {
	info, err := c.ledger.Info(ctx)
	if err != nil {
		return LedgerExtent{}, fmt.Errorf("ledger: %w", err)
	}
	return LedgerExtent{Entries: info.State.Msgs, LastSeq: info.State.LastSeq}, nil
}

// RawEntries gives every entry as it is stored, so that a copy keeps what this
// version does not know, in the order in which they were written, until f
// returns an error. An entry that is written meanwhile comes as it became, after
// it came as it was unless it was not its turn yet.
func (c *Conn) RawEntries(ctx context.Context, f func(key ledger.Key, seq uint64, body []byte) error) error {
	return c.entries(ctx, EntryFilter{}, func(key ledger.Key, m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		if len(m.Data()) == 0 { // a marker of a deletion
			return nil
		}
		return f(key, meta.Sequence.Stream, m.Data())
	})
}

// PutRawEntry stores what RawEntries gave if the stored revision is still rev;
// ledger.ErrConflict if it is not. Any other error leaves open whether it was
// stored. It refuses what CheckRawEntry does.
func (c *Conn) PutRawEntry(ctx context.Context, key ledger.Key, body []byte, rev ledger.Revision) error {
	if err := CheckRawEntry(body); err != nil {
		return err
	}
	msg := nats.NewMsg(c.names.entry(key))
	msg.Data = body
	_, err := c.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(uint64(rev)), jetstream.WithRetryAttempts(0))
	if isConflict(err) {
		return ledger.ErrConflict
	}
	return err
}

// CheckRawEntry says why a body is no entry that this version can read:
// ledger.ErrFormat if a newer one wrote it.
func CheckRawEntry(body []byte) error {
	e, err := decodeEntry(body)
	if err == nil && !e.Exists() {
		return errors.New("ledger: entry without a format")
	}
	return err
}
