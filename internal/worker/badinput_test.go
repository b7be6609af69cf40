package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/mapping/template"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/secret"
)

// wantLetter checks what a dead letter says, and that the result says the same.
func wantLetter(t *testing.T, r *rig, res push.Result, stage push.Stage, reason push.Reason, words ...string) {
	t.Helper()
	if res.Outcome != push.DeadLettered || res.Reason != reason || res.Closed || res.ExternalService != nil {
		t.Errorf("result: %+v, want dead_lettered, %s", res, reason)
	}
	d := r.onlyLetter()
	if d.Reason != reason || d.Stage != stage || d.EventSeq != res.EventSeq || d.EventID != res.EventID || d.CaseID != res.CaseID || d.SpaceID != res.SpaceID {
		t.Errorf("dead letter: %+v, want stage %s, reason %s, the result's event %+v", d, stage, reason, res)
	}
	for _, w := range words {
		if !strings.Contains(d.Message, w) {
			t.Errorf("message %q does not say %q", d.Message, w)
		}
	}
	if strings.Contains(d.Message, "canary") {
		t.Errorf("message shows a secret: %q", d.Message)
	}
	if d.EventStream != r.conn.Incarnation() || d.LastAt.IsZero() || d.Attempts < 1 {
		t.Errorf("dead letter without stream, time or attempts: %+v", d)
	}
	r.wantIdle()
}

// TestMalformedEvents: each says what is wrong, where, and how to mend it; it
// holds up nothing, and a correct event of the same case goes through.
func TestMalformedEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	for _, tt := range []struct {
		name, body string
		words      []string
	}{
		{"no JSON", `not JSON at all`, []string{"JSON"}},
		{"empty", ``, []string{"JSON"}},
		{"cut off", `{"case_id": "c-1"`, []string{"JSON"}},
		{"a list", `[{"case_id":"c-1"}]`, []string{"object"}},
		{"a number as id", `{"case_id": 17}`, []string{"case_id", "string"}},
		{"no case_id", `{"owner": "securitySolution"}`, []string{"case_id", "missing", "add the id"}},
		{"other case in the body", `{"case_id": "c-2"}`, []string{"case_id", `"c-2"`, `"c-1"`, "subject"}},
		{"other space in the body", `{"case_id": "c-1", "space_id": "soc"}`, []string{"space_id", `"soc"`, `"default"`, "subject"}},
		{"snapshot of another case", `{"case_id": "c-1", "case": {"id": "c-2"}}`, []string{"case.id", `"c-1"`}},
		{"case is no object", `{"case_id": "c-1", "case": "c-1"}`, []string{"case", "object"}},
		{"tags are no list", `{"case_id": "c-1", "connector_id": "soc-jira", "case": {"id": "c-1", "title": "T", "tags": "a"}}`, []string{"tags", "want a list"}},
		{"an owner that has no cases", `{"case_id": "c-1", "owner": "security"}`, []string{"owner", "securitySolution"}},
		{"a time that is none", `{"case_id": "c-1", "requested_at": "yesterday"}`, []string{"requested_at", "RFC 3339"}},
		{"unknown CloudEvents", `{"specversion": "2.0", "id": "x", "data": {"case_id": "c-1"}}`, []string{"specversion", "1.0"}},
	} {
		res := r.raw("default", "c-1", []byte(tt.body))
		wantLetter(t, r, res, push.StageDecode, push.ReasonMalformed, tt.words...)
		d := r.onlyLetter()
		if err := r.ops.CheckRedrive(t.Context(), d); err == nil || !strings.Contains(err.Error(), "publish a correct one") {
			t.Errorf("%s: redrive of what stays unreadable: %v", tt.name, err)
		}
		if err := r.ops.Drop(t.Context(), d.ID); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.jira.Journal().Requests()); n != 0 {
		t.Errorf("%d requests to the tracker", n)
	}
	res := r.raw("default", "c-1", []byte(`{"case_id": "c-1", "owner": "securitySolution", "connector_id": "soc-jira", "case": {"id": "c-1", "title": "The good one"}}`))
	if res.Outcome != push.Pushed {
		t.Errorf("a good event of the same case: %+v", res)
	}
	r.wantInStep("The good one")
}

