package stream_test

import (
	"context"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/stream"
)

// routeAll acknowledges every stored event, as a router does, and waits until
// the server knows.
func routeAll(t *testing.T, conn *stream.Conn) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- conn.Route(ctx, func(context.Context, stream.Incoming, string) error { return nil }) }()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; <-poll.C {
		b, err := conn.Backlog(t.Context())
		if err == nil && b.Events == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not routed: %+v, %v", b, err)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
