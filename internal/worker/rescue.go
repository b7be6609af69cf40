package worker

import (
	"context"
	"fmt"

	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
)

// rescue brings back what the server does not deliver any more, until ctx is
// done.
func (w *Worker) rescue(ctx context.Context) error {
	return w.conn.Rescue(ctx, stream.Rescue{Route: w.router.again, Told: w.tellRescued})
}

func (w *Worker) tellRescued(r stream.Rescued) {
	fields := []telemetry.Field{
		telemetry.String("consumer", r.Consumer), telemetry.Int("jobs", r.Jobs), telemetry.Int("events", r.Events),
	}
	if r.Limit > 0 {
		fields = append(fields, telemetry.Int("max_deliver", r.Limit))
	}
	if r.Seq > 0 {
		fields = append(fields, telemetry.Uint64("seq", r.Seq))
	}
	if r.Reason != "" {
		fields = append(fields, telemetry.String("reason", r.Reason))
	}
	switch {
	case r.Err != nil:
		w.log.Error(fmt.Sprintf("NATS gave up messages, and they could not be queued anew: see that max_deliver of consumer %s is -1, and restart", r.Consumer),
			append(fields, telemetry.Err(r.Err))...)
	case r.Terminated:
		w.log.Warn(fmt.Sprintf("somebody ended the delivery of a message: nobody but casepush may use consumer %s; what is left of it is brought by the next sweep", r.Consumer), fields...)
	case r.Limit > 0:
		w.log.Warn(fmt.Sprintf("somebody set max_deliver of consumer %s to %d, so that NATS gave up messages: it is -1 again, and they are queued anew; leave it at -1", r.Consumer, r.Limit), fields...)
	default:
		w.log.Warn(fmt.Sprintf("NATS gave up a message, while consumer %s had a max_deliver: it is queued anew", r.Consumer), fields...)
	}
}
