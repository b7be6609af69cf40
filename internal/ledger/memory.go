package ledger

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Memory is a Store in this process alone: for tests and for showing what a
// push would do. It forgets everything at the end of the process.
type Memory struct {
	mu      sync.Mutex
	since   time.Time
	trusted time.Time // zero: since
	next    Revision
	entries map[Key]stored
}

type stored struct {
	entry Entry
	rev   Revision
}

// NewMemory makes an empty store.
func NewMemory() *Memory { return &Memory{entries: map[Key]stored{}, since: time.Now()} }

// Get implements Store.
func (m *Memory) Get(ctx context.Context, key Key) (Entry, Revision, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.entries[key]
	return s.entry.Clone(), s.rev, nil
}

// Put implements Store.
func (m *Memory) Put(ctx context.Context, key Key, e Entry, rev Revision) (Revision, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries[key].rev != rev {
		return 0, ErrConflict
	}
	m.next++
	e = e.Clone()
	e.StoredAt = time.Now()
	m.entries[key] = stored{e, m.next}
	return m.next, nil
}

// Each implements Store, in the order of keys.
func (m *Memory) Each(ctx context.Context, f func(Key, Entry) error) error {
	m.mu.Lock()
	snapshot := maps.Clone(m.entries)
	m.mu.Unlock()
	keys := slices.SortedFunc(maps.Keys(snapshot), func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.Connector, b.Connector), cmp.Compare(a.Space, b.Space), cmp.Compare(a.Case, b.Case))
	})
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(key, snapshot[key].entry.Clone()); err != nil {
			return err
		}
	}
	return nil
}

// Since implements Store.
func (m *Memory) Since() time.Time { return m.since }

// TrustedSince implements Store.
func (m *Memory) TrustedSince() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.trusted.After(m.since) {
		return m.trusted
	}
	return m.since
}

// Distrust says that what was done before the given time may be missing here.
func (m *Memory) Distrust(before time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trusted = before
}

// Copy makes a backup as of this moment: entries keep their revisions and the
// times at which they were stored.
func (m *Memory) Copy() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &Memory{since: m.since, trusted: m.trusted, next: m.next, entries: make(map[Key]stored, len(m.entries))}
	for k, s := range m.entries {
		c.entries[k] = stored{s.entry.Clone(), s.rev}
	}
	return c
}
