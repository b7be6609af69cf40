package config

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/secret"
)

// load reads a configuration of testdata that has no errors.
func load(t *testing.T, name string) *Config {
	t.Helper()
	cfg, problems := Load(name, optionsOf(t, name))
	if problems.HasErrors() {
		t.Fatalf("problems:\n%s", text(problems))
	}
	return cfg
}

var compareSecrets = cmp.Comparer(func(a, b secret.String) bool { return a.Equal(b) })

func TestNoFileIsAnEmbeddedServer(t *testing.T) {
	cfg, problems := Load("", Options{})
	if len(problems) > 0 {
		t.Fatalf("problems:\n%s", text(problems))
	}
	if diff := cmp.Diff(Defaults(), cfg, compareSecrets); diff != "" {
		t.Errorf("configuration (-defaults +got):\n%s", diff)
	}
	if !cfg.UsesEmbedded() || cfg.Embedded.Listen != "127.0.0.1:4222" || cfg.Worker.Lease != 30*time.Second {
		t.Errorf("embedded %v, listen %q, lease %s", cfg.UsesEmbedded(), cfg.Embedded.Listen, cfg.Worker.Lease)
	}
}

func TestMissingConfigurationFile(t *testing.T) {
	_, problems := Load("absent.yaml", testOptions())
	if got, want := text(problems), "absent.yaml: the file cannot be read: no such file"; got != want {
		t.Errorf("problems %q, want %q", got, want)
	}
}

func TestValuesOfEverySection(t *testing.T) {
	cfg := load(t, "good-everything.yaml")
	for name, pair := range map[string][2]any{
		"nats.url":                 {cfg.NATS.URL, "tls://nats-1.example:4222,tls://nats-2.example:4222"},
		"nats.password":            {cfg.NATS.Password.Reveal(), "canary-env-token-8f2e"},
		"nats.replicas":            {cfg.NATS.Replicas, 3},
		"nats.retention.results":   {cfg.NATS.Retention.Results, 26 * 7 * day},
		"nats.retention.dead":      {cfg.NATS.Retention.DeadLetters, 30 * day},
		"http.tokens":              {cfg.HTTP.Tokens[1].Token.Reveal(), "canary-credential-90ab"},
		"kibana.url":               {cfg.Kibana.URL, "https://kibana.example:5601/base"},
		"kibana.own_user":          {cfg.Kibana.OwnUser, "casepush-api"},
		"kibana.responseTimeout":   {cfg.Kibana.ResponseTimeout, 90 * time.Second},
		"kibana.maxResponse":       {cfg.Kibana.MaxResponseContentLength, Bytes(128 << 20)},
		"outbound.proxyUrl":        {cfg.Outbound.ProxyURL.Reveal(), "http://user:canary-env-proxy-e4d0@proxy.example:3128"},
		"outbound.responseTimeout": {cfg.Outbound.ResponseTimeout, 30 * time.Second},
		"worker.retry_cap":         {cfg.Worker.RetryCap, 90 * time.Minute},
		"delivery":                 {cfg.Delivery["soc-jira"].RequestsPerSecond, 0.5},
		"default closure type":     {cfg.Configurations[0].ClosureType, CloseByUser},
		"type from the file":       {cfg.Configurations[1].Connector.Type, ".jira"},
		"fields":                   {cfg.Configurations[1].Connector.Fields["issueType"], "10001"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v, want %v", name, pair[0], pair[1])
		}
	}
	if _, ok := cfg.Configuration("soc", "cases"); !ok {
		t.Error("no configuration of owner cases in space soc")
	}
	if c, err := cfg.NATS.TLS.Config(); err != nil || c == nil || c.RootCAs == nil || len(c.Certificates) != 1 {
		t.Errorf("TLS of NATS: %v, %v", c, err)
	}
}

func TestServerTLS(t *testing.T) {
	if c, err := load(t, "good-design.yaml").HTTP.TLS.Config(); err != nil || c == nil || len(c.Certificates) != 1 {
		t.Errorf("TLS %v, %v", c, err)
	}
	if c, err := Defaults().HTTP.TLS.Config(); err != nil || c != nil {
		t.Errorf("TLS by default %v, %v; want none", c, err)
	}
}

