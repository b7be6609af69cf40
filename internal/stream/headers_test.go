package stream_test

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/event"
)

// TestForeignHeaders: an event that is a copy of a message which was read from
// another stream carries what the server had said of that one.
func TestForeignHeaders(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	publish(t, c, event.Event{CaseID: "other"})
	js, err := jetstream.New(c.NC())
	if err != nil {
		t.Fatal(err)
	}
	var seqs []uint64
	for range 2 {
		m := nats.NewMsg(c.Names().Event("default", "c"))
		m.Data = []byte(`{"case_id":"c"}`)
		if len(seqs) == 0 {
			for name, value := range map[string]string{
				"Nats-Stream": "SOURCE", "Nats-Subject": "orig", "Nats-Sequence": "900000",
				"Nats-Time-Stamp": "2020-01-01T00:00:00Z", "Nats-Num-Pending": "0",
			} {
				m.Header.Set(name, value)
			}
		}
		ack, err := js.PublishMsg(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, ack.Sequence)
		mails, head, err := c.Events(t.Context(), "default", "c", 0, 10)
		if err != nil || head.Seq != ack.Sequence || len(mails) != len(seqs) || mails[0].Seq != seqs[0] || mails[0].StoredAt.Year() == 2020 {
			t.Errorf("stored at %d: head %+v, mails %+v, error %v", seqs, head, mails, err)
		}
		if in, _, ok, err := c.Event(t.Context(), ack.Sequence); err != nil || !ok || in.Seq != ack.Sequence || in.Case != "c" {
			t.Errorf("event %d: %+v, %t, %v", ack.Sequence, in, ok, err)
		}
	}
	if has, err := c.Has(t.Context(), 900000); has || err != nil {
		t.Errorf("event 900000 is there: %t, %v", has, err)
	}
}
