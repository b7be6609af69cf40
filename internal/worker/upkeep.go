package worker

import (
	"context"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/telemetry"
)

// What one worker at a time does for all.
const (
	retireEvery = time.Hour   // counts over restarts and over all workers
	upkeepPoll  = time.Minute // between two questions whether something is due
	checkEvery  = 10 * time.Second
)

// upkeep looks after the streams until ctx is done.
func (w *Worker) upkeep(ctx context.Context, _ func() bool) error {
	var loops sync.WaitGroup
	loops.Go(func() {
		w.retireDue(ctx)
		every(ctx, upkeepPoll, func() { w.retireDue(ctx) })
	})
	o := w.opts.Sweep.orDefault()
	loops.Go(func() { every(ctx, min(upkeepPoll, o.Every), func() { w.removeConsumers(ctx, o.Age) }) })
	loops.Go(func() { every(ctx, checkEvery, func() { w.checkLedger(ctx) }) })
	loops.Go(func() { w.keepSwept(ctx) })
	loops.Wait()
	return nil
}

// retireDue retires if nobody has for a while.
func (w *Worker) retireDue(ctx context.Context) {
	last, err := w.conn.RetiredAt(ctx)
	if err == nil && time.Since(last) < retireEvery {
		return
	}
	w.retire(ctx)
}

// removeConsumers removes those of connectors that the configuration does not
// have. A worker that wants one makes it again.
func (w *Worker) removeConsumers(ctx context.Context, age time.Duration) {
	removed, err := w.conn.RemoveConsumers(ctx, age, func(id string) bool { return w.connectors.typeOf(id) != "" })
	if err != nil && ctx.Err() == nil {
		w.log.Debug("consumers of connectors that are gone not removed", telemetry.Err(err))
	}
	for _, id := range removed {
		w.log.Info("consumer of a connector that is gone removed", telemetry.String("connector_id", id))
	}
}

// retire removes old events that nothing needs.
func (w *Worker) retire(ctx context.Context) {
	if first, err := w.conn.Retire(ctx); err != nil {
		w.log.Warn("old events stay", telemetry.Err(err))
	} else {
		w.log.Debug("old events removed", telemetry.Uint64("first_seq", first))
	}
}