func TestDefinition(t *testing.T) {
	cfg := load(t, "good-design.yaml")
	want := []connector.Definition{{
		ID: "soc-jira", Name: "SOC Jira", Type: ".jira",
		Config:   map[string]any{"apiUrl": "https://hms.atlassian.net", "projectKey": "HMS"},
		Secrets:  map[string]secret.String{"email": secret.New("admin@hms.example"), "apiToken": secret.New("canary-env-token-8f2e")},
		Delivery: map[string]any{"find_delay": "2m0s", "max_in_flight": json.Number("16")},
	}}
	if diff := cmp.Diff(want, cfg.Connectors, compareSecrets); diff != "" {
		t.Errorf("connectors (-want +got):\n%s", diff)
	}
	d := cfg.Delivery["soc-jira"]
	if d.MaxInFlight != 16 || d.RequestsPerSecond != 10 || d.FindDelay != 2*time.Minute || d.OnUncertain != "wait_for_person" {
		t.Errorf("delivery %+v", d)
	}
	rows := []connector.MappingRow{
		{Source: connector.Title, Target: "summary", ActionType: connector.Overwrite},
		{Source: connector.Description, Target: "description", ActionType: connector.Overwrite},
		{Source: connector.Comments, Target: "comments", ActionType: connector.Append},
	}
	if diff := cmp.Diff(rows, cfg.Configurations[0].Mappings); diff != "" {
		t.Errorf("mappings (-want +got):\n%s", diff)
	}
}

func TestKibanasBlockByEitherName(t *testing.T) {
	dotted := load(t, "good-kibana-preconfigured.yaml")
	if got := []string{dotted.Connectors[0].ID, dotted.Connectors[1].ID}; len(dotted.Connectors) != 2 || got[0] != "soc-jira" || got[1] != "soc-servicenow" {
		t.Errorf("%d connectors, %v", len(dotted.Connectors), got)
	}
	if got := dotted.Connectors[1].Config["usesTableApi"]; got != true {
		t.Errorf("usesTableApi is %v (%T), want true", got, got)
	}
	if got := dotted.Outbound.AllowedHosts; len(got) != 2 || got[0] != "hms.atlassian.net" {
		t.Errorf("allowed hosts %q", got)
	}
	aside := []LeftAside{
		{"my-slack1", "Slack #xyz", ".slack"},
		{"mail", "Mail", ".email"},
		{"siem-index", "Index", ".index"},
		{"alert-webhook", "Webhook", ".webhook"},
	}
	if diff := cmp.Diff(aside, dotted.LeftAside); diff != "" {
		t.Errorf("left aside (-want +got):\n%s", diff)
	}
	if nested := load(t, "good-kibana-nested.yaml"); len(nested.Connectors) != 1 || nested.Connectors[0].Secrets["apiToken"].Reveal() != "canary-env-token-8f2e" {
		t.Errorf("nested: %+v", nested.Connectors)
	}
}

func TestMappingOf7x(t *testing.T) {
	def, ok := load(t, "good-7x-mapping.yaml").Connector("05da469f-1fde-4058-99a3-91e4807e2de8")
	want := []connector.MappingRow{
		{Source: connector.Title, Target: "summary", ActionType: connector.Overwrite},
		{Source: connector.Description, Target: "description", ActionType: connector.Append},
		{Source: connector.Comments, Target: "comments", ActionType: connector.Append},
	}
	if diff := cmp.Diff(want, def.Mapping); !ok || diff != "" {
		t.Errorf("mapping (-want +got):\n%s", diff)
	}
	if _, there := def.Config["casesConfiguration"]; there {
		t.Error("the type gets casesConfiguration")
	}
}

func TestAnchorsAndMerges(t *testing.T) {
	two, _ := load(t, "good-anchors.yaml").Connector("two")
	if two.Name != "Two" || two.Config["apiUrl"] != "https://hms.atlassian.net" || two.Config["projectKey"] != "TWO" || !two.Secrets["apiToken"].IsSet() {
		t.Errorf("definition %+v", two)
	}
}

