package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
)

// Ledger is the ledger in its bucket.
func (c *Conn) Ledger() ledger.Store { return ledgerStore{c} }

type ledgerStore struct{ c *Conn }

// Get implements ledger.Store. It reads what the leader has, if not always from
// it: see stale.
func (s ledgerStore) Get(ctx context.Context, key ledger.Key) (ledger.Entry, ledger.Revision, error) {
	m, err := s.last(ctx, s.c.names.entry(key))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return ledger.Entry{}, 0, nil
	}
	if err != nil {
		return ledger.Entry{}, 0, fmt.Errorf("ledger: read: %w", err)
	}
	e, err := decodeEntry(m.Data)
	e.StoredAt = m.Time
	return e, ledger.Revision(m.Sequence), err
}

// last reads directly unless that could be from a replica that is behind, or has
// just been forbidden.
func (s ledgerStore) last(ctx context.Context, subject string) (*jetstream.RawStreamMsg, error) {
	if !stale(s.c.ledger.CachedInfo().Config) {
		m, err := s.c.ledger.GetLastMsgForSubject(ctx, subject)
		if !errors.Is(err, nats.ErrNoResponders) {
			return m, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return s.c.askLeader(ctx, "KV_"+s.c.names.Ledger(), query{Last: subject})
}

func decodeEntry(b []byte) (ledger.Entry, error) {
	var e ledger.Entry
	if len(b) == 0 { // a marker of a deletion
		return e, nil
	}
	if err := json.Unmarshal(b, &e); err != nil {
		return ledger.Entry{}, fmt.Errorf("ledger: entry cannot be read: %w", err)
	}
	if e.Format > ledger.Format {
		return ledger.Entry{}, fmt.Errorf("%w (format %d, this program knows %d)", ledger.ErrFormat, e.Format, ledger.Format)
	}
	return e, nil
}

// Error codes of a compare-and-set that lost: the second one is answered by
// replicated streams, also while another write to the subject is in flight.
const (
	codeWrongLastSequence         = 10071
	codeWrongLastSequenceConstant = 10164
)

// Put implements ledger.Store.
func (s ledgerStore) Put(ctx context.Context, key ledger.Key, e ledger.Entry, rev ledger.Revision) (ledger.Revision, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return 0, fmt.Errorf("ledger: encode: %w", err)
	}
	msg := nats.NewMsg(s.c.names.entry(key))
	msg.Data = body
	expectLast(msg, uint64(rev))
	seen := s.c.ledgerSeen.Load()
	seq, _, err := s.c.ledgerWrites.publish(ctx, msg)
	if isConflict(err) {
		return 0, ledger.ErrConflict
	}
	if err != nil {
		return 0, err
	}
	if s.c.noteRevision(seq, seen) {
		return 0, s.lost(ctx, seq, seen)
	}
	return ledger.Revision(seq), nil
}

// lost distrusts a ledger that was exchanged for an older one, or an empty one,
// while we worked with it. The write is refused although it is stored: what it
// announces must not be done before the tracker was searched.
func (s ledgerStore) lost(ctx context.Context, seq, seen uint64) error {
	info, err := s.c.ledger.Info(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ledger.ErrLost, err)
	}
	why := fmt.Sprintf("the ledger took write %d and had come to %d: it is not the one it was", seq, seen)
	if err := s.c.Distrust(ctx, info.TimeStamp, why); err != nil {
		return fmt.Errorf("%w: %w", ledger.ErrLost, err)
	}
	return fmt.Errorf("%w: %s", ledger.ErrLost, why)
}

// isConflict reports whether a compare-and-set was refused because somebody
// else was faster, or because an earlier attempt of ours had been stored.
func isConflict(err error) bool {
	var refused *jetstream.APIError
	return errors.As(err, &refused) && (refused.ErrorCode == codeWrongLastSequence || refused.ErrorCode == codeWrongLastSequenceConstant)
}

// Each implements ledger.Store with one ordered pass over the bucket.
func (s ledgerStore) Each(ctx context.Context, f func(ledger.Key, ledger.Entry) error) error {
	return s.c.Entries(ctx, EntryFilter{}, f)
}

func (s ledgerStore) key(subject string) (ledger.Key, bool) {
	rest, ok := strings.CutPrefix(subject, "$KV."+s.c.names.Ledger()+".")
	if !ok {
		return ledger.Key{}, false
	}
	tokens := lastTokens(rest, 3)
	if tokens == nil {
		return ledger.Key{}, false
	}
	return ledger.Key{Connector: tokens[0], Space: tokens[1], Case: tokens[2]}, true
}

// Since implements ledger.Store: when the bucket was made.
func (s ledgerStore) Since() time.Time { return s.c.ledger.CachedInfo().Created }

// TrustedSince implements ledger.Store: when the bucket was made, or later if
// it was lost or restored since.
func (s ledgerStore) TrustedSince() time.Time {
	if t := s.c.distrusted.Load(); t != nil && t.Since.After(s.Since()) {
		return t.Since
	}
	return s.Since()
}
