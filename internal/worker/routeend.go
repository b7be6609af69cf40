package worker

import (
	"context"
	"errors"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/telemetry"
)

// skip ends an event that names no connector and whose case and configuration
// name none either.
func (r *router) skip(ctx context.Context, job push.Job) error {
	r.log.Info("push skipped", append(jobFields(job), telemetry.String("outcome", string(push.Skipped)), telemetry.String("reason", string(push.ReasonNoConnector)))...)
	return r.conn.Results().Publish(ctx, r.result(job, push.Skipped, push.ReasonNoConnector))
}

// buryJob stores the dead letter, then tells the outcome. The event is
// acknowledged after both.
func (r *router) buryJob(ctx context.Context, job push.Job, stage push.Stage, reason push.Reason, cause error) error {
	res := r.result(job, push.DeadLettered, reason)
	if job.Kind == push.KindRedrive {
		res.At = time.Now().UTC() // another letter than the one that was sent again
	}
	letter := push.DeadLetter{
		ConnectorID: job.Connector, ConnectorTypeID: res.ConnectorTypeID, SpaceID: job.Space, CaseID: job.Case, Owner: job.Owner,
		EventID: job.EventID, EventSeq: job.Seq, EventStream: job.Stream, ThroughSeq: job.Seq,
		Stage: stage, Reason: reason, Message: cause.Error(), Attempts: res.Attempts, FirstAt: job.StoredAt, LastAt: res.At,
	}
	if !job.WaitsSince.IsZero() {
		letter.FirstAt, letter.LastAt = job.WaitsSince, time.Now().UTC()
	}
	var refusal *connector.Error
	if errors.As(cause, &refusal) {
		letter.Status = refusal.Status
	}
	if err := r.conn.DeadLetters().Put(ctx, letter); err != nil {
		return err
	}
	r.log.Warn("push dead-lettered", append(jobFields(job),
		telemetry.String("outcome", string(push.DeadLettered)), telemetry.String("reason", string(reason)),
		telemetry.String("stage", string(stage)), telemetry.Err(cause))...)
	return r.conn.Results().Publish(ctx, res)
}

// result is the outcome of an event that never reached a connector. Its time is
// the event's, so that telling it again is the same message.
func (r *router) result(job push.Job, o push.Outcome, reason push.Reason) push.Result {
	at := job.StoredAt
	if at.IsZero() {
		at = time.Now().UTC()
	}
	attempts := 1
	if !job.WaitsSince.IsZero() {
		attempts = attemptsSince(job.WaitsSince, r.policy)
	}
	return push.Result{
		Format: push.Format, EventID: job.EventID, EventSeq: job.Seq, ThroughSeq: job.Seq, CaseID: job.Case, SpaceID: job.Space,
		Owner: job.Owner, ConnectorID: job.Connector, ConnectorTypeID: r.connectors.typeOf(job.Connector), Outcome: o, Reason: reason, Attempts: attempts,
		TookMS: time.Since(at).Milliseconds(), At: at.UTC(),
	}
}

func jobFields(job push.Job) []telemetry.Field {
	return []telemetry.Field{
		telemetry.String("case_id", job.Case), telemetry.String("space_id", job.Space), telemetry.String("owner", job.Owner),
		telemetry.String("connector_id", job.Connector), telemetry.String("event_id", job.EventID), telemetry.Uint64("event_seq", job.Seq),
	}
}
