package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/casepush/casepush/internal/ledger"
)

// LedgerCopy is a copy of a ledger that was read and found to be whole.
type LedgerCopy struct {
	CopyHeader
	Count uint64 // of its lines with entries
	// last is the line of each entry that may stand in two.
	last map[ledger.Key]int
}

// CheckLedgerCopy reads a whole copy without using it. It remembers the entries
// that changed while the copy was made, and no others.
func CheckLedgerCopy(r io.Reader) (LedgerCopy, error) {
	c := LedgerCopy{last: map[ledger.Key]int{}}
	var err error
	c.CopyHeader, err = readCopy(r, func(line int, e copyLine) error {
		c.Count++
		if e.Again {
			c.last[e.key()] = line
		}
		return nil
	})
	return c, err
}

// stale reports whether a later line has a newer state of the entry.
func (c LedgerCopy) stale(line int, key ledger.Key) bool {
	last, ok := c.last[key]
	return ok && last != line
}

// ImportOptions say how a copy is read in.
type ImportOptions struct {
	// Overwrite replaces entries that are there and differ.
	Overwrite bool
	Told      Progress // may be nil
}

// Imported counts entries of a copy.
type Imported struct {
	Added   uint64 `json:"added"`   // were missing
	Same    uint64 `json:"same"`    // were there as they are in the copy
	Written uint64 `json:"written"` // differed, and were overwritten
	Kept    uint64 `json:"kept"`    // differ, and were left as they are
}

const importInFlight = 64

// ImportLedger reads in a copy, from the same text as CheckLedgerCopy: entries
// that are missing are added, each by compare-and-set. The ledger is distrusted
// from before the first write, so that a death in the middle leaves no old entry
// that is believed, and again for the time until the end. It may be repeated.
func (o *Ops) ImportLedger(ctx context.Context, r io.Reader, c LedgerCopy, opts ImportOptions) (Imported, error) {
	groupCtx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	i := importer{ops: o, overwrite: opts.Overwrite, why: fmt.Sprintf("entries were restored from a copy of %s", c.At.Format(time.RFC3339))}
	lines := make(chan importLine)
	var workers sync.WaitGroup
	for range importInFlight {
		workers.Go(func() {
			for l := range lines {
				if err := i.one(groupCtx, l.key(), l.Entry); err != nil {
					stop(fmt.Errorf("line %d: case %q at connector %q: %w", l.at, l.CaseID, l.ConnectorID, err))
				}
			}
		})
	}
	sent := uint64(0)
	_, err := readCopy(r, func(line int, e copyLine) error {
		if sent++; opts.Told != nil {
			opts.Told("importing", sent, c.Count)
		}
		if c.stale(line, e.key()) {
			return nil
		}
		select {
		case lines <- importLine{e, line}:
			return nil
		case <-groupCtx.Done():
			return context.Cause(groupCtx)
		}
	})
	close(lines)
	workers.Wait()
	if cause := context.Cause(groupCtx); cause != nil {
		err = cause
	}
	return i.count(), errors.Join(err, i.end(context.WithoutCancel(ctx)))
}

// importLine is an entry and the line that it stands on.
type importLine struct {
	copyLine
	at int
}

// importer reads in entries, several at a time.
type importer struct {
	ops       *Ops
	overwrite bool
	why       string // the ledger is distrusted

	mu         sync.Mutex // until the ledger is distrusted
	distrusted bool

	added, same, written, kept atomic.Uint64
}

func (i *importer) count() Imported {
	return Imported{Added: i.added.Load(), Same: i.same.Load(), Written: i.written.Load(), Kept: i.kept.Load()}
}

// one brings in an entry. Once the ledger is distrusted, one that is missing
// costs a single request.
func (i *importer) one(ctx context.Context, key ledger.Key, body []byte) error {
	if i.mayWrite() {
		if err := i.ops.conn.PutRawEntry(ctx, key, body, 0); !errors.Is(err, ledger.ErrConflict) {
			return counted(err, &i.added)
		}
	}
	stored, rev, err := i.ops.conn.Ledger().Get(ctx, key)
	if err != nil {
		return err
	}
	var e ledger.Entry
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	switch {
	case stored.Exists() && stored.Write == e.Write: // each write has its own
		return counted(nil, &i.same)
	case stored.Exists() && !i.overwrite:
		return counted(nil, &i.kept)
	}
	if err := i.distrust(ctx); err != nil {
		return err
	}
	err = i.ops.conn.PutRawEntry(ctx, key, body, rev)
	switch {
	case errors.Is(err, ledger.ErrConflict): // a worker was faster, and knows more
		return counted(nil, &i.kept)
	case stored.Exists():
		return counted(err, &i.written)
	}
	return counted(err, &i.added)
}

func counted(err error, as *atomic.Uint64) error {
	if err == nil {
		as.Add(1)
	}
	return err
}

func (i *importer) mayWrite() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.distrusted
}

// distrust marks the ledger before the first write.
func (i *importer) distrust(ctx context.Context) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.distrusted {
		return nil
	}
	err := i.ops.conn.Distrust(ctx, time.Now(), i.why)
	i.distrusted = err == nil
	return err
}

// end marks it again if something may have been written.
func (i *importer) end(ctx context.Context) error {
	if !i.distrusted {
		return nil
	}
	return i.ops.conn.Distrust(ctx, time.Now(), i.why)
}
