package e2e

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/push"
)

// secretsConfig has a connector for each way to fail.
const secretsConfig = `
nats: {url: '{nats}', user: worker, password: {env: NATS_PASSWORD}}
http: {listen: 127.0.0.1:0, tokens: [{name: terraform, role: admin, token: {env: HTTP_TOKEN}}]}
kibana: {url: '{kibana}', api_key: {env: KIBANA_KEY}, public_base_url: https://kibana.example}
outbound: {allowedHosts: ["127.0.0.1"]}
worker: {lease: 5s, drain_timeout: 1s, retry_base: 100ms, retry_cap: 200ms, max_attempt_age: 2s}
connectors:
  soc-jira: &jira
    actionTypeId: .jira
    name: SOC Jira
    config: {apiUrl: '{jira-cloud}', projectKey: HMS}
    secrets: {email: admin@hms.example, apiToken: {env: JIRA_TOKEN}}
  refused-jira:
    actionTypeId: .jira
    name: Refused
    config: {apiUrl: '{jira-dc}', projectKey: HMS}
    secrets: {personalAccessToken: {env: JIRA_PAT}}
  far-jira:
    actionTypeId: .jira
    name: Not allowed
    config: {apiUrl: 'https://elsewhere.example', projectKey: HMS}
    secrets: {email: admin@hms.example, apiToken: {env: JIRA_TOKEN}}
  gone-jira:
    actionTypeId: .jira
    name: Nobody listens
    config: {apiUrl: 'http://127.0.0.1:1', projectKey: HMS}
    secrets: {personalAccessToken: {env: JIRA_PAT}}
  soc-slack: {actionTypeId: .slack, name: SOC Slack, secrets: {webhookUrl: {env: SLACK_URL}}}
delivery:
  soc-jira: {deployment: cloud, find_delay: 100ms, settle_time: 100ms}
  refused-jira: {deployment: data_center, find_delay: 100ms, settle_time: 100ms}
configurations:
  - owner: securitySolution
    closure_type: close-by-pushing
    connector: {id: soc-jira, name: SOC Jira, type: .jira, fields: null}
`

// echo is a rule that answers with the secret that the server was sent, in
// every form, as a debugging proxy or a tracker's error page may.
func echo(secret string, status int, contains string) string {
	text := fmt.Sprintf("you sent %s and %s and %s and %s", secret, url.QueryEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte("admin@hms.example:"+secret)))
	body, err := json.Marshal(map[string]any{"errorMessages": []string{text}, "errors": map[string]string{"summary": text}, "message": text, "error": text})
	if err != nil {
		panic(err)
	}
	rule, err := json.Marshal(map[string]any{"status": status, "path": "**", "contains": contains, "body": string(body), "header": map[string]string{"X-Echo": secret, "Retry-After": "1"}})
	if err != nil {
		panic(err)
	}
	return string(rule)
}

// marker is what the search has to find: it goes the way of an event's id.
const marker = "marker-e5f1c7"

// TestSecrets runs pushes that fail in every way, with trackers that echo the
// credentials, and then looks for these wherever anything was written.
func TestSecrets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.environ = append(r.environ, "SLACK_URL="+canarySlack)
	r.configure(secretsConfig)
	w := r.startWorker()
	r.connect()
	everythingFails(r, w)
	places := map[string]string{}
	r.commands(places)
	w.says("dead-lettered")
	r.nats.kill()
	w.says("NATS is away")
	r.restartNATS()
	eventually(t, "ready again", func() bool { status, _ := w.probe("/readyz"); return status == 200 })
	for _, path := range []string{"/readyz", "/livez"} {
		_, places[path] = w.probe(path)
	}
	wrong := append(r.environ, "NATS_PASSWORD="+canaryWrong) // the later one counts
	code, stdout, stderr := command(t, wrong, casepushProgram(), "run", "-c", r.config, "--log-level", "debug")
	places["run, wrong password, stdout"], places["run, wrong password, stderr"] = stdout, stderr
	if code != 5 || !strings.Contains(stderr, "Authorization Violation") || !strings.Contains(stderr, "hint: correct nats.user") {
		t.Errorf("wrong NATS password: exit code %d, want 5: %q", code, stderr)
	}
	r.streams(places)
	r.journals(places)
	w.kill()
	places["worker, stdout"], places["worker, stderr"] = w.stdout.String(), w.stderr.String()
	places["fakes"] = r.fakes.stdout.String() + r.fakes.stderr.String()
	r.files(places)

	for place, text := range places {
		for _, c := range shows(text, canaries()...) {
			t.Errorf("%s shows the secret %q:\n%s", place, c, around(text, c))
		}
	}
	// The search works, and it looked where things are.
	for _, place := range []string{
		"worker, stderr", "stream CASEPUSH_EVENTS", "stream CASEPUSH_RESULTS", "stream CASEPUSH_DLQ", "stream KV_casepush_ledger",
		"dlq show", "incidents show", "file KV_casepush_ledger", "file CASEPUSH_DLQ",
	} {
		if shows(places[place], marker) == nil {
			t.Errorf("%s: the marker is not found in %d bytes", place, len(places[place]))
		}
	}
	for _, place := range []string{"worker, stderr", "stream CASEPUSH_DLQ", "stream KV_casepush_ledger", "dlq show", "plan of a refusal"} {
		if !strings.Contains(places[place], "you sent [redacted]") {
			t.Errorf("%s: no echo came here, so nothing was proved", place)
		}
	}
	for _, place := range []string{"requests of kibana", "requests of jira-cloud", "requests of jira-dc", "plan", "validate"} {
		if len(places[place]) < 20 {
			t.Errorf("%s: only %q", place, places[place])
		}
	}
	for place, words := range map[string]string{"push --wait": "dead_lettered", "dlq redrive": "redriven", "resolve": "has no incident"} {
		if !strings.Contains(places[place], words) {
			t.Errorf("%s: only %q", place, places[place])
		}
	}
}

