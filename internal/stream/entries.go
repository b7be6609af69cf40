package stream

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
)

// EntryFilter selects entries of the ledger by their key; an empty field
// selects all.
type EntryFilter struct{ Connector, Space, Case string }

// Entries is ledger.Store's Each for some of the keys: the server sends no other
// entries. StoredAt of each is set.
func (c *Conn) Entries(ctx context.Context, of EntryFilter, f func(ledger.Key, ledger.Entry) error) error {
	return c.entries(ctx, of, func(key ledger.Key, m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		e, err := decodeEntry(m.Data())
		if err != nil || !e.Exists() {
			return err
		}
		e.StoredAt = meta.Timestamp
		return f(key, e)
	})
}

// entries gives them undecoded, markers of deletions included.
func (c *Conn) entries(ctx context.Context, of EntryFilter, f func(ledger.Key, jetstream.Msg, *jetstream.MsgMetadata) error) error {
	subject := "$KV." + c.names.Ledger() + "." + tokenOr(of.Connector) + "." + tokenOr(of.Space) + "." + tokenOr(of.Case)
	var stopped error
	err := pass(ctx, c.ledger, subject, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		if key, ok := (ledgerStore{c}).key(m.Subject()); ok {
			stopped = f(key, m, meta)
		}
		return stopped
	})
	if err != nil && stopped == nil {
		return fmt.Errorf("ledger: list: %w", err)
	}
	return err
}

// tokenOr is an id as a token, any for "".
func tokenOr(id string) string {
	if id == "" {
		return "*"
	}
	return encode(id)
}
