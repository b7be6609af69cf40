package stream_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/stream"
)

func ledgerKey(n int) ledger.Key {
	return ledger.Key{Connector: "soc-jira", Space: "default", Case: fmt.Sprint(n)}
}

func fillLedger(t *testing.T, c *stream.Conn, entries int) {
	t.Helper()
	for n := range entries {
		if _, _, err := ledger.Write(t.Context(), c.Ledger(), ledgerKey(n), ledger.Entry{}, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func checkLedger(t *testing.T, c *stream.Conn) string {
	t.Helper()
	why, err := c.CheckLedger(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return why
}

// TestLedgerFallsBehind: a ledger that lacks what it had is not trusted about the
// time before, also by whoever is connected already; all is well afterwards.
func TestLedgerFallsBehind(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*testing.T, jetstream.JetStream, jetstream.Stream){
		"purged": func(t *testing.T, _ jetstream.JetStream, s jetstream.Stream) {
			if err := s.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		"made anew": remake,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := fresh(t)
			fillLedger(t, c, 20)
			if why := checkLedger(t, c); why != "" {
				t.Fatalf("of a good ledger: %s", why)
			}
			js, s := ledgerStream(t, c)
			harm(t, js, s)
			if why := checkLedger(t, c); why == "" || !c.Ledger().TrustedSince().After(c.Ledger().Since()) {
				t.Errorf("%q, trusted since %s, made %s", why, c.Ledger().TrustedSince(), c.Ledger().Since())
			}
			if why := checkLedger(t, c); why != "" {
				t.Errorf("told again: %s", why)
			}
		})
	}
}

// TestLedgerExchanged: a worker that goes on with a ledger which is not the one
// that it was notices at its first write, and does not do what it announced.
func TestLedgerExchanged(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	fillLedger(t, c, 20)
	js, s := ledgerStream(t, c)
	remake(t, js, s)
	_, rev, err := c.Ledger().Get(t.Context(), ledgerKey(7))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ledger.Write(t.Context(), c.Ledger(), ledgerKey(7), ledger.Entry{}, rev); !errors.Is(err, ledger.ErrLost) {
		t.Errorf("a write to a ledger made anew: %v, want ErrLost", err)
	}
	if !c.Ledger().TrustedSince().After(c.Ledger().Since()) {
		t.Error("the ledger counts as new, not as lost")
	}
	if _, _, err := ledger.Write(t.Context(), c.Ledger(), ledgerKey(8), ledger.Entry{}, 0); err != nil {
		t.Errorf("the next write: %v", err)
	}
}

// TestDistrustBySlowClock: whoever finds out may have a clock that is behind.
func TestDistrustBySlowClock(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	if err := c.Distrust(t.Context(), c.Ledger().Since().Add(-time.Minute), "restored"); err != nil {
		t.Fatal(err)
	}
	if !c.Ledger().TrustedSince().After(c.Ledger().Since()) {
		t.Error("the ledger counts as new, not as lost")
	}
}

// TestCheckLedgerTogether: several workers look while others write, and nobody
// takes his earlier look for a loss.
func TestCheckLedgerTogether(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{})
	c := connect(t, stream.Options{Embedded: server})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			_, _, _ = ledger.Write(ctx, c.Ledger(), ledgerKey(n), ledger.Entry{}, 0) // ctx ends it
		}
	})
	for range 3 {
		all.Go(func() {
			for ctx.Err() == nil {
				if why, err := c.CheckLedger(ctx); err == nil && why != "" {
					t.Errorf("false alarm: %s", why)
					return
				}
			}
		})
	}
	all.Wait()
}

func ledgerStream(t *testing.T, c *stream.Conn) (jetstream.JetStream, jetstream.Stream) {
	t.Helper()
	js, err := jetstream.New(c.NC())
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "KV_"+c.Names().Ledger())
	if err != nil {
		t.Fatal(err)
	}
	return js, s
}

func remake(t *testing.T, js jetstream.JetStream, s jetstream.Stream) {
	config := s.CachedInfo().Config
	if err := js.DeleteStream(t.Context(), config.Name); err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
}