// around is a piece of text with the first form of a secret.
func around(text, secret string) string {
	for _, f := range forms(secret) {
		if at := strings.Index(text, f); at >= 0 {
			return text[max(0, at-300):min(len(text), at+300)]
		}
	}
	return ""
}

// everythingFails publishes events that fail each in another way, and waits for
// the outcomes of those that have one.
func everythingFails(r *rig, w *worker) {
	r.t.Helper()
	r.faults("jira-cloud", echo(canaryJira, 400, "Refused content"), echo(canaryJira, 403, "Forbidden content"), echo(canaryJira, 500, "Broken server"), echo(canaryJira, 429, "Too often"),
		`{"path":"**","contains":"No answer","drop_answer":true,"times":1}`,
		`{"path":"**","contains":"Web page","status":200,"body":"<html>`+canaryJira+`</html>"}`)
	r.faults("jira-dc", echo(canaryPAT, 401, ""))
	dead := map[string]push.Reason{} // by case
	add := func(title, connector string, reason push.Reason) {
		id := r.addCase(title)
		dead[id] = reason
		r.publish(id, fmt.Sprintf(`{"case_id":%q,"connector_id":%q,"owner":"securitySolution"}`, id, connector), jetstream.WithMsgID(marker+"-"+id))
	}
	add("Refused content", "soc-jira", push.ReasonRejected)
	add("Forbidden content", "soc-jira", push.ReasonForbidden)
	add("Broken server", "soc-jira", push.ReasonRetriesExhausted)
	add("Too often", "soc-jira", push.ReasonRetriesExhausted)
	add("Web page", "soc-jira", push.ReasonRetriesExhausted)
	add("No answer", "soc-jira", "")
	add("Not allowed", "far-jira", push.ReasonHostNotAllowed)
	add("Nobody there", "gone-jira", push.ReasonRetriesExhausted)
	add("Slack", "soc-slack", push.ReasonUnsupportedType)
	add("Unknown", "no-jira", push.ReasonConnectorNotFound)
	r.publish("c-404", `{"case_id":"c-404","connector_id":"soc-jira"}`, jetstream.WithMsgID(marker+"-404"))
	dead["c-404"] = push.ReasonCaseNotFound
	r.publish("bad", `not JSON`, jetstream.WithMsgID(marker+"-bad"))
	dead["bad"] = push.ReasonMalformed

	refused := r.addCase("Wrong credentials") // it waits
	r.publish(refused, fmt.Sprintf(`{"case_id":%q,"connector_id":"refused-jira"}`, refused), jetstream.WithMsgID(marker+"-401"))

	ids := make([]string, 0, len(dead))
	for id := range dead {
		ids = append(ids, id)
	}
	for id, res := range r.resultsOf(ids...) {
		if res.Reason != dead[id] {
			r.t.Errorf("case %s: %+v, want reason %q", id, res, dead[id])
		}
	}
	eventually(r.t, "a held connector", func() bool { return r.requests("jira-dc", "GET", "/rest/api/2/search") > 0 })

	// Kibana refuses, with an echo too.
	r.faults("kibana", echo(canaryKibana, 401, ""))
	r.publish("c-refused", `{"case_id":"c-refused"}`, jetstream.WithMsgID(marker+"-kibana"))
	eventually(r.t, "a refusal of Kibana", func() bool { return strings.Contains(w.stderr.String(), "event waits for Kibana") })
	r.faults("kibana")
}

