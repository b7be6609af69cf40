package connectortest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

// patience ends a case that hangs; nothing waits for it to pass.
const patience = 20 * time.Second

// bench is one connector, one tracker and the wire between them.
type bench struct {
	testing.TB
	h       Harness
	tracker Tracker
	front   *front
	server  *httptest.Server
	wire    *wire
	conn    connector.Connector
	close   func()
}

// newBench makes a bench. At its end, which is that of the case or close, it
// looks for leaked goroutines. A case that makes several closes each before the
// next: a connection of the one that comes late would seem to be the other's leak.
func newBench(t testing.TB, h Harness) *bench {
	t.Helper()
	before := goleak.IgnoreCurrent()
	b := &bench{TB: t, h: h, tracker: h.Tracker()}
	b.close = sync.OnceFunc(func() {
		b.wire.CloseIdleConnections()
		b.server.Close()
		goleak.VerifyNone(t, before)
	})
	b.front = &front{tracker: b.tracker}
	b.server = httptest.NewUnstartedServer(b.front)
	b.server.Config.ConnState = b.front.connState
	b.server.Start()
	b.wire = &wire{reads: h.Reads, base: &http.Transport{MaxIdleConnsPerHost: 64}}
	t.Cleanup(b.close)
	b.connect(patience)
	return b
}

// connect gives the bench a new connector whose client waits for an answer as
// long as given.
func (b *bench) connect(responseTimeout time.Duration) {
	b.Helper()
	client, err := httpclient.NewWithTransport(httpclient.Settings{
		AllowedHosts: []string{"*"}, ResponseTimeout: responseTimeout,
	}, b.wire)
	if err != nil {
		b.Fatal(err)
	}
	b.conn, err = b.h.New(b.server.URL, client)
	if err != nil {
		b.Fatalf("harness: New: %v", err)
	}
}

// context returns a context that ends a hanging case.
func (b *bench) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	b.Cleanup(cancel)
	return ctx
}

// caseID is the correlation id of the n-th sample case.
func caseID(n int) connector.CorrelationID {
	ids := []string{
		"7349772f-421a-4de3-b8bb-2d9b22ccee30", "e7f0d1c2-7d53-4b8b-9d0e-0c6a8a51f001", "0b4f7a55-93d2-4c9d-8c7e-6c2d5b9ae111",
		"1c9d2e4b-58f3-4d33-a5a7-5ad0cb6f2222", "2d8e3f5c-69a4-4e44-b6b8-6be1dc7a3333", "3e7f4a6d-7ab5-4f55-87c9-7cf2ed8b4444",
		"4f6a5b7e-8bc6-4a66-98da-8da3fe9c5555", "5a5b6c8f-9cd7-4b77-a9eb-9eb4afad6666",
	}
	return connector.CorrelationID{ConnectorID: "suite", SpaceID: "default", CaseID: ids[n]}
}

// create makes the n-th incident and fails the case if it cannot.
func (b *bench) create(n int) connector.Ref {
	b.Helper()
	ref, err := b.conn.CreateIncident(b.context(), caseID(n), b.h.Incident)
	if err != nil {
		b.Fatalf("create incident: %v", err)
	}
	return ref
}

// comment makes a comment with the given text, as the pusher does.
func comment(id, text string) connector.Comment {
	digest := connector.Digest(text)
	return connector.Comment{ID: id, Source: digest, Digest: digest, Text: text}
}

// textNames are the names of the sample's text fields that the tracker shows.
func (b *bench) textNames() []string {
	var names []string
	for _, f := range b.h.Incident.Fields {
		if text, ok := f.Value.(string); ok && len(text) >= minTell {
			names = append(names, f.Name)
		}
	}
	return names
}

// incident returns what the tracker has under the id.
func (b *bench) incident(id string) Incident {
	b.Helper()
	for _, in := range b.tracker.Incidents() {
		if in.ID == id {
			return in
		}
	}
	b.Fatalf("the tracker has no incident with the id %q that the connector gave", id)
	return Incident{}
}
