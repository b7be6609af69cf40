package worker

import (
	"cmp"
	"errors"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/telemetry"
)

// report writes the one line of a push.
func (w *Worker) report(job push.Job, v push.Verdict, err error, took time.Duration) {
	fields := append(jobFields(job), telemetry.String("kind", string(job.Kind)), telemetry.Duration("event.duration", took))
	if v.Stage != "" {
		fields = append(fields, telemetry.String("stage", string(v.Stage)))
	}
	if cause := errors.Join(err, v.Err); cause != nil {
		fields = append(fields, telemetry.Err(cause))
	}
	var refusal *connector.Error
	if errors.As(v.Err, &refusal) && refusal.Status != 0 {
		fields = append(fields, telemetry.Int("http.response.status_code", refusal.Status))
	}
	switch {
	case err != nil:
		w.log.Error("push interrupted: handed back", fields...)
	case v.Result != nil:
		w.outcome(v, fields)
	case v.Action == push.Later:
		fields = append(fields, telemetry.Time("next_attempt", v.At), telemetry.String("note", v.Note))
		if v.Err == nil {
			w.log.Info("push waits", fields...)
			return
		}
		w.log.Warn("push waits", fields...)
	default:
		w.log.Debug("job ended without a push", append(fields, telemetry.String("action", v.Action.String()), telemetry.String("note", v.Note))...)
	}
}

// tellDuplicates tells of a case's second incidents: a promise was broken. What
// could be done about it depends on the connector; the note says it.
func (w *Worker) tellDuplicates(job push.Job, v push.Verdict) {
	words := "a second incident of the case was found: if its connector can, it is linked to the case's own and has lost its mark; see that it is closed"
	if v.Err != nil {
		words = "a second incident of the case was found, and could not be put right: link it to the case's own and close it"
	}
	for _, d := range v.Duplicates {
		fields := append(jobFields(job), telemetry.String("incident", cmp.Or(d.Title, d.ID)), telemetry.String("incident_url", d.URL),
			telemetry.String("note", v.Note))
		if v.Err != nil {
			fields = append(fields, telemetry.Err(v.Err))
		}
		w.log.Error(words, fields...)
	}
}

func (w *Worker) outcome(v push.Verdict, fields []telemetry.Field) {
	r := v.Result
	fields = append(fields, telemetry.String("outcome", string(r.Outcome)), telemetry.Int("attempts", r.Attempts),
		telemetry.Bool("closed", r.Closed), telemetry.Int64("took_ms", r.TookMS), telemetry.Uint64("through_seq", r.ThroughSeq))
	if r.Reason != "" {
		fields = append(fields, telemetry.String("reason", string(r.Reason)))
	}
	if s := r.ExternalService; s != nil {
		fields = append(fields, telemetry.String("incident", s.ExternalTitle), telemetry.String("incident_url", s.ExternalURL))
	}
	if r.Outcome == push.DeadLettered {
		w.log.Warn("push dead-lettered", fields...)
		return
	}
	w.log.Info("case pushed", fields...)
}
