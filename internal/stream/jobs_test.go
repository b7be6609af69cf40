package stream

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// TestUnrouted: nothing that waits may look like nothing to do.
func TestUnrouted(t *testing.T) {
	t.Parallel()
	info := func(pending uint64, acks int, delivered, floor uint64) *jetstream.ConsumerInfo {
		return &jetstream.ConsumerInfo{
			NumPending: pending, NumAckPending: acks,
			Delivered: jetstream.SequenceInfo{Stream: delivered}, AckFloor: jetstream.SequenceInfo{Stream: floor},
		}
	}
	for name, tt := range map[string]struct {
		router       *jetstream.ConsumerInfo
		stored, want uint64
	}{
		"empty stream":         {info(0, 0, 0, 0), 0, 0},
		"made a moment ago":    {info(0, 0, 0, 0), 3, 3},
		"all to do":            {info(3, 0, 0, 0), 3, 3},
		"some being done":      {info(1, 2, 2, 0), 3, 3},
		"one on its way":       {info(0, 0, 3, 2), 3, 1},
		"all done":             {info(0, 0, 3, 3), 3, 0},
		"all done and retired": {info(0, 0, 3, 3), 0, 0},
	} {
		if got := unrouted(tt.router, tt.stored); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}
