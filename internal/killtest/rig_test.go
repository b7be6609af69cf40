package killtest

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/proctest"
	"github.com/casepush/casepush/internal/stream"
)

const (
	space       = "default"
	owner       = "securitySolution"
	connectorID = "soc-jira"
	analystName = "Ann Alyst" // whom the fake Kibana names as the writer of everything
	publicURL   = "https://kibana.example"

	searchLag = time.Second
)

// workerConfig: find_delay is more than the fake's lag, settle_time more than
// a request can be under way after its sender is gone.
const workerConfig = `
nats: {url: %[1]q}
http: {listen: "127.0.0.1:0"}
kibana: {url: %[2]q, api_key: "id:key", public_base_url: %[3]q}
outbound: {responseTimeout: 2s}
worker: {lease: 5s, drain_timeout: 5s, retry_base: 500ms, retry_cap: 2s}
connectors:
  soc-jira:
    actionTypeId: .jira
    name: SOC Jira
    config: {apiUrl: %[4]q, projectKey: HMS}
    secrets: {email: admin@hms.example, apiToken: token}
delivery:
  soc-jira: {deployment: cloud, find_delay: 1500ms, settle_time: 500ms, max_in_flight: 16}
`

// raceVariable builds the worker with the race detector.
const raceVariable = "KILLTEST_RACE"

// rig is all that runs: a NATS server and one worker as processes, the fakes
// here, behind real listeners.
type rig struct {
	t        *testing.T
	casepush string // the binary
	config   string // path of the worker's configuration
	kibana   *fakes.Kibana
	jira     *fakes.Jira
	front    *slowly
	conn     *stream.Conn        // for the ledger and the backlog
	js       jetstream.JetStream // for what producers and readers of results do
	log      *os.File            // of all workers
	worker   *proctest.Process
	started  int // workers, so far
}

func newRig(t *testing.T, seed uint64) *rig {
	t.Helper()
	dir := t.TempDir()
	bin := proctest.Build(t, proctest.BuildOptions{Race: os.Getenv(raceVariable) != ""})
	r := &rig{t: t, casepush: bin.Casepush}
	r.kibana = fakes.NewKibana(fakes.KibanaOptions{Seed: seed, JournalSize: journalSize})
	r.kibana.SetConfiguration(space, kibana.Configuration{
		Owner: owner, ClosureType: "close-by-pushing", Connector: jiraConnector(),
	})
	r.jira = fakes.NewJira(fakes.JiraOptions{Flavour: fakes.Cloud, SearchDelay: searchLag, Seed: seed, JournalSize: journalSize})
	r.front = newSlowly(seed, r.jira)
	kibanaServer, jiraServer := httptest.NewServer(r.kibana), httptest.NewServer(r.front)
	t.Cleanup(kibanaServer.Close)
	t.Cleanup(jiraServer.Close)
	url := proctest.StartNATS(t, proctest.NATSOptions{Binary: bin.NATS}).URL()
	r.config = filepath.Join(dir, "casepush.yaml")
	r.write(r.config, fmt.Sprintf(workerConfig, url, kibanaServer.URL, publicURL, jiraServer.URL))
	r.connect(url)
	var err error
	if r.log, err = os.Create(filepath.Join(dir, "worker.log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.log.Close() })
	return r
}

// journalSize is more than any run asks.
const journalSize = 200_000

func jiraConnector() kibana.CaseConnector {
	return kibana.CaseConnector{ID: connectorID, Name: "SOC Jira", Type: ".jira", Fields: json.RawMessage("null")}
}

func (r *rig) write(path, text string) {
	r.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// connect makes the streams too, so that events can be published before the
// first worker runs.
func (r *rig) connect(url string) {
	r.t.Helper()
	var err error
	if r.conn, err = stream.Connect(r.t.Context(), stream.Options{URL: url, Name: "killtest"}); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(r.conn.Close)
	nc, err := nats.Connect(url)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(nc.Close)
	if r.js, err = jetstream.New(nc); err != nil {
		r.t.Fatal(err)
	}
}

// startWorker starts a worker and returns when it works.
func (r *rig) startWorker() {
	r.t.Helper()
	r.started++
	ready := proctest.NewLines(r.log, "worker started")
	var err error
	r.worker, err = proctest.Start(proctest.Command{
		Program: r.casepush, Args: []string{"run", "-c", r.config, "--log-level", "debug"}, Output: ready,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(r.worker.Kill)
	if err := r.worker.Await(ready); err != nil {
		r.t.Fatalf("%v\n%s", err, r.logTail())
	}
}

// until polls until done says so, fails on its error, and when the time is up.
func (r *rig) until(what string, atMost time.Duration, done func() (bool, error)) {
	r.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	end := time.After(atMost)
	for {
		ok, err := done()
		if err != nil {
			r.t.Fatalf("wait for %s: %v", what, err)
		}
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			r.t.Fatalf("%s: not within %s", what, atMost)
		}
	}
}
