package worker_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/worker"
)

// testTimeout bounds whatever a test waits for.
const testTimeout = 30 * time.Second

// rigOptions is what a rig is made of; the zero value is the usual one.
type rigOptions struct {
	config string // "" is rigConfig
	jira   fakejira.Options
	kibana fakekibana.Options
	types  []connector.Type // nil is adapters.Types()
}

// rig is a worker on an embedded server, with a fake Kibana and a fake Jira.
type rig struct {
	t                  *testing.T
	kibana             *fakekibana.Fake
	jira               *fakejira.Fake
	kibanaURL, jiraURL string
	server             *stream.Embedded
	conn               *stream.Conn
	types              []connector.Type
	cfg                *config.Config
	ops                *ops.Ops
	log                *buffer
	stop               func()
}

// rigConfig takes KIBANA and JIRA for the fakes' addresses.
const rigConfig = `
kibana: {url: KIBANA, api_key: "id:canary-kibana-key", public_base_url: https://kibana.example}
worker: {lease: 5s, drain_timeout: 5s, retry_base: 1s, retry_cap: 1s}
connectors:
  soc-jira:
    actionTypeId: .jira
    name: SOC Jira
    config: {apiUrl: JIRA, projectKey: HMS}
    secrets: {email: admin@hms.example, apiToken: canary-jira-token}
delivery:
  soc-jira: {deployment: cloud, find_delay: 1s, settle_time: 1s}
configurations:
  - owner: securitySolution
    closure_type: close-by-pushing
    connector: {id: soc-jira, name: SOC Jira, type: .jira, fields: null}
`

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigWith(t, rigOptions{})
}

func newRigWith(t *testing.T, o rigOptions) *rig {
	t.Helper()
	r := &rig{t: t, kibana: fakekibana.New(o.kibana), jira: fakejira.New(o.jira), log: &buffer{}, stop: func() {}}
	r.kibanaURL, r.jiraURL = serve(t, r.kibana), serve(t, r.jira)
	if o.config == "" {
		o.config = rigConfig
	}
	if r.types = o.types; r.types == nil {
		r.types = adapters.Types()
	}
	var err error
	if r.server, err = stream.StartEmbedded(stream.EmbeddedOptions{Dir: t.TempDir(), Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.server.Stop)
	if r.conn, err = stream.Connect(t.Context(), stream.Options{Embedded: r.server}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.conn.Close)
	r.configure(o.config)
	return r
}

// configure reads a configuration for the workers that start from now on.
func (r *rig) configure(text string) {
	r.t.Helper()
	text = strings.NewReplacer("KIBANA", r.kibanaURL, "JIRA", r.jiraURL).Replace(text)
	cfg, problems := config.Parse("test.yaml", []byte(text), config.Options{Types: r.types})
	if problems.HasErrors() {
		r.t.Fatal(problems)
	}
	r.cfg = cfg
	r.ops = ops.New(ops.Options{Conn: r.conn, Connectors: worker.NewConnectors(cfg, r.types, nil)})
}

// start runs a worker until the test ends or r.stop is called.
func (r *rig) start() {
	r.t.Helper()
	r.startThis(r.newWorker())
}

func (r *rig) startThis(w *worker.Worker) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.t.Context()))
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	r.stop = func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
		r.stop = func() {}
	}
	r.t.Cleanup(func() { r.stop() })
}

// restart starts a worker with another configuration.
func (r *rig) restart(text string) {
	r.t.Helper()
	r.stop()
	r.configure(text)
	r.start()
}

// push publishes an event and waits for its outcome.
func (r *rig) push(e event.Event) push.Result {
	r.t.Helper()
	a, err := r.ops.PublishAwaited(r.t.Context(), e)
	if err != nil {
		r.t.Fatal(err)
	}
	defer a.Close()
	return r.outcome(a)
}

