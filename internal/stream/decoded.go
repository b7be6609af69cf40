package stream

import (
	"sync"

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
	maxDecoded      = 1024
	maxDecodedBytes = 8 << 20
)

// decodedEvents remembers the latest events that were decoded: the router and,
// a moment later, the pusher read the same one, and decoding is most of what an
// event costs here. The zero value is ready. Safe for concurrent use.
type decodedEvents struct {
	mu    sync.Mutex
	of    string // incarnation of the stream
	known map[uint64]decodedEvent
	order []uint64 // oldest first
	bytes int
}

// get returns the event of this sequence, decoding it if it is not known.
func (d *decodedEvents) get(incarnation string, seq uint64, decode func() decodedEvent) decodedEvent {
	d.mu.Lock()
	e, ok := d.known[seq]
	ok = ok && d.of == incarnation
	d.mu.Unlock()
	if ok {
		return e
	}
	e = decode()
	d.put(incarnation, seq, e)
	return e
}

func (d *decodedEvents) put(incarnation string, seq uint64, e decodedEvent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.of != incarnation || d.known == nil {
		d.of, d.known, d.order, d.bytes = incarnation, map[uint64]decodedEvent{}, nil, 0
	}
	if _, ok := d.known[seq]; ok || len(e.event.Case) > maxDecodedBytes {
		return
	}
	d.known[seq] = e
	d.order = append(d.order, seq)
	d.bytes += len(e.event.Case)
	for len(d.order) > maxDecoded || d.bytes > maxDecodedBytes {
		oldest := d.order[0]
		d.order = d.order[1:]
		d.bytes -= len(d.known[oldest].event.Case)
		delete(d.known, oldest)
	}
}
