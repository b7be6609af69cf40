package event

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
	files, err := filepath.Glob("../../testdata/events/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d vectors, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var v vector
			if err := json.Unmarshal(b, &v); err != nil {
				t.Fatal(err)
			}
			gotEvent, gotError := outcome(v.Message.message())
			if *update {
				v.Event, v.Error = gotEvent, gotError
				writeVector(t, file, v)
				return
			}
			if v.Event == nil && v.Error == "" {
				t.Fatal("vector expects nothing")
			}
			if diff := cmp.Diff(asJSON(t, v.Event)+v.Error, asJSON(t, gotEvent)+gotError); diff != "" {
				t.Errorf("%s (-want +got):\n%s", v.About, diff)
			}
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func writeVector(t *testing.T, file string, v vector) {
	t.Helper()
	if err := os.WriteFile(file, []byte(asJSON(t, v)), 0o644); err != nil {
		t.Fatal(err)
	}
}