// TestLargeCase: the embedded server takes a case of 5 MiB, and all of what
// belongs at the tracker gets there, in its limits.
func TestLargeCase(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, rigOptions{jira: fakejira.Options{Flavour: fakejira.DataCenter}, config: strings.Replace(
		strings.Replace(rigConfig, "email: admin@hms.example, apiToken: canary-jira-token", "personalAccessToken: canary-jira-token", 1),
		"deployment: cloud", "deployment: data_center", 1)})
	r.start()
	description := strings.Repeat("ä long description, ", 5<<10) // 105 KiB
	alerts := make([]map[string]string, 530)
	for i := range alerts {
		alerts[i] = map[string]string{"id": fmt.Sprint(i), "message": strings.Repeat("x", 10<<10)}
	}
	body, err := json.Marshal(map[string]any{
		"case_id": "big", "owner": "securitySolution", "connector_id": "soc-jira",
		"case": map[string]any{"id": "big", "title": "A big one", "description": description, "alerts": alerts},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(body) < 5<<20 {
		t.Fatalf("the event has %d bytes", len(body))
	}
	if res := r.raw("default", "big", body); res.Outcome != push.Pushed {
		t.Fatalf("%+v", res)
	}
	issue := r.wantInStep("A big one")
	whole := issue.Text("description")
	for _, c := range issue.Comments {
		whole += c.Body
	}
	if got := strings.Count(whole, "ä"); got != 5<<10 {
		t.Errorf("%d of %d sentences of the description arrived, in %d comments", got, 5<<10, len(issue.Comments))
	}
}

// TestCaseNotFound: Kibana does not know the case, to be routed or to be read.
func TestCaseNotFound(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]event.Event{
		"to be routed": {CaseID: "c-404"},
		"to be read":   {CaseID: "c-404", ConnectorID: "soc-jira", Owner: "securitySolution"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.start()
			wantLetter(t, r, r.push(e), push.StageCase, push.ReasonCaseNotFound, "read case", "404", "c-404")
			r.addCase(kibana.Case{ID: "c-404", Title: "Here now", Connector: jiraConnector()})
			if res := r.redrive(); res.Outcome != push.Pushed || !res.Closed {
				t.Errorf("redriven: %+v", res)
			}
			r.wantInStep("Here now")
		})
	}
}

func jiraConnector() kibana.CaseConnector {
	return kibana.CaseConnector{ID: "soc-jira", Name: "SOC Jira", Type: ".jira"}
}

// TestConnectorNotFound: nothing has this id, until somebody configures it.
func TestConnectorNotFound(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	c := r.addCase(kibana.Case{Title: "To nowhere"})
	e := event.Event{CaseID: c.ID, ConnectorID: "new.jira", Owner: "securitySolution"}
	wantLetter(t, r, r.push(e), push.StageRoute, push.ReasonConnectorNotFound, `connector "new.jira"`, "create it")
	if err := r.ops.Redrive(t.Context(), r.onlyLetter()); err == nil {
		t.Error("redriven before there is such a connector")
	}
	// It is added in a file: its queue is empty when the worker starts.
	r.restart(strings.ReplaceAll(rigConfig, "soc-jira", "new.jira"))
	if res := r.redrive(); res.Outcome != push.Pushed || res.ConnectorID != "new.jira" {
		t.Errorf("redriven: %+v", res)
	}
	r.wantInStep("To nowhere")
}

// TestConnectorDeleted: pushes that waited for a connector that is gone now.
func TestConnectorDeleted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.jira.Faults().Add(fakes.Rule{Status: 503}); err != nil {
		t.Fatal(err)
	}
	r.start()
	c := r.addCase(kibana.Case{Title: "Left behind"})
	a, err := r.ops.PublishAwaited(t.Context(), event.Event{CaseID: c.ID})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	eventually(t, "a first attempt", func() bool { return strings.Contains(r.log.String(), "push waits") })
	r.restart(`
kibana: {url: KIBANA, api_key: "id:canary-kibana-key"}
worker: {lease: 5s, retry_base: 1s, retry_cap: 1s}
`)
	wantLetter(t, r, r.outcome(a), push.StageConnector, push.ReasonConnectorDeleted, `connector "soc-jira"`, "create it")
	r.jira.Faults().Clear()
	r.restart(rigConfig)
	if res := r.redrive(); res.Outcome != push.Pushed {
		t.Errorf("redriven: %+v", res)
	}
	r.wantInStep("Left behind")
}

