package stream

import (
	"sync"
	"time"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/kibana"
)

// decodedEvent is what an event says. It never changes and is shared.
type decodedEvent struct {
	event       event.Event
	err         error        // the event cannot be read
	snapshot    *kibana.Case // nil: none, or none that can be read
	snapshotErr error
}

func decodeEvent(m event.Message) decodedEvent {
	e, err := event.Decode(m)
	d := decodedEvent{event: e, err: err}
	if err == nil && !e.Thin() {
		d.snapshot, d.snapshotErr = kibana.DecodeCase(e.Case)
	}
	return d
}

// Bounds of what is remembered.
const (
	maxDecoded      = 4096
	maxDecodedBytes = 8 << 20
	maxDecodedAge   = 30 * time.Second
)

// decodedEvents hands what the router has decoded to the pusher, which reads the
// same event a moment later: decoding is most of what an event costs here. When
// it is full it takes nothing more: of a long backlog the router is far ahead,
// and to forget the oldest would be to forget each one right before its use. The
// zero value is ready. Safe for concurrent use.
type decodedEvents struct {
	mu    sync.Mutex
	of    string // incarnation of the stream
	known map[uint64]decodedEvent
	order []kept // oldest first, with those that were taken
	bytes int
}

type kept struct {
	seq uint64
	at  time.Time
}

// put remembers an event until it is taken or too old.
func (d *decodedEvents) put(incarnation string, seq uint64, e decodedEvent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.of != incarnation || d.known == nil {
		d.of, d.known, d.order, d.bytes = incarnation, map[uint64]decodedEvent{}, nil, 0
	}
	now := time.Now()
	for len(d.order) > 0 {
		if _, untaken := d.known[d.order[0].seq]; untaken && now.Sub(d.order[0].at) < maxDecodedAge {
			break
		}
		d.drop(d.order[0].seq)
		d.order = d.order[1:]
	}
	if _, ok := d.known[seq]; ok || len(d.order) >= maxDecoded || d.bytes+len(e.event.Case) > maxDecodedBytes {
		return
	}
	d.known[seq] = e
	d.order = append(d.order, kept{seq, now})
	d.bytes += len(e.event.Case)
}

// take returns an event that is remembered, and forgets it.
func (d *decodedEvents) take(incarnation string, seq uint64) (decodedEvent, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, ok := d.known[seq]
	if !ok || d.of != incarnation {
		return decodedEvent{}, false
	}
	d.drop(seq)
	return e, true
}

// drop forgets an event; the caller holds the lock.
func (d *decodedEvents) drop(seq uint64) {
	if e, ok := d.known[seq]; ok {
		d.bytes -= len(e.event.Case)
		delete(d.known, seq)
	}
}
