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

// natsConfig has each write on the disk before it is answered.
const natsConfig = `
listen: "127.0.0.1:-1"
ports_file_dir: %[1]q
jetstream { store_dir: %[2]q, sync_interval: always }
`

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

// rig is all that runs: a NATS server and one worker as processes, the fakes
// here, behind real listeners.
type rig struct {
	t       *testing.T
	bin     binaries
	dir     string
	config  string // path of the worker's configuration
	kibana  *fakes.Kibana
	jira    *fakes.Jira
	front   *slowly
	conn    *stream.Conn        // for the ledger and the backlog
	js      jetstream.JetStream // for what producers and readers of results do
	log     *os.File            // of all workers
	worker  *child
	started int // workers, so far
}

func newRig(t *testing.T, seed uint64) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{t: t, dir: dir, bin: buildAll(t, dir)}
	r.kibana = fakes.NewKibana(fakes.KibanaOptions{Seed: seed, JournalSize: journalSize})
	r.kibana.SetConfiguration(space, kibana.Configuration{
		Owner: owner, ClosureType: "close-by-pushing", Connector: jiraConnector(),
	})
	r.jira = fakes.NewJira(fakes.JiraOptions{Flavour: fakes.Cloud, SearchDelay: searchLag, Seed: seed, JournalSize: journalSize})
	r.front = newSlowly(seed, r.jira)
	kibanaServer, jiraServer := httptest.NewServer(r.kibana), httptest.NewServer(r.front)
	t.Cleanup(kibanaServer.Close)
	t.Cleanup(jiraServer.Close)
	url := r.startNATS()
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

// startNATS starts the server and returns its URL.
func (r *rig) startNATS() string {
	r.t.Helper()
	config := filepath.Join(r.dir, "nats.conf")
	r.write(config, fmt.Sprintf(natsConfig, r.dir, filepath.Join(r.dir, "jetstream")))
	logFile, err := os.Create(filepath.Join(r.dir, "nats.log"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = logFile.Close() })
	ready := newWatcher(logFile, "Server is ready")
	server, err := startChild(ready, r.bin.nats, "-c", config)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(server.kill)
	if err := ready.await(server); err != nil {
		r.t.Fatal(err)
	}
	return r.natsURL(server.pid)
}

// natsURL reads the file in which the server says where it listens. It is
// written after the server has said that it is ready.
func (r *rig) natsURL(pid int) string {
	r.t.Helper()
	path := filepath.Join(r.dir, fmt.Sprintf("nats-server_%d.ports", pid))
	var ports struct {
		NATS []string `json:"nats"`
	}
	r.until("the ports file of nats-server", startTimeout, func() (bool, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return false, nil // not written yet
		}
		return json.Unmarshal(b, &ports) == nil && len(ports.NATS) > 0, nil
	})
	return ports.NATS[0]
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
	ready := newWatcher(r.log, "worker started")
	var err error
	if r.worker, err = startChild(ready, r.bin.casepush, "run", "-c", r.config, "--log-level", "debug"); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(r.worker.kill)
	if err := ready.await(r.worker); err != nil {
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
