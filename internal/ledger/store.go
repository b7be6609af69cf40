package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// Revision is the state of one stored entry. 0: it does not exist.
type Revision uint64

// Store keeps entries with compare-and-set. Safe for concurrent use by any
// number of processes.
type Store interface {
	// Get returns the entry and its revision; the zero entry and 0 if there is
	// none. The answer may be stale: only a Put that succeeds proves it was not.
	Get(ctx context.Context, key Key) (Entry, Revision, error)
	// Put stores the entry if the stored revision is still rev, and returns the
	// new one. The error is ErrConflict when it is not. Any other error leaves
	// open whether the entry was stored: see Write.
	Put(ctx context.Context, key Key, e Entry, rev Revision) (Revision, error)
	// Each calls f for every entry until it returns an error, which Each
	// returns. Entries written meanwhile may be missed.
	Each(ctx context.Context, f func(Key, Entry) error) error
	// Since is when the store began: what is older may have had entries that
	// this store never saw.
	Since() time.Time
	// TrustedSince is when the store can be believed from. Entries stored before,
	// and those that are missing for older cases, may lack what was done. It is
	// Since for a store that is simply new: then nothing of ours was done before,
	// and what Kibana pushed is on its own record. It is later than Since when a
	// ledger was lost or restored from an old copy. It may rise while in use.
	TrustedSince() time.Time
}

// Errors of a Store.
var (
	ErrConflict = errors.New("ledger: the entry was changed by somebody else")
	ErrFormat   = errors.New("ledger: the entry was written by a newer version")
	// ErrLost: the store is an older one than it was. The entry may be stored,
	// and nothing that it announces may be done.
	ErrLost = errors.New("ledger: lost or restored while it was in use")
)

// readBackTimeout bounds the read after a write without an answer.
const readBackTimeout = 2 * time.Second

// Write stores the entry like Put, under a fresh write id, and settles a write
// whose answer was lost by reading it back: a repeated compare-and-set would
// be refused although the first one was stored.
func Write(ctx context.Context, s Store, key Key, e Entry, rev Revision) (Entry, Revision, error) {
	e.Format = Format
	e.Write = rand.Text()
	next, err := s.Put(ctx, key, e, rev)
	if err == nil {
		return e, next, nil
	}
	if errors.Is(err, ErrLost) {
		return Entry{}, 0, err
	}
	// A conflict is read back too: on a replicated stream a write whose first
	// attempt was stored and whose answer was lost below us ends as a conflict.
	readCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readBackTimeout)
	defer cancel()
	stored, at, readErr := s.Get(readCtx, key)
	if readErr == nil && stored.Write == e.Write {
		return stored, at, nil
	}
	if errors.Is(err, ErrConflict) {
		return Entry{}, 0, err
	}
	return Entry{}, 0, fmt.Errorf("ledger: write %q/%q/%q: %w", key.Connector, key.Space, key.Case, err)
}
