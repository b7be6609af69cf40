package ops

import (
	"context"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/stream"
)

// IncidentFilter selects entries; empty fields select all.
type IncidentFilter struct {
	Connector, Space, Case string
	// Uncertain, Dead and Waiting select entries by how they stand; of several,
	// those to which any applies.
	//
	// Uncertain: something may have been sent, and it is not being sent now: the
	// entry waits for a person or to be looked up, or its worker has ended.
	Uncertain bool
	Dead      bool // the last push is a dead letter
	Waiting   bool // for the next attempt
}

// matches reports how the entry stands at the given time.
func (f IncidentFilter) matches(i Incident, now time.Time) bool {
	return !f.Uncertain && !f.Dead && !f.Waiting ||
		f.Uncertain && i.unclear(now) || f.Dead && i.Dead || f.Waiting && i.Retry != nil
}

// unclear reports whether something may have been sent and nobody is at it. A
// worker renews its claim well before its lease is over, so a claim that is
// older has none; clocks that differ make that a guess, and no more is made of it.
func (i Incident) unclear(now time.Time) bool {
	if i.Blocked {
		return true
	}
	return i.Uncertain != nil && (i.ClaimedBy == "" || i.abandoned(now))
}

// abandoned reports whether the worker that has the claim must have ended.
func (i Incident) abandoned(now time.Time) bool {
	return i.ClaimedBy != "" && !i.RecordedAt.IsZero() && now.Sub(i.RecordedAt) > i.Lease
}

// Incidents gives those selected to f, in no particular order, until f returns
// an error. It holds one entry in memory, and the server sends none of other
// connectors, spaces and cases.
func (o *Ops) Incidents(ctx context.Context, filter IncidentFilter, f func(Incident) error) error {
	of, now := stream.EntryFilter{Connector: filter.Connector, Space: filter.Space, Case: filter.Case}, time.Now()
	return o.conn.Entries(ctx, of, func(k ledger.Key, e ledger.Entry) error {
		if i := incident(k, e); filter.matches(i, now) {
			return f(i)
		}
		return nil
	})
}