// commands runs what shows anything.
func (r *rig) commands(places map[string]string) {
	r.t.Helper()
	run := func(name string, args ...string) string {
		_, stdout, stderr := command(r.t, r.environ, casepushProgram(), append(args, "-c", r.config)...)
		places[name] += stdout + stderr
		return stdout
	}
	id := r.addCase("Planned")
	run("plan", "plan", "--case", id)
	run("plan", "plan", "--case", id, "-o", "json")
	run("plan of a refusal", "plan", "--case", id, "--connector", "refused-jira")
	run("plan to nobody", "plan", "--case", id, "--connector", "gone-jira")
	run("plan elsewhere", "plan", "--case", id, "--connector", "far-jira")
	run("validate", "validate", r.config)
	run("incidents ls", "incidents", "ls", "-o", "json")
	var letters []struct {
		ID     uint64 `json:"id"`
		CaseID string `json:"case_id"`
	}
	if err := json.Unmarshal([]byte(run("dlq ls", "dlq", "ls", "-o", "json")), &letters); err != nil {
		r.t.Fatalf("dlq ls: %v", err)
	}
	if len(letters) < 8 {
		r.t.Errorf("dead letters: %+v", letters)
	}
	for _, d := range letters {
		run("dlq show", "dlq", "show", fmt.Sprint(d.ID))
		run("dlq show", "dlq", "show", fmt.Sprint(d.ID), "-o", "json")
		run("incidents show", "incidents", "show", d.CaseID)
		run("incidents show", "incidents", "show", d.CaseID, "-o", "json")
	}
	// What changes something comes last: it changes the dead letters too.
	refused := r.addCase("Refused content of a command")
	// Named in full: Kibana's refusal holds up whatever must be asked of it to be routed.
	wait := []string{"push", "--case", refused, "--owner", "securitySolution", "--wait", "--connector"}
	run("push --wait", append(wait, "soc-jira")...)
	run("push --wait", append(wait, "far-jira", "-o", "json")...)
	run("resolve", "resolve", refused, "--connector", "soc-jira", "--none")
	run("resolve", "resolve", refused, "--connector", "soc-jira", "--incident", "10001", "--title", "HMS-1")
	run("resolve", "resolve", refused, "--connector", "gone-jira", "--none")
	redrive := []string{"dlq", "redrive"}
	for _, d := range letters {
		redrive = append(redrive, fmt.Sprint(d.ID))
	}
	run("dlq redrive", redrive...)
	run("dlq redrive", append(redrive, "-o", "json")...)
}

// streams reads every message of every stream, as it is.
func (r *rig) streams(places map[string]string) {
	r.t.Helper()
	names := r.js.StreamNames(r.t.Context())
	for name := range names.Name() {
		s, err := r.js.Stream(r.t.Context(), name)
		if err != nil {
			r.t.Fatal(err)
		}
		var b strings.Builder
		config, err := json.Marshal(s.CachedInfo().Config)
		if err != nil {
			r.t.Fatal(err)
		}
		b.Write(config)
		for seq := s.CachedInfo().State.FirstSeq; seq <= s.CachedInfo().State.LastSeq; seq++ {
			m, err := s.GetMsg(r.t.Context(), seq)
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				continue
			}
			if err != nil {
				r.t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s %v %s\n", m.Subject, m.Header, m.Data)
		}
		places["stream "+name] = b.String()
	}
	if err := names.Err(); err != nil {
		r.t.Fatal(err)
	}
}

// journals reads what each fake was asked and holds.
func (r *rig) journals(places map[string]string) {
	r.t.Helper()
	for fake := range r.urls {
		var requests, state json.RawMessage
		r.call("GET", fake, "/__requests", "", &requests)
		r.call("GET", fake, "/__state", "", &state)
		places["requests of "+fake], places["state of "+fake] = string(requests), string(state)
	}
}

// files reads the server's store, by stream.
func (r *rig) files(places map[string]string) {
	r.t.Helper()
	err := filepath.WalkDir(filepath.Join(r.dir, "js"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := "file"
		if _, rest, ok := strings.Cut(path, "/streams/"); ok {
			stream, _, _ := strings.Cut(rest, "/")
			name += " " + stream
		}
		places[name] += string(b)
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}
