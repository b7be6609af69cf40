package worker_test

import (
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// Somebody deletes the event stream while a worker runs, and another one makes
// it again. Its sequences begin at 1: by the ledger's old cursor, a new event
// would look covered and never reach the tracker.
func TestEventStreamMadeAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	c := r.addCase(kibana.Case{Title: "Suspicious login"})
	for range 2 { // so that the old cursor is beyond the new events
		r.push(event.Event{CaseID: c.ID})
	}
	nc, err := nats.Connect(r.server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteStream("CASEPUSH_EVENTS"); err != nil {
		t.Fatal(err)
	}
	other, err := stream.Connect(t.Context(), stream.Options{Embedded: r.server})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := r.kibana.AddComment(c.ID, kibana.Comment{Text: "after the stream was made anew"}); err != nil {
		t.Fatal(err)
	}
	if res := r.push(event.Event{CaseID: c.ID}); res.Outcome != push.Pushed || res.ThroughSeq != 1 {
		t.Errorf("%+v", res)
	}
	if issue := r.wantInStep("Suspicious login"); len(issue.Comments) != 1 {
		t.Errorf("comments %+v", issue.Comments)
	}
}