// TestUnsupportedType: an entry of Kibana's block that nothing can be pushed to.
func TestUnsupportedType(t *testing.T) {
	t.Parallel()
	const slack = "connectors:\n  soc-slack: {actionTypeId: .slack, name: SOC Slack, secrets: {webhookUrl: https://hooks.example/canary}}\n"
	r := newRigWith(t, rigOptions{config: strings.Replace(rigConfig, "connectors:\n", slack, 1)})
	r.start()
	c := r.addCase(kibana.Case{Title: "To a chat"})
	res := r.push(event.Event{CaseID: c.ID, ConnectorID: "soc-slack", Owner: "securitySolution"})
	wantLetter(t, r, res, push.StageRoute, push.ReasonUnsupportedType, `connector "soc-slack"`, `".slack"`, "not supported")
	// The way out: another connector, then the dead letter is dropped.
	if res := r.push(event.Event{CaseID: c.ID}); res.Outcome != push.Pushed {
		t.Errorf("to a connector that can: %+v", res)
	}
	if err := r.ops.Drop(t.Context(), r.onlyLetter().ID); err != nil {
		t.Fatal(err)
	}
	r.wantInStep("To a chat")
}

// TestHostNotAllowed: nothing is sent, and the message names the host and the setting.
func TestHostNotAllowed(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, rigOptions{config: rigConfig + "outbound: {allowedHosts: [hms.atlassian.net]}\n"})
	r.start()
	c := r.addCase(kibana.Case{Title: "Not there"})
	wantLetter(t, r, r.push(event.Event{CaseID: c.ID}), push.StageAdopt, push.ReasonHostNotAllowed, `host "127.0.0.1"`, "outbound.allowedHosts")
	if n := len(r.jira.Journal().Requests()); n != 0 {
		t.Errorf("%d requests to a host that is not allowed", n)
	}
	r.restart(rigConfig)
	if res := r.redrive(); res.Outcome != push.Pushed || !res.Closed {
		t.Errorf("redriven: %+v", res)
	}
	r.wantInStep("Not there")
}

// TestRejected: the tracker refuses the content, in its own words.
func TestRejected(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rules, err := r.jira.Faults().Add(fakes.Rule{Method: "POST", Path: "/rest/api/2/issue", Status: 400, Body: `{"errors":{"summary":"Not like this."}}`})
	if err != nil {
		t.Fatal(err)
	}
	r.start()
	c := r.addCase(kibana.Case{Title: "Refused"})
	wantLetter(t, r, r.push(event.Event{CaseID: c.ID}), push.StageCreate, push.ReasonRejected, "create incident", "HTTP 400", "summary", "Not like this.")
	if d := r.onlyLetter(); d.Status != 400 {
		t.Errorf("status %d", d.Status)
	}
	if now, _ := r.kibana.Case(c.ID); now.Status == "closed" {
		t.Error("the case was closed all the same")
	}
	r.jira.Faults().Remove(rules[0].ID)
	if res := r.redrive(); res.Outcome != push.Pushed || !res.Closed {
		t.Errorf("redriven: %+v", res)
	}
	r.wantInStep("Refused")
}

// TestWrongCredentials: nothing becomes a dead letter, the connector is held
// after one refusal, and everything goes through when they are right.
func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, rigOptions{jira: fakejira.Options{Email: "admin@hms.example", Token: secret.New("canary-right-token")}})
	r.start()
	const cases = 5
	var awaited []*ops.Awaited
	for n := range cases {
		c := r.addCase(kibana.Case{Title: fmt.Sprintf("Case %d", n)})
		a, err := r.ops.PublishAwaited(t.Context(), event.Event{CaseID: c.ID})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		awaited = append(awaited, a)
	}
	eventually(t, "a held connector", func() bool { return strings.Contains(r.log.String(), "connector held") })
	// All of them have been on the queue while it was held.
	eventually(t, "all routed", func() bool {
		b, err := r.conn.Backlog(t.Context())
		return err == nil && b.Events == 0 && b.ByConnector[""] == 0 && b.Waiting+b.ByConnector["soc-jira"] == cases
	})
	if list := r.letters(); len(list) != 0 {
		t.Errorf("dead letters: %+v", list)
	}
	if n := len(r.jira.Issues()); n != 0 {
		t.Errorf("%d issues", n)
	}
	r.restart(strings.Replace(rigConfig, "canary-jira-token", "canary-right-token", 1))
	for _, a := range awaited {
		if res := r.outcome(a); res.Outcome != push.Pushed || !res.Closed {
			t.Errorf("with the right credentials: %+v", res)
		}
	}
	for n := range cases {
		r.wantInStep(fmt.Sprintf("Case %d", n))
	}
}

