// Package demo shows the worker at work: sample cases in a fake Kibana are
// pushed to fake trackers through an embedded queue, and what became of each is
// compared with what should have.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/secret"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
	"github.com/casepush/casepush/internal/worker"
)

// Options is what a demo is made of.
type Options struct {
	Types []connector.Type
	Log   *telemetry.Logger
	// NATSListen is where other clients reach the queue; "" is nowhere.
	// "127.0.0.1:0" takes a free port.
	NATSListen string
}

// Demo is a running demo. It uses ports of loopback that are free and a
// temporary directory that Close removes.
type Demo struct {
	kibana   *fakekibana.Fake
	trackers []tracker
	fakes    *fakes.Server
	dir      string
	queue    *stream.Embedded
	conn     *stream.Conn
	stop     context.CancelFunc
	ended    chan error // of the worker and of the fakes
	running  int        // how many of them
	plays    []*play    // set by Run
}

// tracker is a fake Jira and the connector that leads to it.
type tracker struct {
	connector string
	name      string // of the fake
	project   string
	flavour   fakejira.Flavour
	jira      *fakejira.Fake
}

func newTracker(connector, name, project string, flavour fakejira.Flavour) tracker {
	return tracker{connector, name, project, flavour, fakejira.New(fakejira.Options{Flavour: flavour, ProjectKey: project})}
}

// Connector ids.
const (
	soc = "soc-jira" // Jira Cloud
	it  = "it-jira"  // Jira Data Center
	ops = "ops-jira" // Jira Data Center, which is down at first
)

const fakeKibana = "kibana"

// Who may use the fake Kibana: the worker, and a person.
const (
	workerKey       = "demo:demo"
	Analyst         = "analyst"
	AnalystPassword = "demo"
)

// Start starts the fakes, the queue and the worker. Close it, also to end what
// ctx does not.
func Start(ctx context.Context, o Options) (*Demo, error) {
	d := &Demo{
		kibana: fakekibana.New(fakekibana.Options{
			APIKeys: []secret.String{secret.New(workerKey)}, Users: map[string]secret.String{Analyst: secret.New(AnalystPassword)},
		}),
		trackers: []tracker{
			newTracker(soc, "soc", "SOC", fakejira.Cloud),
			newTracker(it, "it", "IT", fakejira.DataCenter),
			newTracker(ops, "ops", "OPS", fakejira.DataCenter),
		},
		ended: make(chan error, 2),
	}
	if err := d.start(ctx, o); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Demo) start(ctx context.Context, o Options) error {
	ctx, d.stop = context.WithCancel(ctx)
	all := map[string]fakes.Fake{fakeKibana: d.kibana}
	for _, t := range d.trackers {
		all[t.name] = t.jira
	}
	var err error
	if d.fakes, err = fakes.Listen(fakes.ServerOptions{Fakes: all}); err != nil {
		return err
	}
	d.run(ctx, d.fakes.Serve)
	if d.dir, err = os.MkdirTemp("", "casepush-demo-"); err != nil {
		return fmt.Errorf("directory of the queue: %w", err)
	}
	if d.queue, err = stream.StartEmbedded(stream.EmbeddedOptions{Dir: d.dir, Listen: o.NATSListen}); err != nil {
		return err
	}
	if d.conn, err = stream.Connect(ctx, stream.Options{Embedded: d.queue, Name: "casepush demo"}); err != nil {
		return err
	}
	cfg, problems := config.Parse("demo.yaml", d.configuration(), config.Options{Types: o.Types})
	if problems.HasErrors() {
		return fmt.Errorf("configuration of the demo: %s", problems[0])
	}
	w, err := worker.New(worker.Options{Config: cfg, Types: o.Types, Conn: d.conn, Log: o.Log})
	if err != nil {
		return err
	}
	d.run(ctx, w.Run)
	return nil
}

func (d *Demo) run(ctx context.Context, f func(context.Context) error) {
	d.running++
	go func() { d.ended <- f(ctx) }()
}

// Close ends the worker, the queue and the fakes, and removes what they kept.
func (d *Demo) Close() error {
	var errs []error
	d.stop()
	for range d.running {
		errs = append(errs, <-d.ended)
	}
	if d.running == 0 && d.fakes != nil {
		errs = append(errs, d.fakes.Close())
	}
	if d.conn != nil {
		d.conn.Close()
	}
	if d.queue != nil {
		d.queue.Stop()
	}
	if d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}

// NATSURL is where other clients reach the queue, "" if they do not.
func (d *Demo) NATSURL() string { return d.queue.URL() }

// KibanaURL is the address of the fake Kibana.
func (d *Demo) KibanaURL() string { return d.fakes.URL(fakeKibana) }

// Place is a fake tracker.
type Place struct{ Name, Connector, URL string }

// Trackers are the fake trackers in their order.
func (d *Demo) Trackers() []Place {
	var list []Place
	for _, t := range d.trackers {
		list = append(list, Place{Name: "fake " + t.flavour.String(), Connector: t.connector, URL: d.fakes.URL(t.name)})
	}
	return list
}

// Subject is where events of a case are published.
func (d *Demo) Subject(caseID string) string { return d.conn.Names().Event(event.DefaultSpace, caseID) }

// pushTimeout bounds the wait for one outcome. It is far more than any sample
// needs on a slow machine.
const pushTimeout = 60 * time.Second

// Push publishes one event and waits for its outcome.
func (d *Demo) Push(ctx context.Context, e event.Event) (push.Result, error) {
	if e.SpaceID == "" {
		e.SpaceID = event.DefaultSpace
	}
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	outcomes, err := d.conn.Listen(e.SpaceID, e.CaseID)
	if err != nil {
		return push.Result{}, err
	}
	defer outcomes.Close()
	seq, _, err := d.conn.Publish(ctx, e)
	if err != nil {
		return push.Result{}, err
	}
	return outcomes.Next(ctx, seq)
}
