// Package worker wires the parts together, runs them, stops them, and says
// whether they are healthy.
package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
)

// Options is what a worker is made of.
type Options struct {
	Config *config.Config
	Types  []connector.Type
	Conn   *stream.Conn // stays the caller's to close
	Log    *telemetry.Logger
	// HTTP makes the client of each connector; nil is httpclient.New.
	HTTP func(httpclient.Settings) (*http.Client, error)
	// Fatal is asked now and then whether the queue is beyond repair; its error
	// ends Run. nil: never.
	Fatal func() error
	// Sweep says when what was forgotten is looked for.
	Sweep SweepOptions
	// OnVerdict hears how each job ended; may be nil. For tests and the demo.
	OnVerdict func(push.Job, push.Verdict, error)
}

// Worker routes events and pushes cases. Run it once.
type Worker struct {
	opts       Options
	log        *telemetry.Logger
	conn       *stream.Conn
	connectors *Connectors
	pusher     *push.Pusher
	router     *router
	keys       push.KeyLock
	covered    covered
	owner      string
	board      *stream.Board
	gates      gates
	queues     queues
	health     health
}

// New makes a worker; it does no I/O.
func New(o Options) (*Worker, error) {
	client, err := kibanaClient(o.Config, o.Log)
	if err != nil {
		return nil, err
	}
	w := &Worker{opts: o, log: o.Log, conn: o.Conn, owner: ownerName(), connectors: NewConnectors(o.Config, o.Types, o.HTTP)}
	w.connectors.log = o.Log
	w.connectors.gate = func(id string) httpclient.Gate { return w.gates.of(id) }
	rules := NewRules(o.Config, client)
	policy := push.Policy{Base: o.Config.Worker.RetryBase, Cap: o.Config.Worker.RetryCap, MaxAge: o.Config.Worker.MaxAttemptAge}
	po := push.Options{
		Owner: w.owner, Ledger: o.Conn.Ledger(), Mailbox: o.Conn, Connectors: w.connectors, Configurations: rules,
		Results: o.Conn.Results(), DeadLetters: o.Conn.DeadLetters(), PublicBaseURL: o.Config.Kibana.PublicBaseURL,
		Lease: o.Config.Worker.Lease, Policy: policy,
	}
	if client != nil { // a nil *Client in the interface would not be nil
		po.Kibana = client
	}
	w.pusher = push.New(po)
	w.router = &router{
		conn: o.Conn, kibana: client, connectors: w.connectors, rules: rules, queue: w.ensureQueue, log: o.Log,
		policy: policy, jitter: mathrand.Float64,
	}
	return w, nil
}

// kibanaClient makes the client of the configured Kibana, nil if there is none.
// Its requests are traced to log, if that is not nil.
func kibanaClient(cfg *config.Config, log *telemetry.Logger) (*kibana.Client, error) {
	if cfg.Kibana.URL == "" {
		return nil, nil
	}
	client, err := httpclient.New(cfg.Kibana.Settings())
	if err != nil {
		return nil, fmt.Errorf("kibana: %w", err)
	}
	trace(client, log, "kibana")
	return kibana.New(kibana.Options{
		URL: cfg.Kibana.URL, APIKey: cfg.Kibana.APIKey, Username: cfg.Kibana.Username, Password: cfg.Kibana.Password,
		HTTP: client, OwnUser: cfg.Kibana.OwnUser,
	})
}

// ownerName is unique to this start of the process: what an earlier one of the
// same host held is somebody else's.
func ownerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:8])
}

// Run works until ctx is done, then stops taking jobs and lets those in flight
// end, for at most the configured drain time. What is not done then is handed
// back by the queue or settled by whoever claims it next. The error is that of
// Options.Fatal, if that ended it.
func (w *Worker) Run(ctx context.Context) error {
	ids, err := w.conn.Queues(ctx)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	if w.board, err = w.conn.Board(ctx); err != nil {
		return err
	}
	if !w.trustLedger(ctx) {
		return nil
	}
	w.queues.open(ctx)
	w.start("", func(ctx context.Context) error { // events that wait for Kibana
		return w.work(ctx, stream.Work{InFlight: routeInFlight, Do: w.waiting})
	})
	for _, id := range ids {
		w.ensureQueue(id)
	}
	// Jobs come from other processes too: a redrive, another worker that died.
	for _, def := range w.opts.Config.Connectors {
		w.ensureQueue(def.ID)
	}
	w.start(rescuing, w.rescue)
	w.start(reading, w.keepReads)
	w.start(routerQueue, func(ctx context.Context) error { return w.conn.Route(ctx, w.route) })
	w.start(stream.Upkeep, func(ctx context.Context) error { return w.board.Own(ctx, stream.Upkeep, w.owner, w.upkeep) })
	w.start(fatality, func(ctx context.Context) error { return w.watch(ctx, end) })
	w.health.running.Store(true)
	w.log.Info("worker started", telemetry.Int("connectors", len(w.opts.Config.Connectors)))

	<-ctx.Done()
	w.health.running.Store(false)
	w.log.Info("stopping: no new pushes are begun")
	if !w.queues.drain(w.opts.Config.Worker.DrainTimeout) {
		w.log.Warn("stopped with pushes in flight: they are looked up before they are repeated",
			telemetry.Duration("waited", w.opts.Config.Worker.DrainTimeout))
	} else {
		w.log.Info("worker stopped")
	}
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// watch ends the worker when its queue is beyond repair.
func (w *Worker) watch(ctx context.Context, end context.CancelCauseFunc) error {
	if w.opts.Fatal == nil {
		return nil
	}
	every(ctx, watchEvery, func() {
		if err := w.opts.Fatal(); err != nil {
			end(err)
		}
	})
	return nil
}

// every calls f again and again until ctx is done, the first time after d.
func every(ctx context.Context, d time.Duration, f func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f()
		}
	}
}

