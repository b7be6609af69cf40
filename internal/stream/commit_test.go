package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// embeddedConn is a connection to an embedded server of its own.
func embeddedConn(t *testing.T) *Conn {
	t.Helper()
	s, err := StartEmbedded(EmbeddedOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	c, err := Connect(t.Context(), Options{Embedded: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func write(c *Conn, subject, body string, rev uint64) (uint64, error) {
	msg := nats.NewMsg(c.names.setting(subject))
	msg.Subject, msg.Data = "$KV."+c.names.Ledger()+".a.b."+subject, []byte(body)
	expectLast(msg, rev)
	seq, _, err := c.ledgerWrites.publish(context.Background(), msg)
	return seq, err
}

// TestCommitter: of many writes at once each gets its own sequence, one that
// lost is refused alone, and what is stored is what was said to be.
func TestCommitter(t *testing.T) {
	t.Parallel()
	c := embeddedConn(t)
	const writers, rounds = 64, 20
	taken, err := write(c, "taken", "{}", 0)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for n := range writers {
		all.Go(func() {
			rev := uint64(0)
			for round := range rounds {
				body := fmt.Sprintf(`{"n":%d,"round":%d}`, n, round)
				seq, err := write(c, fmt.Sprint(n), body, rev)
				if err != nil {
					t.Errorf("writer %d, round %d: %v", n, round, err)
					return
				}
				m, err := c.ledger.GetMsg(t.Context(), seq)
				if err != nil || string(m.Data) != body {
					t.Errorf("writer %d was told sequence %d, where %q is (%v)", n, seq, m.Data, err)
				}
				rev = seq
			}
		})
		all.Go(func() {
			_, err := write(c, "taken", "{}", taken+1)
			var refused *jetstream.APIError
			if !errors.As(err, &refused) || !isConflict(err) {
				t.Errorf("a write on an old revision: %v, want a conflict", err)
			}
		})
	}
	all.Wait()
}

// BenchmarkWrites compares writes in groups with single ones, as many workers
// make them at once.
func BenchmarkWrites(b *testing.B) {
	s, err := StartEmbedded(EmbeddedOptions{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	c, err := Connect(b.Context(), Options{Embedded: s})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	grouped := c.ledgerWrites.publish
	single := func(ctx context.Context, msg *nats.Msg) (uint64, bool, error) {
		ack, err := c.js.PublishMsg(ctx, msg)
		if err != nil {
			return 0, false, err
		}
		return ack.Sequence, ack.Duplicate, nil
	}
	for name, publish := range map[string]func(context.Context, *nats.Msg) (uint64, bool, error){"grouped": grouped, "single": single} {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(32)
			var writers atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				subject := fmt.Sprintf("$KV.%s.%s.%d.%d", c.names.Ledger(), name, b.N, writers.Add(1))
				for rev := uint64(0); pb.Next(); {
					msg := nats.NewMsg(subject)
					msg.Data = []byte(`{"v":1,"w":"ABCDEFGHIJKLMNOPQRSTUVWXYZ"}`)
					expectLast(msg, rev)
					var err error
					if rev, _, err = publish(context.Background(), msg); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
