package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
	"github.com/casepush/casepush/internal/worker"
)

const replayConfig = `
nats: {url: "NATS"}
kibana: {url: KIBANA, api_key: "id:canary-kibana-key", public_base_url: https://kibana.example}
worker: {lease: 5s, drain_timeout: 5s, retry_base: 1s, retry_cap: 1s}
connectors:
  old-jira:
    actionTypeId: .jira
    name: Old Jira
    config: {apiUrl: OLD, projectKey: HMS}
    secrets: {email: admin@hms.example, apiToken: canary-jira-token}
  new-jira:
    actionTypeId: .jira
    name: New Jira
    config: {apiUrl: NEW, projectKey: HMS}
    secrets: {email: admin@hms.example, apiToken: canary-jira-token}
delivery:
  old-jira: {deployment: cloud, find_delay: 1s, settle_time: 1s}
  new-jira: {deployment: cloud, find_delay: 1s, settle_time: 1s}
configurations:
  - owner: securitySolution
    closure_type: close-by-pushing
    connector: {id: old-jira, name: Old Jira, type: .jira, fields: null}
`

// replayRig is a real worker on an embedded server, with fakes for the rest.
type replayRig struct {
	t              *testing.T
	kibana         *fakekibana.Fake
	oldJira, other *fakejira.Fake
	conn           *stream.Conn
	config         string // path
}

func newReplayRig(t *testing.T) *replayRig {
	t.Helper()
	r := &replayRig{
		t: t, kibana: fakekibana.New(fakekibana.Options{}), oldJira: fakejira.New(fakejira.Options{}), other: fakejira.New(fakejira.Options{}),
		config: filepath.Join(t.TempDir(), "casepush.yaml"),
	}
	server, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	if r.conn, err = stream.Connect(t.Context(), stream.Options{Embedded: server}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.conn.Close)
	k, o, n := httptest.NewServer(r.kibana), httptest.NewServer(r.oldJira), httptest.NewServer(r.other)
	for _, s := range []*httptest.Server{k, o, n} {
		t.Cleanup(s.Close)
	}
	text := strings.NewReplacer("NATS", server.URL(), "KIBANA", k.URL, "OLD", o.URL, "NEW", n.URL).Replace(replayConfig)
	if err := os.WriteFile(r.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, problems := config.Parse(r.config, []byte(text), config.Options{Types: adapters.Types()})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	w, err := worker.New(worker.Options{Config: cfg, Types: adapters.Types(), Conn: r.conn, Log: telemetry.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

// command runs a command line and returns its exit code and output.
func (r *replayRig) command(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errOut bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: &errOut}
	code = a.exit(a.run(ctx, args))
	return code, out.String(), errOut.String()
}

// replay replays with these words and waits for the outcomes.
func (r *replayRig) replay(wantCode int, words ...string) tally {
	r.t.Helper()
	code, stdout, stderr := r.command(r.t.Context(), append([]string{"replay", "-c", r.config, "--yes", "--wait", "--rate", "0", "-o", "json"}, words...)...)
	if code != wantCode {
		r.t.Fatalf("replay %q: exit code %d, want %d\n%s", words, code, wantCode, stderr)
	}
	var t tally
	if err := json.Unmarshal([]byte(stdout), &t); err != nil {
		r.t.Fatalf("%v: %s", err, stdout)
	}
	return t
}

// addCases makes cases in Kibana: every second one is pushed by snapshots, a
// newer and after it an older one, and the others by a thin event.
func (r *replayRig) addCases(n int) []kibana.Case {
	r.t.Helper()
	var cases []kibana.Case
	for i := range n {
		c, err := r.kibana.AddCase("default", kibana.Case{Title: fmt.Sprintf("case %d", i), Owner: "securitySolution"})
		if err != nil {
			r.t.Fatal(err)
		}
		older := r.snapshot(c.ID)
		if _, err = r.kibana.AddComment(c.ID, kibana.Comment{Text: "seen"}); err != nil {
			r.t.Fatal(err)
		}
		events := []event.Event{{CaseID: c.ID}}
		if i%2 == 1 {
			events = []event.Event{{CaseID: c.ID, Case: r.snapshot(c.ID)}, {CaseID: c.ID, Case: older}}
		}
		r.publish(events...)
		cases = append(cases, c)
	}
	r.idle()
	return cases
}

// snapshot is the case as it is now.
func (r *replayRig) snapshot(id string) json.RawMessage {
	r.t.Helper()
	c, ok := r.kibana.Case(id)
	if !ok {
		r.t.Fatalf("no case %q", id)
	}
	b, err := json.Marshal(c)
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r *replayRig) publish(events ...event.Event) {
	r.t.Helper()
	for _, e := range events {
		e.SpaceID = event.DefaultSpace
		if _, _, err := r.conn.Publish(r.t.Context(), e); err != nil {
			r.t.Fatal(err)
		}
	}
}

// idle waits until no event and no job is left. Wake-ups in the future, second
// looks for example, are not waited for.
func (r *replayRig) idle() {
	r.t.Helper()
	quiet := 0 // in a row: what is on its way from one queue to the next is in neither
	r.eventually("empty queues", func() bool {
		b, err := r.conn.Backlog(r.t.Context())
		n := b.Events
		for _, jobs := range b.ByConnector {
			n += jobs
		}
		if quiet++; err != nil || n > 0 {
			quiet = 0
		}
		return quiet > 2
	})
}

func (r *replayRig) eventually(what string, cond func() bool) {
	r.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !cond(); <-tick.C {
		if time.Now().After(end) {
			r.t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// writes counts the requests that changed anything anywhere.
func (r *replayRig) writes() int {
	return len(r.oldJira.Journal().Writes()) + len(r.other.Journal().Writes()) + len(r.kibana.Journal().Writes())
}
