package worker

import (
	"context"
	"time"

	"github.com/casepush/casepush/internal/telemetry"
)

// trustRetry is the wait before the ledger is looked at again at a start.
const trustRetry = time.Second

// trustLedger finds out, before anything is worked on, whether the ledger was
// lost or restored. It does not return before it knows, but for the end of ctx:
// to an empty ledger that is taken for a new one every case looks untouched.
func (w *Worker) trustLedger(ctx context.Context) bool {
	for {
		err := w.lookAtLedger(ctx)
		if err == nil || ctx.Err() != nil {
			return err == nil
		}
		w.log.Warn("the ledger cannot be looked at: nothing is worked on before", telemetry.Err(err))
		select {
		case <-ctx.Done():
		case <-time.After(trustRetry):
		}
	}
}

// checkLedger finds out the same while the worker runs.
func (w *Worker) checkLedger(ctx context.Context) {
	if err := w.lookAtLedger(ctx); err != nil && ctx.Err() == nil {
		w.log.Debug("ledger not checked", telemetry.Err(err))
	}
}

// lookAtLedger looks, and tells what is wrong.
func (w *Worker) lookAtLedger(ctx context.Context) error {
	why, err := w.conn.CheckLedger(ctx)
	if why != "" {
		w.log.Error("the ledger is not to be trusted about what was done before now: trackers are searched before anything is created or added",
			telemetry.String("reason", why))
	}
	return err
}