// outcome waits for what becomes of a published event.
func (r *rig) outcome(a *ops.Awaited) push.Result {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), testTimeout)
	defer cancel()
	res, err := a.Outcome(ctx)
	if err != nil {
		r.t.Fatalf("%v\n%s", err, r.log.String())
	}
	return res
}

// raw publishes a body as any NATS client may, and waits for the outcome that
// is told on the subject of the same space and case.
func (r *rig) raw(space, caseID string, body []byte) push.Result {
	r.t.Helper()
	l, err := r.conn.Listen(space, caseID)
	if err != nil {
		r.t.Fatal(err)
	}
	defer l.Close()
	nc, err := nats.Connect(r.server.URL())
	if err != nil {
		r.t.Fatal(err)
	}
	defer nc.Close()
	js, err := nc.JetStream()
	if err != nil {
		r.t.Fatal(err)
	}
	ack, err := js.Publish("casepush.push."+space+"."+caseID, body)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), testTimeout)
	defer cancel()
	res, err := l.Next(ctx, ack.Sequence)
	if err != nil {
		r.t.Fatalf("%v\n%s", err, r.log.String())
	}
	return res
}

func (r *rig) addCase(c kibana.Case) kibana.Case {
	r.t.Helper()
	if c.Owner == "" {
		c.Owner = "securitySolution"
	}
	added, err := r.kibana.AddCase("default", c)
	if err != nil {
		r.t.Fatal(err)
	}
	return added
}

// letters are all dead letters.
func (r *rig) letters() []stream.StoredDeadLetter {
	r.t.Helper()
	var list []stream.StoredDeadLetter
	err := r.conn.DeadLetters().Each(r.t.Context(), func(d stream.StoredDeadLetter) error {
		list = append(list, d)
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// onlyLetter is the one dead letter that there is to be.
func (r *rig) onlyLetter() stream.StoredDeadLetter {
	r.t.Helper()
	list := r.letters()
	if len(list) != 1 {
		r.t.Fatalf("%d dead letters, want 1: %+v", len(list), list)
	}
	return list[0]
}

// redrive sends the only dead letter again and waits for the outcome.
func (r *rig) redrive() push.Result {
	r.t.Helper()
	d := r.onlyLetter()
	l, err := r.conn.Listen(d.SpaceID, d.CaseID)
	if err != nil {
		r.t.Fatal(err)
	}
	defer l.Close()
	if err := r.ops.Redrive(r.t.Context(), d); err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), testTimeout)
	defer cancel()
	res, err := l.Next(ctx, d.EventSeq)
	if err != nil {
		r.t.Fatalf("redrive: %v\n%s", err, r.log.String())
	}
	return res
}

// issues are those with this summary: tests give each case a title of its own.
func (r *rig) issues(title string) []fakejira.Issue {
	return slices.DeleteFunc(r.jira.Issues(), func(i fakejira.Issue) bool { return i.Text("summary") != title })
}

// wantInStep checks that the tracker has the case once, that no dead letter is
// left, and that nothing is owed.
func (r *rig) wantInStep(title string) fakejira.Issue {
	r.t.Helper()
	mine := r.issues(title)
	if len(mine) != 1 {
		r.t.Fatalf("case %q: %d issues, want 1", title, len(mine))
	}
	if list := r.letters(); len(list) != 0 {
		r.t.Errorf("dead letters are left: %+v", list)
	}
	r.wantIdle()
	return mine[0]
}

// wantIdle waits until no event and no job is left.
func (r *rig) wantIdle() {
	r.t.Helper()
	eventually(r.t, "empty queues", func() bool {
		b, err := r.conn.Backlog(r.t.Context())
		if err != nil || b.Events > 0 || b.Waiting > 0 {
			return false
		}
		for _, n := range b.ByConnector {
			if n > 0 {
				return false
			}
		}
		return true
	})
}

// eventually polls until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(testTimeout); !cond(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, testTimeout)
		}
	}
}

// buffer is a log that can be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// serve puts a fake behind a port of its own.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
