//go:build linux

package bench

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

// runIdeal does the durable writes and the requests of a push as the worker
// does them, and nothing else: the event becomes a job, the job a claim with
// intent, the requests, the record, the result. It reads nothing back, decides
// nothing and survives nothing.
func runIdeal(ctx context.Context, s spec) error {
	p, err := newProgram(s, kept(s.Flight))
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.consume(ctx, eventStream, "bench_router", ">", p.route) })
	g.Go(func() error {
		return p.consume(ctx, workStream, "bench_push", "casepush.work."+connectorID+".>", p.push)
	})
	return g.Wait()
}

// route makes a job of an event.
func (p *program) route(ctx context.Context, m jetstream.Msg) error {
	id := m.Subject()[strings.LastIndexByte(m.Subject(), '.')+1:]
	_, err := p.js.Publish(ctx, "casepush.work."+connectorID+"."+space+"."+id, m.Data())
	return err
}

func (p *program) push(ctx context.Context, m jetstream.Msg) error {
	id := m.Subject()[strings.LastIndexByte(m.Subject(), '.')+1:]
	entry := "$KV.casepush_ledger." + connectorID + "." + space + "." + id
	claim, err := p.js.Publish(ctx, entry, p.filler(id, claimBytes), jetstream.WithExpectLastSequencePerSubject(0))
	if err != nil {
		return err
	}
	issue, err := p.send(ctx, m.Data())
	if err != nil {
		return err
	}
	if _, err := p.js.Publish(ctx, entry, p.filler(issue, doneBytes), jetstream.WithExpectLastSequencePerSubject(claim.Sequence)); err != nil {
		return err
	}
	result := nats.NewMsg("casepush.result." + space + "." + id)
	result.Data = p.filler(issue, resultBytes)
	result.Header.Set(nats.MsgIdHdr, id)
	_, err = p.js.PublishMsg(ctx, result)
	return err
}

// Sizes of what the worker writes for one push without comments, as it was
// read from its streams.
const (
	claimBytes  = 450
	doneBytes   = 650
	resultBytes = 550
)

// filler is a record of a size: the id, and what hardly compresses.
func (p *program) filler(id string, size int) []byte {
	return append([]byte(id), p.noise[:size-len(id)]...)
}

func noise() []byte {
	b := make([]byte, 1024)
	_, _ = rand.Read(b) // never fails
	return []byte(base64.StdEncoding.EncodeToString(b))
}
