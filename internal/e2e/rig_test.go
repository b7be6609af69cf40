package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/push"
)

// rig is nats-server, the fakes, and a configuration for workers.
type rig struct {
	t          *testing.T
	dir        string
	nats       *process
	natsConfig string // path; more settings of the server
	natsURL    string // without credentials
	fakes      *process
	urls       map[string]string // of the fakes
	config     string            // path
	environ    []string
	js         jetstream.JetStream
	results    *nats.Subscription
}

// rigConfig has {nats} and the fakes' names for addresses.
const rigConfig = `
nats: {url: '{nats}', user: worker, password: {env: NATS_PASSWORD}}
http: {listen: 127.0.0.1:0}
kibana: {url: '{kibana}', api_key: {env: KIBANA_KEY}, public_base_url: https://kibana.example}
worker: {lease: 5s, drain_timeout: 5s, retry_base: 500ms, retry_cap: 1s}
connectors:
  soc-jira:
    actionTypeId: .jira
    name: SOC Jira
    config: {apiUrl: '{jira-cloud}', projectKey: HMS}
    secrets: {email: admin@hms.example, apiToken: {env: JIRA_TOKEN}}
delivery:
  soc-jira: {deployment: cloud, find_delay: 1s, settle_time: 1s}
configurations:
  - owner: securitySolution
    closure_type: close-by-pushing
    connector: {id: soc-jira, name: SOC Jira, type: .jira, fields: null}
`

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigOn(t, "")
}

// newRigOn has more settings for nats-server.
func newRigOn(t *testing.T, natsConfig string) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), environ: []string{
		"HOME=" + t.TempDir(), "KIBANA_KEY=" + canaryKibana, "JIRA_TOKEN=" + canaryJira, "JIRA_PAT=" + canaryPAT,
		"NATS_PASSWORD=" + canaryNATS, "HTTP_TOKEN=" + canaryHTTP,
	}}
	r.natsConfig = r.file("nats.conf", natsConfig)
	r.startNATS("-1")
	r.startFakes()
	r.configure(rigConfig)
	return r
}

// startNATS runs the server on the rig's store; port -1 is any.
func (r *rig) startNATS(port string) {
	r.t.Helper()
	r.nats = start(r.t, r.environ, natsProgram(), "-c", r.natsConfig, "-js", "-a", "127.0.0.1", "-p", port, "-sd", filepath.Join(r.dir, "js"),
		"--ports_file_dir", r.dir, "--user", "worker", "--pass", canaryNATS)
	r.nats.says("Server is ready")
	path := filepath.Join(r.dir, fmt.Sprintf("nats-server_%d.ports", r.nats.cmd.Process.Pid))
	var ports struct {
		NATS []string `json:"nats"`
	}
	eventually(r.t, "ports file", func() bool {
		b, err := os.ReadFile(path)
		return err == nil && json.Unmarshal(b, &ports) == nil && len(ports.NATS) > 0
	})
	r.natsURL = ports.NATS[0]
}

// restartNATS runs the server again where it was.
func (r *rig) restartNATS() {
	r.t.Helper()
	r.startNATS(r.natsURL[strings.LastIndex(r.natsURL, ":")+1:])
}

func (r *rig) startFakes() {
	r.t.Helper()
	r.fakes = start(r.t, r.environ, casepushProgram(), "fakes", "--listen", "127.0.0.1:0")
	r.fakes.says("kibana ")
	r.urls = map[string]string{}
	eventually(r.t, "addresses of the fakes", func() bool {
		for line := range strings.Lines(r.fakes.stdout.String()) {
			if f := strings.Fields(line); len(f) == 2 {
				r.urls[f[0]] = f[1]
			}
		}
		return r.urls["kibana"] != "" && r.urls["jira-cloud"] != "" && r.urls["jira-dc"] != ""
	})
}

// configure writes the configuration for the workers that start from now on.
func (r *rig) configure(text string) {
	r.t.Helper()
	r.config = r.file("casepush.yaml", strings.NewReplacer("{nats}", r.natsURL, "{kibana}", r.urls["kibana"],
		"{jira-cloud}", r.urls["jira-cloud"], "{jira-dc}", r.urls["jira-dc"]).Replace(text))
}

