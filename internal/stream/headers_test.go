package stream_test

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/event"
)

func TestForeignHeaders(t *testing.T) {
	c := fresh(t)
	publish(t, c, event.Event{CaseID: "other"})
	nc := c.NC()
	js, err := jetstream.New(nc)
	must(t, err)
	m := nats.NewMsg("casepush.push.default.c")
	m.Data = []byte(`{"case_id":"c"}`)
	// what JetStream's republish, or a copy of a message read directly, carries
	m.Header.Set("Nats-Stream", "SOURCE")
	m.Header.Set("Nats-Subject", "orig")
	m.Header.Set("Nats-Sequence", "900000")
	m.Header.Set("Nats-Time-Stamp", "2020-01-01T00:00:00Z")
	m.Header.Set("Nats-Num-Pending", "0")
	ack, err := js.PublishMsg(t.Context(), m)
	must(t, err)
	ack2, err := js.PublishMsg(t.Context(), func() *nats.Msg { m := nats.NewMsg("casepush.push.default.c"); m.Data = []byte(`{"case_id":"c"}`); return m }())
	must(t, err)
	mails, head, err := c.Events(t.Context(), "default", "c", 0, 10)
	t.Logf("stored at %d and %d: head %+v, %d mails, err %v", ack.Sequence, ack2.Sequence, head, len(mails), err)
	if head.Seq != ack2.Sequence {
		t.Errorf("head %d, want %d", head.Seq, ack2.Sequence)
	}
	// alone, as newest
	_, head, err = c.Events(t.Context(), "default", "c", 0, 10)
	has, err2 := c.Has(t.Context(), ack.Sequence)
	t.Log(head, err, has, err2)
}