// TestForbidden is of one record, not of the credentials: the others go on.
func TestForbidden(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rules, err := r.jira.Faults().Add(fakes.Rule{Method: "POST", Path: "/rest/api/2/issue", Contains: "Secret matter", Status: 403, Body: `{"errorMessages":["You may not."]}`})
	if err != nil {
		t.Fatal(err)
	}
	r.start()
	c, other := r.addCase(kibana.Case{Title: "Secret matter"}), r.addCase(kibana.Case{Title: "Open matter"})
	wantLetter(t, r, r.push(event.Event{CaseID: c.ID}), push.StageCreate, push.ReasonForbidden, "create incident", "HTTP 403", "You may not.")
	if res := r.push(event.Event{CaseID: other.ID}); res.Outcome != push.Pushed {
		t.Errorf("another case: %+v", res)
	}
	r.jira.Faults().Remove(rules[0].ID)
	if res := r.redrive(); res.Outcome != push.Pushed {
		t.Errorf("redriven: %+v", res)
	}
	r.wantInStep("Secret matter")
}

// TestNoConnector: neither event, case nor configuration names one.
func TestNoConnector(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	c := r.addCase(kibana.Case{Title: "For nobody", Owner: "cases"})
	res := r.push(event.Event{CaseID: c.ID})
	if res.Outcome != push.Skipped || res.Reason != push.ReasonNoConnector || res.Owner != "cases" {
		t.Errorf("%+v", res)
	}
	if list := r.letters(); len(list) != 0 {
		t.Errorf("dead letters: %+v", list)
	}
	r.wantIdle()
}

// TestWrongKibanaCredentials: nothing becomes a dead letter; events wait until
// they are right.
func TestWrongKibanaCredentials(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, rigOptions{kibana: fakekibana.Options{APIKeys: []secret.String{secret.New("id:canary-right-key")}}})
	r.start()
	var awaited []*ops.Awaited
	for _, e := range []event.Event{
		{CaseID: r.addCase(kibana.Case{Title: "To be routed"}).ID},
		{CaseID: r.addCase(kibana.Case{Title: "To be read"}).ID, ConnectorID: "soc-jira", Owner: "securitySolution"},
	} {
		a, err := r.ops.PublishAwaited(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		awaited = append(awaited, a)
	}
	eventually(t, "refusals", func() bool {
		log := r.log.String()
		return strings.Contains(log, "event waits for Kibana") && strings.Contains(log, `"push waits"`) && strings.Contains(log, "unauthenticated (HTTP 401)")
	})
	if list := r.letters(); len(list) != 0 {
		t.Errorf("dead letters: %+v", list)
	}
	r.restart(strings.Replace(rigConfig, "canary-kibana-key", "canary-right-key", 1))
	for _, a := range awaited {
		if res := r.outcome(a); res.Outcome != push.Pushed || !res.Closed {
			t.Errorf("with the right key: %+v", res)
		}
	}
	r.wantInStep("To be routed")
	r.wantInStep("To be read")
}

