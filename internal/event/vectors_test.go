package event

import (
	"encoding/json"
	"flag"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/spectest"
)

var update = flag.Bool("update", false, "write what is decoded into testdata/events")

// vector is one file of testdata/events.
type vector struct {
	About   string        `json:"about"`
	Message vectorMessage `json:"message"`
	Event   *vectorEvent  `json:"event,omitempty"`
	Error   string        `json:"error,omitempty"`
}

type vectorMessage struct {
	Subject struct {
		SpaceID string `json:"space_id,omitempty"`
		CaseID  string `json:"case_id,omitempty"`
	} `json:"subject"`
	Header   map[string][]string `json:"header,omitempty"`
	Body     json.RawMessage     `json:"body,omitempty"`
	BodyText *string             `json:"body_text,omitempty"`
}

type vectorEvent struct {
	wire
	ID          string `json:"id,omitempty"`
	TraceParent string `json:"traceparent,omitempty"`
	Thin        bool   `json:"thin"`
}

func (m vectorMessage) message() Message {
	body := []byte(m.Body)
	if m.BodyText != nil {
		body = []byte(*m.BodyText)
	}
	return Message{SpaceID: m.Subject.SpaceID, CaseID: m.Subject.CaseID, Header: m.Header, Body: body}
}

func outcome(m Message) (*vectorEvent, string) {
	e, err := Decode(m)
	if err != nil {
		return nil, err.Error()
	}
	w := wire{CaseID: e.CaseID, SpaceID: e.SpaceID, Owner: e.Owner, ConnectorID: e.ConnectorID, Case: e.Case}
	if !e.RequestedAt.IsZero() {
		w.RequestedAt = e.RequestedAt.Format(time.RFC3339Nano)
	}
	if p := e.RequestedBy; p != nil {
		w.RequestedBy = &wirePerson{orNull(p.Username), orNull(p.FullName), orNull(p.Email)}
	}
	return &vectorEvent{wire: w, ID: e.ID, TraceParent: e.TraceParent, Thin: e.Thin()}, ""
}

func TestVectors(t *testing.T) {
	vectors := spectest.Vectors[vector]{Folder: "testdata/events", Least: 20, Update: *update}
	vectors.Run(t, func(_ *testing.T, v vector) vector {
		v.Event, v.Error = outcome(v.Message.message())
		return v
	})
}
