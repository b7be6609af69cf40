// Package ops is what an operator may do: publish events and wait for their
// outcomes, look at dead letters and the ledger, send again, settle by hand.
// The command line and the HTTP API offer the same because both come here.
package ops

import (
	"context"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// Options is what Ops works with.
type Options struct {
	Conn *stream.Conn // stays the caller's to close
	// Connectors tells which connectors there are.
	Connectors push.Connectors
}

// Ops does what operators ask for. Safe for concurrent use.
type Ops struct {
	conn       *stream.Conn
	connectors push.Connectors
}

// New makes an Ops; it does no I/O.
func New(o Options) *Ops { return &Ops{conn: o.Conn, connectors: o.Connectors} }

// redrive stores a job that brings one entry up to date, whatever its cursor says.
func (o *Ops) redrive(ctx context.Context, key ledger.Key, owner, eventID string, at ledger.Position) error {
	if at.IsZero() {
		at.Stream = o.conn.Incarnation()
	}
	return o.conn.PutJob(ctx, push.Job{
		Kind: push.KindRedrive, Connector: key.Connector, Space: key.Space, Case: key.Case, Owner: owner,
		Seq: at.Seq, Stream: at.Stream, EventID: eventID,
	})
}