// TestTemplates: what a template makes cannot be sent. The words are the
// template's own, nothing reaches the tracker, and a mended one goes through.
func TestTemplates(t *testing.T) {
	t.Parallel()
	const good = `{"text": {{{case.title}}}}`
	for _, tt := range []struct {
		name, body string
		words      []string
	}{
		{"no JSON", `{"text": "{{{case.title}}}"}`, []string{"template", "JSON Error", "Create case JSON body must be valid JSON"}},
		{"no template", `{"text": {{{case.title}}`, []string{"template", "Create case", "unmatched open tag"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tracker := &templated{made: map[string]string{}}
			configured := func(body string) string {
				return fmt.Sprintf(templateConfig, serve(t, tracker), body)
			}
			r := newRigWith(t, rigOptions{config: configured(tt.body), types: []connector.Type{templatedType()}})
			r.start()
			c := r.addCase(kibana.Case{Title: "By a \"template\""})
			wantLetter(t, r, r.push(event.Event{CaseID: c.ID}), push.StageCreate, push.ReasonTemplate, append(tt.words, "create incident")...)
			if got := tracker.of(c.ID); got != "" || tracker.posts.Load() > 0 {
				t.Errorf("%d requests, the tracker has %q", tracker.posts.Load(), got)
			}
			if now, _ := r.kibana.Case(c.ID); now.Status == "closed" {
				t.Error("the case was closed all the same")
			}
			r.restart(configured(good))
			if res := r.redrive(); res.Outcome != push.Pushed || !res.Closed || res.ExternalService == nil || res.ExternalService.ExternalID != c.ID {
				t.Errorf("redriven: %+v", res)
			}
			if got, want := tracker.of(c.ID), `{"text": "By a \"template\""}`; got != want || tracker.posts.Load() != 1 {
				t.Errorf("%d requests, the tracker has %q, want %q once", tracker.posts.Load(), got, want)
			}
			if list := r.letters(); len(list) != 0 {
				t.Errorf("dead letters are left: %+v", list)
			}
			r.wantIdle()
		})
	}
}

// templateConfig has %s for the tracker's address and %q for the template.
const templateConfig = `
kibana: {url: KIBANA, api_key: "id:canary-kibana-key"}
worker: {lease: 5s, drain_timeout: 5s, retry_base: 1s, retry_cap: 1s}
connectors:
  soc-hook: {actionTypeId: .templated, name: SOC hook, config: {url: %s, body: %q}}
configurations:
  - owner: securitySolution
    closure_type: close-by-pushing
    connector: {id: soc-hook, name: SOC hook, type: .templated, fields: null}
`

// templated is a tracker that has the body of each POST by the last part of
// its path.
type templated struct {
	posts atomic.Int64
	mu    sync.Mutex
	made  map[string]string
}

// ServeHTTP takes POST, and GET of what was posted.
func (s *templated) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	id := path.Base(req.URL.Path)
	if req.Method == http.MethodPost {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return // the client is gone
		}
		s.posts.Add(1)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.made[id] = string(b)
		return
	}
	if s.of(id) == "" {
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *templated) of(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made[id]
}

// templatedType is a connector type that sends what a template renders, as the
// webhook's does.
func templatedType() connector.Type {
	return connector.Type{
		ID: ".templated", Name: "Templated",
		Mapping: []connector.MappingRow{{Source: connector.Title, Target: "title", ActionType: connector.Overwrite}},
		Check:   func(connector.Definition) []connector.Problem { return nil },
		New: func(d connector.Definition, deps connector.Dependencies) (connector.Connector, error) {
			url, _ := d.Config["url"].(string)
			body, _ := d.Config["body"].(string)
			return &templatedConnector{url: url, body: body, http: deps.HTTP}, nil
		},
	}
}

type templatedConnector struct {
	connector.Connector // what a push without comments never asks for
	url, body           string
	http                *http.Client
}

func (c *templatedConnector) Capabilities() connector.Capabilities {
	return connector.Capabilities{Address: c.url, FindIncident: true}
}

func (c *templatedConnector) FindIncident(ctx context.Context, id connector.CorrelationID) (connector.Ref, error) {
	return c.send(ctx, http.MethodGet, id.CaseID, nil)
}

func (c *templatedConnector) CreateIncident(ctx context.Context, id connector.CorrelationID, in connector.Incident) (connector.Ref, error) {
	tmpl, err := template.Parse(template.CreateCase, c.body)
	var body []byte
	if err == nil {
		body, err = tmpl.RenderJSON(template.Vars{"case": map[string]any{"title": in.Text("title")}})
	}
	if err != nil {
		return connector.Ref{}, &connector.Error{Op: "create incident", Kind: connector.Rejected, Effect: connector.NotApplied, Err: err}
	}
	return c.send(ctx, http.MethodPost, id.CaseID, body)
}

func (c *templatedConnector) send(ctx context.Context, method, id string, body []byte) (connector.Ref, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+"/"+id, bytes.NewReader(body))
	if err != nil {
		return connector.Ref{}, connector.AsError(method, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return connector.Ref{}, connector.AsError(method, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return connector.Ref{}, &connector.Error{Op: method, Kind: connector.NotFound, Effect: connector.NotApplied, Status: resp.StatusCode}
	}
	return connector.Ref{ID: id, Title: id, URL: c.url + "/" + id}, nil
}
