package worker_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
	"github.com/casepush/casepush/internal/worker"
)

// rig is a worker on an embedded server, with a fake Kibana and a fake Jira.
type rig struct {
	t      *testing.T
	kibana *fakes.Kibana
	jira   *fakes.Jira
	conn   *stream.Conn
	cfg    *config.Config
	stop   func()
}

const rigConfig = `
kibana: {url: %[1]s, api_key: "id:canary-kibana-key", public_base_url: https://kibana.example}
worker: {lease: 5s, drain_timeout: 5s}
connectors:
  soc-jira:
    actionTypeId: .jira
    name: SOC Jira
    config: {apiUrl: %[2]s, projectKey: HMS}
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
	r := &rig{t: t, kibana: fakes.NewKibana(fakes.KibanaOptions{}), jira: fakes.NewJira(fakes.JiraOptions{Flavour: fakes.Cloud})}
	kibanaServer, jiraServer := httptest.NewServer(r.kibana), httptest.NewServer(r.jira)
	t.Cleanup(kibanaServer.Close)
	t.Cleanup(jiraServer.Close)
	cfg, problems := config.Parse("test.yaml", fmt.Appendf(nil, rigConfig, kibanaServer.URL, jiraServer.URL), config.Options{Types: adapters.Types()})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	r.cfg = cfg
	server, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	if r.conn, err = stream.Connect(t.Context(), stream.Options{Embedded: server}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.conn.Close)
	return r
}

// start runs a worker until the test ends or r.stop is called.
func (r *rig) start() {
	r.t.Helper()
	w, err := worker.New(worker.Options{Config: r.cfg, Types: adapters.Types(), Conn: r.conn, Log: telemetry.Nop()})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(r.t.Context())
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

// push publishes an event and waits for its outcome.
func (r *rig) push(e event.Event) push.Result {
	r.t.Helper()
	if e.SpaceID == "" {
		e.SpaceID = "default"
	}
	l, err := r.conn.Listen(e.SpaceID, e.CaseID)
	if err != nil {
		r.t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	seq, _, err := r.conn.Publish(ctx, e)
	if err != nil {
		r.t.Fatal(err)
	}
	res, err := l.Next(ctx, seq)
	if err != nil {
		r.t.Fatal(err)
	}
	return res
}

func (r *rig) addCase(c kibana.Case) kibana.Case {
	r.t.Helper()
	c.Owner = "securitySolution"
	added, err := r.kibana.AddCase("default", c)
	if err != nil {
		r.t.Fatal(err)
	}
	return added
}

func TestPushesAndCloses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	c := r.addCase(kibana.Case{Title: "Suspicious login", Description: "From a new country", Tags: []string{"two words"}})
	if _, err := r.kibana.AddComment(c.ID, kibana.Comment{Type: "user", Text: "first"}); err != nil {
		t.Fatal(err)
	}
	res := r.push(event.Event{CaseID: c.ID})
	if res.Outcome != push.Pushed || !res.Closed || res.ExternalService == nil {
		t.Fatalf("result: %+v", res)
	}
	issues := r.jira.Issues()
	if len(issues) != 1 || len(issues[0].Comments) != 1 {
		t.Fatalf("issues: %+v", issues)
	}
	if now, _ := r.kibana.Case(c.ID); now.Status != "closed" {
		t.Errorf("case is %s", now.Status)
	}
	// The same case again changes nothing.
	r.jira.Journal().Clear()
	r.kibana.Journal().Clear()
	if res := r.push(event.Event{CaseID: c.ID}); res.Outcome != push.Unchanged || !res.Closed {
		t.Errorf("second push: %+v", res)
	}
	if n := len(r.jira.Journal().Writes()) + len(r.kibana.Journal().Writes()); n != 0 {
		t.Errorf("%d writing requests at the second push", n)
	}
}
