package ops

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/stream"
)

// A copy of the ledger is JSON lines: a header, the entries, an end with their
// number. A copy without its end is cut off.
const (
	copyFormat  = "casepush-ledger"
	copyVersion = 1
	// maxCopyLine bounds a line: an entry is one message, and servers take at
	// most 64 MiB.
	maxCopyLine = 64<<20 + 4096
)

// CopyHeader is the first line of a copy of the ledger.
type CopyHeader struct {
	Format      string    `json:"format"`
	Version     int       `json:"version"`
	EntryFormat int       `json:"entry_format"` // the newest in the copy, at most
	At          time.Time `json:"at"`           // when the copy was begun
	Entries     uint64    `json:"entries"`      // how many there were then
	// EventStream is the life of the event stream that the entries' sequences
	// count in; it changes when the stream is made anew.
	EventStream string `json:"event_stream"`
	// TrustedSince is since when the ledger was known to lack nothing.
	TrustedSince time.Time `json:"trusted_since"`
}

// copyLine is an entry.
type copyLine struct {
	ConnectorID string `json:"connector_id"`
	SpaceID     string `json:"space_id"`
	CaseID      string `json:"case_id"`
	// Again: it was written after the copy was begun, so an older state of it
	// may stand in a line before.
	Again bool            `json:"again,omitempty"`
	Entry json.RawMessage `json:"entry"`
}

func (l copyLine) key() ledger.Key {
	return ledger.Key{Connector: l.ConnectorID, Space: l.SpaceID, Case: l.CaseID}
}

// copyEnd is the last line.
type copyEnd struct {
	End     bool   `json:"end"`
	Entries uint64 `json:"entries"`
}

// ErrCopy: a file is no copy of a ledger, or not a whole one.
var ErrCopy = errors.New("not a whole copy of a ledger")

// readCopy gives the entries of a copy to f, each with its line, from 1. It
// holds one in memory. It refuses what a newer version has written, and a copy
// that is cut off: but only at its end, so read it once for that alone.
func readCopy(r io.Reader, f func(line int, entry copyLine) error) (CopyHeader, error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 64<<10), maxCopyLine)
	h, err := readCopyHeader(in)
	if err != nil {
		return h, err
	}
	entries, ended := uint64(0), false
	for line := 2; in.Scan(); line++ {
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		if ended {
			return h, fmt.Errorf("%w: line %d: there is more after its end", ErrCopy, line)
		}
		entry, end, err := decodeCopyLine(in.Bytes())
		if err != nil {
			return h, fmt.Errorf("line %d: %w", line, err)
		}
		if end == nil {
			entries++
			if err := f(line, entry); err != nil {
				return h, err
			}
			continue
		}
		if ended = true; end.Entries != entries {
			return h, fmt.Errorf("%w: it says that it has %d entries, and has %d", ErrCopy, end.Entries, entries)
		}
	}
	if err := in.Err(); err != nil {
		return h, fmt.Errorf("read the copy of the ledger: %w", err)
	}
	if !ended {
		return h, fmt.Errorf("%w: it is cut off after %d entries", ErrCopy, entries)
	}
	return h, nil
}

func readCopyHeader(in *bufio.Scanner) (CopyHeader, error) {
	var h CopyHeader
	if !in.Scan() {
		return h, errors.Join(in.Err(), fmt.Errorf("%w: it is empty", ErrCopy))
	}
	if err := json.Unmarshal(bytes.TrimPrefix(in.Bytes(), []byte("\ufeff")), &h); err != nil || h.Format != copyFormat {
		return h, fmt.Errorf("%w: its first line is not the header of casepush ledger export", ErrCopy)
	}
	if h.Version > copyVersion || h.EntryFormat > ledger.Format {
		return h, fmt.Errorf("%w: the copy has version %d with entries of format %d, this program knows %d and %d",
			ledger.ErrFormat, h.Version, h.EntryFormat, copyVersion, ledger.Format)
	}
	return h, nil
}

// decodeCopyLine gives an entry that shares nothing with text, or the end.
func decodeCopyLine(text []byte) (copyLine, *copyEnd, error) {
	var at struct {
		copyLine
		copyEnd
	}
	if err := json.Unmarshal(text, &at); err != nil {
		return copyLine{}, nil, fmt.Errorf("%w: %w", ErrCopy, err)
	}
	if at.End {
		return copyLine{}, &at.copyEnd, nil
	}
	if at.ConnectorID == "" || at.SpaceID == "" || at.CaseID == "" {
		return copyLine{}, nil, fmt.Errorf("%w: an entry has connector_id, space_id and case_id", ErrCopy)
	}
	return at.copyLine, nil, stream.CheckRawEntry(at.Entry)
}
