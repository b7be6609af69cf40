package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
	"github.com/casepush/casepush/internal/worker"
)

const pauseConfig = `
nats: {url: "NATS"}
worker: {lease: 5s, drain_timeout: 5s, retry_base: 1s, retry_cap: 1s}
connectors:
  soc-jira:
    actionTypeId: .jira
    name: SOC Jira
    config: {apiUrl: SOC, projectKey: HMS}
    secrets: {email: admin@hms.example, apiToken: canary-jira-token}
  it-jira:
    actionTypeId: .jira
    name: IT Jira
    config: {apiUrl: OTHER, projectKey: HMS}
    secrets: {email: admin@hms.example, apiToken: canary-jira-token}
delivery:
  soc-jira: {deployment: cloud, find_delay: 1s, settle_time: 1s}
  it-jira: {deployment: cloud, find_delay: 1s, settle_time: 1s}
`

// pauseRig is a queue on disk and two trackers; workers come and go.
type pauseRig struct {
	t               *testing.T
	soc, it         *fakejira.Fake
	socURL, itURL   string
	dir, configPath string
	server          *stream.Embedded
	cfg             *config.Config
}

func newPauseRig(t *testing.T) *pauseRig {
	t.Helper()
	dir := t.TempDir()
	r := &pauseRig{
		t: t, soc: fakejira.New(fakejira.Options{}), it: fakejira.New(fakejira.Options{}),
		dir: filepath.Join(dir, "queue"), configPath: filepath.Join(dir, "casepush.yaml"),
	}
	soc, it := httptest.NewServer(r.soc), httptest.NewServer(r.it)
	t.Cleanup(soc.Close)
	t.Cleanup(it.Close)
	r.socURL, r.itURL = soc.URL, it.URL
	r.open()
	t.Cleanup(func() { r.server.Stop() })
	return r
}

// open starts the server on what is on disk.
func (r *pauseRig) open() {
	r.t.Helper()
	var err error
	if r.server, err = stream.StartEmbedded(stream.EmbeddedOptions{Dir: r.dir, Listen: "127.0.0.1:0"}); err != nil {
		r.t.Fatal(err)
	}
	text := strings.NewReplacer("NATS", r.server.URL(), "SOC,", r.socURL+",", "OTHER", r.itURL).Replace(pauseConfig)
	if err := os.WriteFile(r.configPath, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	cfg, problems := config.Load(r.configPath, config.Options{Types: adapters.Types(), ReadFile: os.ReadFile})
	if problems.HasErrors() {
		r.t.Fatal(problems)
	}
	r.cfg = cfg
}

// worker starts one with a connection of its own, as another process has. ready
// is what its probe answers.
func (r *pauseRig) worker() (stop func(), ready func() string) {
	r.t.Helper()
	conn, err := stream.Connect(r.t.Context(), stream.Options{URL: r.server.URL()})
	if err != nil {
		r.t.Fatal(err)
	}
	w, err := worker.New(worker.Options{Config: r.cfg, Types: adapters.Types(), Conn: conn, Log: telemetry.Nop()})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.t.Context()))
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
		conn.Close()
	}
	r.t.Cleanup(stop)
	return stop, func() string {
		rec := httptest.NewRecorder()
		w.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/readyz", nil))
		return fmt.Sprint(rec.Code, " ", rec.Body.String())
	}
}

// command runs a command line that is to succeed.
func (r *pauseRig) command(args ...string) (stdout string) {
	r.t.Helper()
	var out, errOut bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: &errOut}
	if code := a.exit(a.run(r.t.Context(), append([]string{"-c", r.configPath}, args...))); code != exitDone {
		r.t.Fatalf("%q: exit code %d\n%s", args, code, &errOut)
	}
	return out.String()
}

// row is what connectors ls says of one connector.
func (r *pauseRig) row(id string) explainedQueue {
	r.t.Helper()
	var rows []explainedQueue
	if err := json.Unmarshal([]byte(r.command("connectors", "ls", "-o", "json")), &rows); err != nil {
		r.t.Fatal(err)
	}
	i := slices.IndexFunc(rows, func(q explainedQueue) bool { return q.ID == id })
	if i < 0 {
		r.t.Fatalf("no row of %q in %+v", id, rows)
	}
	return rows[i]
}

// until waits for a row that is as wanted.
func (r *pauseRig) until(what, id string, cond func(explainedQueue) bool) explainedQueue {
	r.t.Helper()
	var q explainedQueue
	r.eventually(what, func() bool {
		q = r.row(id)
		return cond(q)
	})
	return q
}