func TestSecretObjectIsJSON(t *testing.T) {
	hook, _ := load(t, "good-secret-object.yaml").Connector("hook")
	if got, want := hook.Secrets["secretHeaders"].Reveal(), `{"X-Key":"canary-env-token-8f2e"}`; got != want {
		t.Errorf("secretHeaders %q, want %q", got, want)
	}
	if diff := cmp.Diff(map[string]any{"X-Team": "soc"}, hook.Config["headers"]); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestEnvironmentWins(t *testing.T) {
	cfg := load(t, "good-environment.yaml")
	if cfg.NATS.URL != "nats://nats.example:4222" || cfg.NATS.Replicas != 3 || cfg.Worker.Lease != time.Minute {
		t.Errorf("nats %+v, lease %s", cfg.NATS, cfg.Worker.Lease)
	}
	if diff := cmp.Diff([]string{"hms.atlassian.net", "dev87359.service-now.com"}, cfg.Outbound.AllowedHosts); diff != "" {
		t.Errorf("allowed hosts (-want +got):\n%s", diff)
	}
	if got := cfg.Kibana.APIKey.Reveal(); got != "canary-env-key-4444" {
		t.Errorf("API key %q", got)
	}
}

func TestVariables(t *testing.T) {
	names := "\n" + strings.Join(Variables(), "\n") + "\n"
	for _, want := range []string{
		"CASEPUSH_NATS_URL", "CASEPUSH_NATS_TLS_CA", "CASEPUSH_WORKER_LEASE", "CASEPUSH_HTTP_METRICS_LISTEN", "CASEPUSH_KIBANA_PUBLIC_BASE_URL",
		"CASEPUSH_OUTBOUND_PROXY_URL", "CASEPUSH_OUTBOUND_SSL_VERIFICATION_MODE", "CASEPUSH_OUTBOUND_MAX_RESPONSE_CONTENT_LENGTH", "CASEPUSH_KIBANA_RESPONSE_TIMEOUT",
	} {
		if !strings.Contains(names, "\n"+want+"\n") {
			t.Errorf("no variable %s in:%s", want, names)
		}
	}
}

func TestCredentialsLeaveTheURL(t *testing.T) {
	cfg := mustParse(t, "nats: {url: 'nats://a:canary-1@one:4222,nats://a:canary-1@two:4222'}\n")
	if cfg.NATS.URL != "nats://one:4222,nats://two:4222" || cfg.NATS.User != "a" || cfg.NATS.Password.Reveal() != "canary-1" {
		t.Errorf("url %q, user %q", cfg.NATS.URL, cfg.NATS.User)
	}
	if cfg = mustParse(t, "nats: {url: 'nats://canary-2@one:4222'}\n"); cfg.NATS.URL != "nats://one:4222" || cfg.NATS.Token.Reveal() != "canary-2" {
		t.Errorf("url %q", cfg.NATS.URL)
	}
}

func TestDollarDefault(t *testing.T) {
	cfg := mustParse(t, "nats: {url: '${NATS_ADDRESS:nats://fallback:4222}', prefix: 'a-${SITE}'}\n", "SITE=paris")
	if cfg.NATS.URL != "nats://fallback:4222" || cfg.NATS.Prefix != "a-paris" {
		t.Errorf("url %q, prefix %q", cfg.NATS.URL, cfg.NATS.Prefix)
	}
}

func TestSettings(t *testing.T) {
	cfg := load(t, "good-everything.yaml")
	out := cfg.Outbound.Settings()
	if len(out.CustomHostSettings) != 2 || len(out.CustomHostSettings[1].CertificateAuthority) != 2 || out.MaxResponseBytes != 1<<20 {
		t.Fatalf("outbound settings %+v", out)
	}
	if h := out.CustomHostSettings[0]; h.VerificationMode != "certificate" || len(h.Certificate) == 0 || !h.Key.IsSet() {
		t.Errorf("host settings %+v", h)
	}
	kib := cfg.Kibana.Settings()
	if diff := cmp.Diff([]string{"kibana.example"}, kib.AllowedHosts); diff != "" {
		t.Errorf("Kibana's hosts (-want +got):\n%s", diff)
	}
	if len(kib.CustomHostSettings) != 1 || kib.CustomHostSettings[0].URL != "https://kibana.example:5601" || len(kib.CustomHostSettings[0].CertificateAuthority) != 1 {
		t.Errorf("Kibana's settings %+v", kib.CustomHostSettings)
	}
}
