package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
)

// maxEventBytes bounds an event's body: what the embedded server takes.
const maxEventBytes = 8 << 20

// router finds the connector of each event and puts a job on its queue. Only
// it resolves connectors; whatever it cannot resolve ends here with a reason.
type router struct {
	conn       *stream.Conn
	kibana     *kibana.Client // nil: none
	connectors push.Connectors
	rules      *Rules
	// queue makes sure that somebody works on a connector's queue.
	queue func(connectorID string)
	log   *telemetry.Logger
	// backoff of events that wait for Kibana
	policy push.Policy
	jitter func() float64
}

// Route handles one event of the stream. An error means that nothing was
// decided and the event has to come again.
func (r *router) Route(ctx context.Context, in stream.Incoming, id string) error {
	return r.route(ctx, in, id, false)
}

// route decides about an event. With ask, Kibana may be asked; without, an
// event that needs it is put aside.
func (r *router) route(ctx context.Context, in stream.Incoming, id string, ask bool) error {
	d, ok, err := r.read(ctx, in, id)
	if err != nil || !ok {
		return err
	}
	job := push.Job{
		Kind: push.KindPush, Space: in.Event.SpaceID, Case: in.Event.CaseID, Owner: in.Event.Owner,
		Seq: in.Seq, Stream: r.conn.Incarnation(), EventID: id, StoredAt: in.StoredAt, Trace: in.Event.TraceParent,
	}
	if d.owner != "" {
		job.Owner = d.owner
	}
	if !d.known && d.connector == "" && r.kibana != nil {
		if !ask {
			return r.conn.PutRoute(ctx, job)
		}
		c, err := r.kibana.Case(ctx, job.Space, job.Case, kibana.What{})
		if err != nil {
			return err
		}
		d.connector, job.Owner = ownConnector(c), c.Owner
	}
	if d.connector == "" {
		if d.connector, err = r.defaultConnector(ctx, job, ask); err != nil {
			if errors.Is(err, errAskKibana) {
				return r.conn.PutRoute(ctx, job)
			}
			return err
		}
	}
	if d.connector == "" {
		return r.skip(ctx, job)
	}
	job.Connector = d.connector
	return r.put(ctx, job)
}

// draft is what the event itself says.
type draft struct {
	connector string // "" if it names none
	owner     string
	known     bool // the event carries the case, so Kibana has nothing to add
}

// read judges the event itself. ok is false when it ended as a dead letter.
func (r *router) read(ctx context.Context, in stream.Incoming, id string) (d draft, ok bool, err error) {
	if in.Err != nil {
		return d, false, r.bury(ctx, in, id, push.StageDecode, push.ReasonMalformed, in.Err)
	}
	if in.Size > maxEventBytes {
		return d, false, r.bury(ctx, in, id, push.StageDecode, push.ReasonTooLarge, fmt.Errorf("the event has %d bytes, at most %d are taken: publish it without its case", in.Size, maxEventBytes))
	}
	d.connector, d.owner = in.Event.ConnectorID, in.Event.Owner
	if in.Event.Thin() {
		return d, true, nil
	}
	c, err := kibana.DecodeCase(in.Event.Case)
	if err != nil {
		return d, false, r.bury(ctx, in, id, push.StageDecode, push.ReasonMalformed, err)
	}
	d.known = true
	if c.Owner != "" {
		d.owner = c.Owner
	}
	if d.connector == "" {
		d.connector = ownConnector(c)
	}
	return d, true, nil
}

func ownConnector(c *kibana.Case) string { return connectorID(c.Connector.ID) }

var errAskKibana = errors.New("only Kibana knows")

// defaultConnector is that of the configuration of the case's owner.
func (r *router) defaultConnector(ctx context.Context, job push.Job, ask bool) (string, error) {
	if !ask && r.kibana != nil {
		rules, found := r.rules.fromFile(job.Space, job.Owner)
		if !found {
			return "", errAskKibana
		}
		return rules.ConnectorID, nil
	}
	rules, err := r.rules.Rules(ctx, job.Space, job.Owner)
	return rules.ConnectorID, err
}

// put gives the job to its connector's queue, unless there is no such connector.
func (r *router) put(ctx context.Context, job push.Job) error {
	_, err := r.connectors.Target(ctx, job.Connector)
	switch {
	case errors.Is(err, push.ErrConnectorNotFound):
		err = fmt.Errorf("connector %q: %w: create it, or name another one", job.Connector, err)
		return r.buryJob(ctx, job, push.StageRoute, push.ReasonConnectorNotFound, err)
	case errors.Is(err, push.ErrUnsupportedType):
		return r.buryJob(ctx, job, push.StageRoute, push.ReasonUnsupportedType, fmt.Errorf("connector %q: %w", job.Connector, err))
	}
	// Any other error is met again, judged and recorded by the push itself.
	r.queue(job.Connector)
	return r.conn.PutJob(ctx, job)
}

// Waiting works on one event that was put aside until Kibana could be asked.
func (r *router) Waiting(ctx context.Context, job push.Job) (push.Verdict, error) {
	in, id, ok, err := r.conn.Event(ctx, job.Seq)
	if err != nil {
		return push.Verdict{}, err
	}
	if !ok || job.Stream != r.conn.Incarnation() {
		err := errors.New("the event is no longer in the stream: publish the case again")
		return push.Verdict{Action: push.Done}, r.buryJob(ctx, job, push.StageRoute, push.ReasonEventExpired, err)
	}
	err = r.route(ctx, in, id, true)
	if err == nil {
		return push.Verdict{Action: push.Done}, nil
	}
	var refusal *connector.Error
	if !errors.As(err, &refusal) {
		return push.Verdict{}, err
	}
	d := push.Decide(push.Situation{
		Stage: push.StageCase, Err: refusal, Attempts: attemptsSince(job.StoredAt, r.policy), First: job.StoredAt,
		Now: time.Now(), Jitter: r.jitter(), Policy: r.policy,
	})
	if d.Verb == push.Retry {
		r.log.Warn("event waits for Kibana", telemetry.String("case_id", job.Case), telemetry.String("space_id", job.Space), telemetry.Err(refusal))
		return push.Verdict{Action: push.Later, At: d.At, Err: refusal}, nil
	}
	return push.Verdict{Action: push.Done, Err: refusal}, r.buryJob(ctx, job, push.StageCase, d.Reason, refusal)
}

// attemptsSince estimates how often an event was tried from how long it waits:
// what has no ledger entry has nothing to count in.
func attemptsSince(stored time.Time, p push.Policy) int {
	n := 1
	for waited := p.Base; waited < time.Since(stored) && n < 20; waited *= 2 {
		n++
	}
	return n
}
