package chaos

import (
	"cmp"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/fakes/faketracker"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/proctest"
	"github.com/casepush/casepush/internal/stream"
)

const (
	space       = "default"
	owner       = "securitySolution"
	analystName = "Ann Alyst" // whom the fake Kibana names as the writer of everything
	publicURL   = "https://kibana.example"

	searchLag = time.Second
	// findDelay is more than the fakes' lag.
	findDelay = 1500 * time.Millisecond
	lease     = 6 * time.Second
	// responseTimeout is when a worker gives up a request.
	responseTimeout = 2 * time.Second
	// defaultSettle is how long what was given up is waited for: much longer than
	// a request is under way after its sender has given it up.
	defaultSettle = 2 * time.Second
)

const workerConfig = `
nats: {url: %q, replicas: %d}
http: {listen: "127.0.0.1:0"}
kibana: {url: %q, api_key: "id:key", public_base_url: %q}
outbound: {responseTimeout: %s}
worker: {lease: %s, drain_timeout: 5s, retry_base: 1s, retry_cap: 5s}
connectors:
`

const (
	// raceVariable builds the worker with the race detector.
	raceVariable = "CHAOS_RACE"
	// logsVariable is a folder in which the workers' logs are kept.
	logsVariable = "CHAOS_LOGS"
)

// parts says what runs.
type parts struct {
	nodes    int // of the NATS cluster: 1 or 3
	workers  int
	trackers int               // each is one connector
	kind     *faketracker.Kind // of all trackers; nil is Jira
	seed     uint64
	// settle is the trackers' settle_time; 0 is defaultSettle.
	settle  time.Duration
	overlay string // see proctest.BuildOptions
}

// rig is all that runs: NATS and the workers as processes, the fakes here,
// behind real listeners.
type rig struct {
	t        *testing.T
	seed     uint64
	casepush string // the binary
	config   string // path of the workers' configuration
	kibana   *fakekibana.Fake
	trackers []*tracker
	nats     *proctest.NATS
	conn     *stream.Conn        // for the ledger and the backlog
	js       jetstream.JetStream // for what producers and readers of results do
	workers  []*worker
}

func newRig(t *testing.T, p parts) *rig {
	t.Helper()
	bin := proctest.Build(t, proctest.BuildOptions{Race: os.Getenv(raceVariable) != "", Overlay: p.overlay})
	dir := t.TempDir()
	r := &rig{t: t, seed: p.seed, casepush: bin.Casepush, config: filepath.Join(dir, "casepush.yaml")}
	r.kibana = fakekibana.New(fakekibana.Options{Seed: p.seed, JournalSize: journalSize})
	server := httptest.NewServer(r.kibana)
	t.Cleanup(server.Close)
	kind := faketracker.Jira()
	if p.kind != nil {
		kind = *p.kind
	}
	for i := range p.trackers {
		r.trackers = append(r.trackers, newTracker(t, kind, i, p.seed))
	}
	r.kibana.SetConfiguration(space, kibana.Configuration{
		Owner: owner, ClosureType: "close-by-pushing", Connector: r.trackers[0].caseConnector(),
	})
	r.nats = proctest.StartNATS(t, proctest.NATSOptions{Binary: bin.NATS, Nodes: p.nodes})
	r.writeConfig(p, server.URL)
	r.connect(p.nodes)
	for i := range p.workers {
		name := fmt.Sprintf("%s-%d-%d.log", filepath.Base(t.Name()), p.seed, i+1)
		r.workers = append(r.workers, newWorker(r, filepath.Join(cmp.Or(os.Getenv(logsVariable), dir), name)))
	}
	return r
}

// journalSize is more than any run asks of one fake.
const journalSize = 400_000

func connectorID(i int) string { return fmt.Sprintf("soc-%d", i+1) }

func (r *rig) writeConfig(p parts, kibanaURL string) {
	r.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, workerConfig, r.nats.URL(), p.nodes, kibanaURL, publicURL, responseTimeout, lease)
	times := faketracker.Times{FindDelay: findDelay, SettleTime: cmp.Or(p.settle, defaultSettle)}
	for _, tr := range r.trackers {
		b.WriteString(tr.connectorConfig(r.t, times))
	}
	b.WriteString("delivery:\n")
	for _, tr := range r.trackers {
		b.WriteString(tr.deliveryConfig(r.t, times))
	}
	if err := os.WriteFile(r.config, []byte(b.String()), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// connect makes the streams too, so that events can be published before the
// first worker runs. A cluster that has just started takes a while to agree on
// a leader.
func (r *rig) connect(replicas int) {
	r.t.Helper()
	r.until("streams", time.Minute, func() (done bool, err error) {
		r.conn, err = stream.Connect(r.t.Context(), stream.Options{URL: r.nats.URL(), Name: "chaos", Replicas: replicas})
		if err != nil && replicas > 1 {
			r.t.Logf("streams: %v", err)
			return false, nil
		}
		return err == nil, err
	})
	r.t.Cleanup(r.conn.Close)
	nc, err := nats.Connect(r.nats.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond), nats.ReconnectBufSize(-1))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(nc.Close)
	if r.js, err = jetstream.New(nc); err != nil {
		r.t.Fatal(err)
	}
}

// startWorkers starts all that do not run.
func (r *rig) startWorkers() {
	r.t.Helper()
	for _, w := range r.workers {
		if w.running() {
			continue
		}
		if err := w.start(); err != nil {
			r.t.Fatalf("%v\n%s", err, w.logTail())
		}
	}
}

// until polls until done says so, fails on its error, and when the time is up.
func (r *rig) until(what string, atMost time.Duration, done func() (bool, error)) {
	r.t.Helper()
	if err := poll(atMost, done); err != nil {
		r.t.Fatalf("wait for %s: %v", what, err)
	}
}

func poll(atMost time.Duration, done func() (bool, error)) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	end := time.After(atMost)
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-end:
			return fmt.Errorf("not within %s", atMost)
		}
	}
}
