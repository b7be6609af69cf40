package main

import (
	"context"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/worker"
)

// operator is what the commands that look at the queue, or change what is on
// it, work with.
type operator struct {
	*ops.Ops
	config *config.Config
	queue  *queue
}

// operate connects, and lets f do its work.
func (a *app) operate(ctx context.Context, f func(context.Context, operator) error) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	q, err := openTool(ctx, cfg)
	if err != nil {
		return err
	}
	defer q.Close()
	return f(ctx, operator{
		Ops:    ops.New(ops.Options{Conn: q.Conn, Connectors: worker.NewConnectors(cfg, adapters.Types(), nil)}),
		config: cfg, queue: q,
	})
}
