package worker

import (
	"context"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// Named is the job of an event by what the event itself says: it has no
// connector if neither the event nor its case names one. An error says why the
// router makes a dead letter of the event, with the reason of that. It asks
// nobody.
func (p *Planner) Named(in stream.Incoming, id string) (push.Job, push.Reason, error) {
	job := p.router.jobOf(in, id)
	d, reason, err := p.router.read(in)
	if err != nil {
		return job, reason, err
	}
	job.Connector, job.Owner = d.connector, d.owner
	return job, "", nil
}

// Resolve is the job of an event for the connector that the router would find
// now; it has none if there is none. Kibana is asked for the case of an event
// that says neither its connector nor its case, and for the configuration of an
// owner whom the file has none for. That the connector exists is not checked.
func (p *Planner) Resolve(ctx context.Context, in stream.Incoming, id string) (push.Job, error) {
	job, err := p.router.resolve(ctx, in)
	job.EventID = id
	return job, err
}

// PlanJob shows what a job would do now, and the requests that it would send. e
// is the newest event of its case that can be read.
func (p *Planner) PlanJob(ctx context.Context, job push.Job, e event.Event) (push.Preview, []PlannedRequest, error) {
	p.recorder.reset()
	v, err := p.pusher.PreviewEvent(ctx, job, e)
	return v, p.recorder.requests, err
}
