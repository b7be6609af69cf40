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
	connectors *Connectors
	rules      *Rules
	// queue makes sure that somebody works on a connector's queue.
	queue  func(connectorID string)
	log    *telemetry.Logger
	bursts bursts
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
	return r.routeAs(ctx, push.KindPush, in, id, ask)
}

func (r *router) routeAs(ctx context.Context, kind push.Kind, in stream.Incoming, id string, ask bool) error {
	job := r.jobOf(in, id)
	if kind == push.KindRedrive || kind == push.KindSweep {
		job.Kind = kind
	}
	d, reason, err := r.read(in)
	if err != nil {
		return r.buryJob(ctx, job, push.StageDecode, reason, err)
	}
	if job.Connector, job.Owner, err = r.find(ctx, job, d, ask); errors.Is(err, errAskKibana) {
		return r.conn.PutRoute(ctx, job)
	} else if err != nil {
		return err
	}
	if job.Connector == "" {
		return r.skip(ctx, job)
	}
	return r.put(ctx, job)
}

// resolve finds the connector of an event without doing anything about it.
func (r *router) resolve(ctx context.Context, in stream.Incoming) (push.Job, error) {
	job := r.jobOf(in, in.Event.ID)
	d, _, err := r.read(in)
	if err != nil {
		return job, err
	}
	job.Connector, job.Owner, err = r.find(ctx, job, d, true)
	return job, err
}

func (r *router) jobOf(in stream.Incoming, id string) push.Job {
	job := push.Job{
		Kind: push.KindPush, Space: in.Event.SpaceID, Case: in.Event.CaseID, Owner: in.Event.Owner, Trace: in.Event.TraceParent,
		Seq: in.Seq, Stream: r.conn.Incarnation(), EventID: id, StoredAt: in.StoredAt,
	}
	if in.Err != nil { // then only the subject is known
		job.Space, job.Case = in.Space, in.Case
	}
	return job
}

// find resolves the connector: the event's, else the case's own, else the
// default of the configuration of the case's owner. "" is none.
func (r *router) find(ctx context.Context, job push.Job, d draft, ask bool) (id, owner string, err error) {
	if d.connector != "" {
		return d.connector, d.owner, nil
	}
	if !d.known && r.kibana != nil {
		if !ask {
			return "", d.owner, errAskKibana
		}
		c, err := r.kibana.Case(ctx, job.Space, job.Case, kibana.What{})
		if err != nil {
			return "", d.owner, err
		}
		d.owner = c.Owner
		if id := ownConnector(c); id != "" {
			return id, d.owner, nil
		}
	}
	job.Owner = d.owner
	id, err = r.defaultConnector(ctx, job, ask)
	return id, d.owner, err
}

// draft is what the event itself says.
type draft struct {
	connector string // "" if it names none
	owner     string
	known     bool // the event carries the case, so Kibana has nothing to add
}

// read judges the event itself. An error comes with the reason of the dead letter.
func (r *router) read(in stream.Incoming) (draft, push.Reason, error) {
	if in.Err != nil {
		return draft{}, push.ReasonMalformed, in.Err
	}
	if in.Size > maxEventBytes {
		return draft{}, push.ReasonTooLarge, fmt.Errorf("the event has %d bytes, at most %d are taken: publish it without its case", in.Size, maxEventBytes)
	}
	d := draft{connector: connectorID(in.Event.ConnectorID), owner: in.Event.Owner}
	if in.Event.Thin() {
		return d, "", nil
	}
	c, err := in.Snapshot, in.SnapshotErr
	if c == nil && err == nil { // of an event that is not stored
		c, err = kibana.DecodeCase(in.Event.Case)
	}
	if err != nil {
		return draft{}, push.ReasonMalformed, err
	}
	d.known = true
	if c.Owner != "" {
		d.owner = c.Owner
	}
	if d.connector == "" {
		d.connector = ownConnector(c)
	}
	return d, "", nil
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
	if job.Kind == push.KindPush {
		return r.bursts.put(ctx, job, r.conn.PutJob)
	}
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
	err = r.routeAs(ctx, job.Kind, in, id, true)
	if err == nil {
		return push.Verdict{Action: push.Done}, nil
	}
	var refusal *connector.Error
	if !errors.As(err, &refusal) {
		return push.Verdict{}, err
	}
	d := push.Decide(push.Situation{
		Stage: push.StageCase, Err: refusal, Attempts: attemptsSince(job.WaitsSince, r.policy), First: job.WaitsSince,
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
func attemptsSince(first time.Time, p push.Policy) int {
	n := 1
	for waited := p.Base; waited < time.Since(first) && n < 20; waited *= 2 {
		n++
	}
	return n
}