func (r *pauseRig) eventually(what string, cond func() bool) {
	r.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !cond(); <-tick.C {
		if time.Now().After(end) {
			r.t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// publish publishes snapshots of cases with these ids.
func (r *pauseRig) publish(connector string, ids ...string) {
	r.t.Helper()
	conn, err := stream.Connect(r.t.Context(), stream.Options{URL: r.server.URL()})
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	for _, id := range ids {
		e := event.Event{
			SpaceID: event.DefaultSpace, CaseID: id, Owner: "securitySolution", ConnectorID: connector,
			Case: fmt.Appendf(nil, `{"id":%q,"title":%q,"owner":"securitySolution"}`, id, id),
		}
		if _, _, err := conn.Publish(r.t.Context(), e); err != nil {
			r.t.Fatal(err)
		}
	}
}

// pushBeside pushes the nth case to the other tracker.
func (r *pauseRig) pushBeside(n int) {
	r.t.Helper()
	r.publish("it-jira", fmt.Sprintf("beside-%d", n))
	r.eventually("a push beside", func() bool { return len(r.it.Issues()) == n })
}

// wantSilence: the paused tracker hears nothing while the other one is pushed to.
func (r *pauseRig) wantSilence(when string, n int) {
	r.t.Helper()
	r.pushBeside(n)
	if heard := r.soc.Journal().Requests(); len(heard) > 0 {
		r.t.Errorf("%s: the tracker of a paused connector got %d requests, first %s %s", when, len(heard), heard[0].Method, heard[0].Path)
	}
}

// A pause holds over all workers and restarts, and loses nothing.
func TestPause(t *testing.T) {
	t.Parallel()
	r := newPauseRig(t)
	stopFirst, ready := r.worker()
	first := r.until("a worker", "soc-jira", func(q explainedQueue) bool { return q.Worker != "" }).Worker
	r.command("connectors", "pause", "soc-jira", "--why", "upgrade")
	r.eventually("the worker to hear of it", func() bool {
		got := ready()
		return strings.HasPrefix(got, "200 ") && strings.Contains(got, `"connectors":{"soc-jira":{"state":"paused","since":"`) &&
			strings.Contains(got, `"held_connectors":["soc-jira"]`)
	})
	stopSecond, _ := r.worker()

	ids := []string{"c-1", "c-2", "c-3", "c-4", "c-5"}
	r.publish("soc-jira", ids...)
	q := r.until("jobs that wait", "soc-jira", func(q explainedQueue) bool { return q.Jobs == uint64(len(ids)) })
	if q.State != gate.Paused || q.Worker != first || !strings.HasSuffix(q.Why, ": upgrade") || q.Pause.By == "" || time.Since(q.Pause.Since) > time.Minute {
		t.Errorf("%+v", q)
	}
	r.wantSilence("paused", 1)

	stopFirst()
	r.until("the second worker", "soc-jira", func(q explainedQueue) bool { return q.Worker != "" && q.Worker != first })
	r.wantSilence("with the second worker", 2)

	stopSecond()
	r.server.Stop()
	r.open()
	r.worker()
	r.until("a worker of the next start", "soc-jira", func(q explainedQueue) bool { return q.Worker != "" })
	r.wantSilence("after a restart of all", 3)

	r.command("connectors", "resume", "soc-jira")
	r.until("an empty queue", "soc-jira", func(q explainedQueue) bool { return q.Jobs == 0 && q.Retries == 0 && q.State == gate.Working })
	var got []string
	for _, i := range r.soc.Issues() {
		got = append(got, i.Text("summary"))
	}
	if slices.Sort(got); !slices.Equal(got, ids) {
		t.Errorf("pushed %q, want %q", got, ids)
	}
	if letters := r.command("dlq", "ls"); letters != "" {
		t.Errorf("dead letters:\n%s", letters)
	}
}

// Refused credentials hold a connector for half a minute at least. Mended at
// the tracker and resumed, it works at once.
func TestResumeEndsAHold(t *testing.T) {
	t.Parallel()
	r := newPauseRig(t)
	r.worker()
	if _, err := r.soc.Faults().Add(fakes.Rule{Status: 401}); err != nil {
		t.Fatal(err)
	}
	r.publish("soc-jira", "refused")
	held := r.until("a hold", "soc-jira", func(q explainedQueue) bool { return q.State == gate.Held })
	if held.Hold.Reason != "unauthenticated" || time.Until(held.Hold.Until) < 20*time.Second {
		t.Errorf("%+v", held.Hold)
	}
	r.publish("soc-jira", "waits")
	r.until("a job that waits", "soc-jira", func(q explainedQueue) bool { return q.Jobs > 0 })
	asked := len(r.soc.Journal().Requests())
	r.soc.Faults().Clear()
	r.pushBeside(1)
	if now := len(r.soc.Journal().Requests()); now != asked {
		t.Errorf("%d requests during the hold", now-asked)
	}

	r.command("connectors", "resume", "soc-jira")
	r.eventually("both pushed", func() bool { return len(r.soc.Issues()) == 2 })
	if !time.Now().Before(held.Hold.Until) {
		t.Error("they were pushed only when the hold was over by itself")
	}
	r.until("a connector that works", "soc-jira", func(q explainedQueue) bool { return q.State == gate.Working && q.Hold == nil })
}
