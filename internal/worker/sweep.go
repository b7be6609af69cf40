package worker

import (
	"context"
	"time"

	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
)

const (
	// sweepEvery counts over restarts and over all workers.
	sweepEvery = time.Hour
	// sweepAge is how old what was forgotten has to be: what is younger may be on
	// its way.
	sweepAge = 5 * time.Minute
	// sweepPoll is how often a worker asks whether a sweep is due.
	sweepPoll = time.Minute
)

// SweepOptions say when what was forgotten is looked for. The zero value is for
// real use; tests cannot wait that long.
type SweepOptions struct {
	Every time.Duration // 0 is an hour
	Age   time.Duration // 0 is five minutes
}

func (o SweepOptions) orDefault() SweepOptions {
	if o.Every == 0 {
		o.Every = sweepEvery
	}
	if o.Age == 0 {
		o.Age = sweepAge
	}
	return o
}

// keepSwept sweeps now and then until ctx is done.
func (w *Worker) keepSwept(ctx context.Context) {
	o := w.opts.Sweep.orDefault()
	every(ctx, min(sweepPoll, o.Every), func() {
		last, err := w.conn.SweptAt(ctx)
		if err == nil && time.Since(last) < o.Every {
			return
		}
		w.sweep(ctx, o.Age)
	})
}

// sweep brings what was forgotten, and tells what it found.
func (w *Worker) sweep(ctx context.Context, age time.Duration) {
	begun := time.Now()
	found, err := w.conn.Sweep(ctx, stream.Sweep{Age: age, Named: w.router.named, Route: w.router.again, Queue: w.ensureQueue})
	fields := []telemetry.Field{
		telemetry.Int("events", found.Events), telemetry.Int("entries", found.Entries), telemetry.Int("pending", found.Pending),
		telemetry.Int("routed", found.Routed), telemetry.Int("owed", found.Owed), telemetry.Duration("event.duration", time.Since(begun)),
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		w.log.Warn("sweep not ended: will be tried again", append(fields, telemetry.Err(err))...)
	case found.Routed+found.Owed > 0:
		w.log.Info("sweep found what was forgotten, and queued it", fields...)
	default:
		w.log.Debug("sweep found nothing forgotten", fields...)
	}
}

// named is the connector that the event names, or its case; "" if none, or if
// it cannot be read.
func (r *router) named(in stream.Incoming) string {
	d, _, err := r.read(in)
	if err != nil {
		return ""
	}
	return d.connector
}

// again routes an event that a sweep has found.
func (r *router) again(ctx context.Context, in stream.Incoming, id string) error {
	return r.routeAs(ctx, push.KindSweep, in, id, false)
}
