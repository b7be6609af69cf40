package stream_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ledger/ledgertest"
	"github.com/casepush/casepush/internal/stream"
)

// TestLedger runs the contract of stores against the bucket, within the process
// and over TCP as with any other server. Each part has a bucket of its own.
func TestLedger(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	for name, opts := range map[string]stream.Options{
		"embedded": {Embedded: server},
		"tcp":      {URL: server.URL(), Replicas: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			ledgertest.Run(t, func(t *testing.T) ledger.Store {
				opts := opts
				opts.Prefix = fmt.Sprintf("%s-%d", name, n.Add(1))
				return connect(t, opts).Ledger()
			})
		})
	}
}

// TestLedgerRefusesNewer: what a newer version wrote may hold what this one
// does not know, and must not be overwritten.
func TestLedgerRefusesNewer(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	c := connect(t, stream.Options{Embedded: server})
	nc := client(t, server)
	key := ledger.Key{Connector: "soc-jira", Space: "default", Case: "c-1"}
	subject := "$KV.casepush_ledger.soc-jira.default.c-1"
	request(t, nc, subject, fmt.Sprintf(`{"v":%d,"w":"x","news":true}`, ledger.Format+1))
	if _, _, err := c.Ledger().Get(t.Context(), key); !errors.Is(err, ledger.ErrFormat) {
		t.Errorf("a newer entry: %v", err)
	}
	request(t, nc, subject, `{"v":`)
	if _, _, err := c.Ledger().Get(t.Context(), key); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a broken entry: %v", err)
	}
}

// TestLedgerListingsLeaveNoConsumer: a stream has at most 1,000 of them, and a
// listing's own would stay for minutes.
func TestLedgerListingsLeaveNoConsumer(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	c := connect(t, stream.Options{Embedded: server})
	for _, id := range []string{"c-1", "c-2", "c-3"} {
		_, _, err := ledger.Write(t.Context(), c.Ledger(), ledger.Key{Connector: "j", Space: "default", Case: id}, ledger.Entry{}, 0)
		must(t, err)
	}
	enough := errors.New("enough")
	for name, end := range map[string]error{"to the end": nil, "stopped early": enough} {
		for range 20 {
			if err := c.Ledger().Each(t.Context(), func(ledger.Key, ledger.Entry) error { return end }); !errors.Is(err, end) {
				t.Fatalf("%s: %v", name, err)
			}
		}
		js, err := jetstream.New(client(t, server))
		must(t, err)
		bucket, err := js.Stream(t.Context(), "KV_casepush_ledger")
		must(t, err)
		if n := bucket.CachedInfo().State.Consumers; n != 0 {
			t.Errorf("%s: %d consumers are left", name, n)
		}
	}
}

// client is a plain NATS client.
func client(t *testing.T, s *stream.Embedded) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// request publishes and wants the stream's answer.
func request(t *testing.T, nc *nats.Conn, subject, body string) {
	t.Helper()
	m, err := nc.Request(subject, []byte(body), testTimeout)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(m.Data), `"error"`) {
		t.Fatalf("%s: %s", subject, m.Data)
	}
}
