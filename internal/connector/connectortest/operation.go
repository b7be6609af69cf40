package connectortest

import (
	"context"
	"maps"

	"github.com/casepush/casepush/internal/connector"
)

// operation is one method of a connector, called on the first sample incident.
type operation struct {
	name   string
	writes bool
	can    func(*bench) bool
	// prepare makes what the call needs to be there.
	prepare func(*bench) connector.Ref
	call    func(context.Context, *bench, connector.Ref) error
	// applied says whether the call has had its effect.
	applied func(before, after []Incident) bool
}

const commentText = "canary-comment: first line\nsecond line, ünïcödé 😀"

func operations() []operation { return append(changes(), reads()...) }

func nothing(*bench) connector.Ref { return connector.Ref{} }

func existing(b *bench) connector.Ref { return b.create(0) }

func changes() []operation {
	always := func(*bench) bool { return true }
	return []operation{
		{
			name: "create", writes: true, can: always,
			prepare: nothing,
			call: func(ctx context.Context, b *bench, _ connector.Ref) error {
				ref, err := b.conn.CreateIncident(ctx, caseID(0), b.h.Incident)
				if err == nil && ref.ID == "" {
					b.Errorf("create: no error and no id")
				}
				return err
			},
			applied: func(before, after []Incident) bool { return len(after) > len(before) },
		},
		{
			name: "update", writes: true, can: always, prepare: existing,
			call: func(ctx context.Context, b *bench, ref connector.Ref) error {
				return b.conn.UpdateIncident(ctx, caseID(0), ref, b.h.Update)
			},
			applied: func(before, after []Incident) bool { return !maps.Equal(before[0].Texts, after[0].Texts) },
		},
		{
			name: "comment", writes: true, can: always, prepare: existing,
			call: func(ctx context.Context, b *bench, ref connector.Ref) error {
				return b.conn.AddComment(ctx, ref, comment("c1", commentText))
			},
			applied: func(before, after []Incident) bool { return len(after[0].Comments) > len(before[0].Comments) },
		},
	}
}

func reads() []operation {
	never := func(_, _ []Incident) bool { return false }
	return []operation{
		{
			name: "find", can: func(b *bench) bool { return b.conn.Capabilities().FindIncident }, prepare: existing,
			call: func(ctx context.Context, b *bench, _ connector.Ref) error {
				_, err := b.conn.FindIncident(ctx, caseID(0))
				return err
			},
			applied: never,
		},
		{
			name: "count", can: func(b *bench) bool { return b.conn.Capabilities().CountComments }, prepare: existing,
			call: func(ctx context.Context, b *bench, ref connector.Ref) error {
				_, err := b.conn.CountComments(ctx, ref, []connector.Comment{comment("c1", commentText)})
				return err
			},
			applied: never,
		},
		{
			name: "read", can: func(b *bench) bool { return b.conn.Capabilities().ReadIncident }, prepare: existing,
			call: func(ctx context.Context, b *bench, ref connector.Ref) error {
				_, err := b.conn.ReadIncident(ctx, ref, b.textNames())
				return err
			},
			applied: never,
		},
		{
			name: "probe", can: (*bench).canProbe, prepare: nothing,
			call:    func(ctx context.Context, b *bench, _ connector.Ref) error { return b.conn.Probe(ctx) },
			applied: never,
		},
		{
			name: "others", can: (*bench).canDeduplicate, prepare: existing,
			call: func(ctx context.Context, b *bench, ref connector.Ref) error {
				_, err := b.conn.(connector.Deduplicator).OtherIncidents(ctx, caseID(0), ref)
				return err
			},
			applied: never,
		},
	}
}

// canProbe says whether the connector asks its tracker anything when it is
// probed.
func (b *bench) canProbe() bool {
	b.Helper()
	if err := b.conn.Probe(b.context()); err != nil {
		b.Fatalf("probe: %v", err)
	}
	all, _ := b.wire.counted()
	return all > 0
}