// route takes one event, and keeps account of whether that works.
func (w *Worker) route(ctx context.Context, in stream.Incoming, id string) error {
	err := w.router.Route(ctx, in, id)
	w.note(err)
	return err
}

// waiting works on an event that waits for Kibana. Credentials that Kibana
// refuses are not tried again for each event.
func (w *Worker) waiting(ctx context.Context, job push.Job) (push.Verdict, error) {
	v, err := w.router.Waiting(ctx, job)
	w.note(err)
	var refusal *connector.Error
	switch {
	case errors.As(v.Err, &refusal) && refusal.Kind == connector.Unauthenticated:
		w.gates.of("").Refused(gate.Unauthenticated, refusal.RetryAfter, refusal.Error())
	case err == nil && v.Err == nil:
		w.gates.of("").Worked()
	}
	return v, err
}

// note keeps account of the queue's errors: what meets one is handed back and
// comes again, so nothing is lost, but nothing goes on either.
func (w *Worker) note(err error) {
	if w.health.note(err) {
		w.log.Error("the queue does not take what is written: will be tried again", telemetry.Err(err))
	}
}

const (
	routeInFlight = 8
	routerQueue   = "\x00router"   // no connector id
	fatality      = "\x00fatality" // likewise
	rescuing      = "\x00rescue"   // likewise
	reading       = "\x00reads"    // likewise
	watchEvery    = 2 * time.Second
)

// ensureQueue starts to work on a connector's queue, unless that is done already.
func (w *Worker) ensureQueue(id string) {
	w.start(id, func(ctx context.Context) error {
		return w.work(ctx, stream.Work{Connector: id, InFlight: w.connectors.inFlight(ctx, id), Do: w.push})
	})
}

// restartDelay is the wait before a queue whose consumer failed is tried again.
const restartDelay = time.Second

// runningField names what is running: a connector's queue, or a task of ours.
func runningField(name string) telemetry.Field {
	if name == "" {
		return telemetry.String("task", "events that wait for Kibana")
	}
	if task, ok := strings.CutPrefix(name, "\x00"); ok {
		return telemetry.String("task", task)
	}
	return telemetry.String("connector_id", name)
}

// start runs a queue until the worker stops; a queue that fails is tried again.
func (w *Worker) start(name string, run func(context.Context) error) {
	w.queues.start(name, func(ctx context.Context) {
		for ctx.Err() == nil {
			err := run(ctx)
			if err == nil || ctx.Err() != nil {
				return
			}
			w.log.Error("stopped working, will be tried again", runningField(name), telemetry.Err(err))
			select {
			case <-ctx.Done():
			case <-time.After(restartDelay):
			}
		}
	})
}

// busyDelay bounds when a job comes again whose case is being pushed; by then it
// is mostly covered. Each comes at its own time: together they would only be in
// each other's way again.
const (
	leastBusyDelay = 100 * time.Millisecond
	mostBusyDelay  = 900 * time.Millisecond
)

// push works on one job and writes its line to the log.
func (w *Worker) push(ctx context.Context, job push.Job) (push.Verdict, error) {
	if w.covered.has(job) {
		return push.Verdict{Action: push.Done, Note: "covered by an earlier push"}, nil
	}
	unlock, ok := w.keys.TryLock(job.Key())
	if !ok {
		delay := leastBusyDelay + mathrand.N(mostBusyDelay-leastBusyDelay)
		return push.Verdict{Action: push.HandBack, Delay: delay, Note: "the case is being pushed"}, nil
	}
	defer unlock()
	begun := time.Now()
	v, err := w.pusher.Push(ctx, job)
	w.health.note(err) // its own line tells it
	if err == nil {
		w.covered.note(job, v)
	}
	w.gates.of(job.Connector).learn(job, begun, v)
	w.tellDuplicates(job, v)
	w.report(job, v, err, time.Since(begun))
	if w.opts.OnVerdict != nil {
		w.opts.OnVerdict(job, v, err)
	}
	return v, err
}