// file writes a file of the rig's and returns its path.
func (r *rig) file(name, text string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// connect makes a plain client that hears all outcomes. The streams are there
// once a worker has started.
func (r *rig) connect() {
	r.t.Helper()
	nc, err := nats.Connect(r.natsURL, nats.UserInfo("worker", canaryNATS), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(nc.Close)
	if r.js, err = jetstream.New(nc); err != nil {
		r.t.Fatal(err)
	}
	if r.results, err = nc.SubscribeSync("casepush.result.>"); err != nil {
		r.t.Fatal(err)
	}
}

// worker is `casepush run`.
type worker struct {
	*process
	url string // of its health
}

var healthURL = regexp.MustCompile(`"url":"(http://[^"]*)/readyz"`)

// startWorker runs a worker and waits until it works.
func (r *rig) startWorker() *worker {
	r.t.Helper()
	w := &worker{process: start(r.t, r.environ, casepushProgram(), "run", "-c", r.config, "--log-level", "debug")}
	r.t.Cleanup(func() {
		if r.t.Failed() {
			lines := strings.Split(w.stderr.String(), "\n")
			r.t.Logf("the worker's last words:\n%s", strings.Join(lines[max(0, len(lines)-60):], "\n"))
		}
	})
	w.says("worker started")
	w.url = healthURL.FindStringSubmatch(w.stderr.String())[1]
	return w
}

// probe returns a health route's status and body.
func (w *worker) probe(path string) (int, string) {
	w.t.Helper()
	resp, err := http.Get(w.url + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// publish is what any producer does.
func (r *rig) publish(caseID, body string, opts ...jetstream.PublishOpt) *jetstream.PubAck {
	r.t.Helper()
	ack, err := r.js.Publish(r.t.Context(), "casepush.push.default."+caseID, []byte(body), opts...)
	if err != nil {
		r.t.Fatal(err)
	}
	return ack
}

// result waits for the next outcome of a case.
func (r *rig) result(caseID string) push.Result {
	r.t.Helper()
	return r.resultsOf(caseID)[caseID]
}

// resultsOf waits for an outcome of each case and returns the last of each.
func (r *rig) resultsOf(caseIDs ...string) map[string]push.Result {
	r.t.Helper()
	got := map[string]push.Result{}
	missing := map[string]bool{}
	for _, id := range caseIDs {
		missing[id] = true
	}
	for len(missing) > 0 {
		m, err := r.results.NextMsg(testTimeout)
		if err != nil {
			r.t.Fatalf("outcomes of %v: %v", missing, err)
		}
		var res push.Result
		if err := json.Unmarshal(m.Data, &res); err != nil {
			r.t.Fatalf("%s: %v", m.Subject, err)
		}
		if m.Subject != "casepush.result."+res.SpaceID+"."+res.CaseID {
			r.t.Errorf("outcome %+v on %s", res, m.Subject)
		}
		got[res.CaseID] = res
		delete(missing, res.CaseID)
	}
	return got
}

// call asks a fake and decodes its answer into out, unless that is nil.
func (r *rig) call(method, fake, path, body string, out any) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.urls[fake]+path, bytes.NewReader([]byte(body)))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("kbn-xsrf", "e2e")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if resp.StatusCode >= 300 {
		r.t.Fatalf("%s %s%s: %s: %s", method, fake, path, resp.Status, b)
	}
	if out != nil {
		if err := json.Unmarshal(b, out); err != nil {
			r.t.Fatal(err)
		}
	}
}

// addCase makes a case in Kibana as an analyst does, and returns its id.
func (r *rig) addCase(title string) string {
	r.t.Helper()
	var made struct {
		ID string `json:"id"`
	}
	r.call("POST", "kibana", "/api/cases", fmt.Sprintf(`{"title":%q,"description":"From a new country","owner":"securitySolution","tags":["two words"],
		"severity":"high","settings":{"syncAlerts":true},"connector":{"id":"soc-jira","name":"SOC Jira","type":".jira","fields":null}}`, title), &made)
	return made.ID
}

// status is the case's status in Kibana.
func (r *rig) status(caseID string) string {
	r.t.Helper()
	var c struct {
		Status string `json:"status"`
	}
	r.call("GET", "kibana", "/api/cases/"+caseID, "", &c)
	return c.Status
}

// issues are those at a fake Jira with this summary.
func (r *rig) issues(fake, title string) []fakejira.Issue {
	r.t.Helper()
	var state struct {
		Issues []fakejira.Issue `json:"issues"`
	}
	r.call("GET", fake, "/__state", "", &state)
	var mine []fakejira.Issue
	for _, i := range state.Issues {
		if i.Text("summary") == title {
			mine = append(mine, i)
		}
	}
	return mine
}

// faults sets rules of a fake; none clears them.
func (r *rig) faults(fake string, rules ...string) {
	r.t.Helper()
	if len(rules) == 0 {
		r.call("DELETE", fake, "/__faults", "", nil)
		return
	}
	r.call("POST", fake, "/__faults", "["+strings.Join(rules, ",")+"]", nil)
}

// requests counts those a fake was asked.
func (r *rig) requests(fake, method, pathPrefix string) int {
	r.t.Helper()
	var journal struct {
		Requests []fakes.Request `json:"requests"`
	}
	r.call("GET", fake, "/__requests", "", &journal)
	n := 0
	for _, q := range journal.Requests {
		if q.Method == method && strings.HasPrefix(q.Path, pathPrefix) {
			n++
		}
	}
	return n
}
