package worker

import (
	"context"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/telemetry"
)

// What one worker at a time does for all.
const (
	retireEvery = time.Hour
	checkEvery  = 10 * time.Second
)

// upkeep looks after the streams until ctx is done.
func (w *Worker) upkeep(ctx context.Context, _ func() bool) error {
	var loops sync.WaitGroup
	loops.Go(func() { every(ctx, retireEvery, func() { w.retire(ctx) }) })
	loops.Go(func() { every(ctx, checkEvery, func() { w.checkLedger(ctx) }) })
	loops.Go(func() { w.keepSwept(ctx) })
	loops.Wait()
	return nil
}

// retire removes old events that nothing needs.
func (w *Worker) retire(ctx context.Context) {
	if first, err := w.conn.Retire(ctx); err != nil {
		w.log.Warn("old events stay", telemetry.Err(err))
	} else {
		w.log.Debug("old events removed", telemetry.Uint64("first_seq", first))
	}
}

// checkLedger finds out whether the ledger was lost or restored.
func (w *Worker) checkLedger(ctx context.Context) {
	why, err := w.conn.CheckLedger(ctx)
	if err != nil && ctx.Err() == nil {
		w.log.Debug("ledger not checked", telemetry.Err(err))
	}
	if why != "" {
		w.log.Error("the ledger is not to be trusted about what was done before now: trackers are searched before anything is created or added",
			telemetry.String("reason", why))
	}
}
