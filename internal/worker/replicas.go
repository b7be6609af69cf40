package worker

import (
	"context"

	"github.com/casepush/casepush/internal/telemetry"
)

// keepReads sees to it, in every worker, that streams which get replicas while
// it runs are not read from one that is behind.
func (w *Worker) keepReads(ctx context.Context) error {
	every(ctx, checkEvery, func() {
		turned, err := w.conn.CheckReads(ctx)
		if err != nil && ctx.Err() == nil {
			w.log.Debug("replicas not checked", telemetry.Err(err))
		}
		for _, name := range turned {
			w.log.Info("direct reads of a stream with several replicas turned off", telemetry.String("stream", name))
		}
	})
	return nil
}
