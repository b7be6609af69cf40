package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

// testdata is the folder of configurations, seen from this package.
const testdata = "../../testdata/config"

// testEnviron is the environment of every configuration in testdata.
func testEnviron() []string {
	return []string{
		"JIRA_TOKEN=canary-env-token-8f2e", "KIBANA_HOST=kibana.example", "SN_PASSWORD=canary-env-password-77aa",
		"CASEPUSH_TOKEN=canary-env-admin-1b9c", "EMPTY=", "CREDENTIALS_DIRECTORY=files", "PROXY_PASSWORD=canary-env-proxy-e4d0",
	}
}

// testTypes is a table of two types: one that can append, and one that cannot.
func testTypes() []connector.Type {
	jira := connector.Type{
		ID: ".jira", Name: "Jira", Append: true, RequiredTargets: []string{"summary"},
		Check: checkKeys([]string{"apiUrl", "projectKey"}, []string{"email", "apiToken"}),
	}
	webhook := connector.Type{
		ID: ".cases-webhook", Name: "Webhook - Case Management",
		Check: checkKeys([]string{"createIncidentUrl"}, nil, "headers"),
	}
	serviceNow := connector.Type{
		ID: ".servicenow", Name: "ServiceNow ITSM", Append: true, RequiredTargets: []string{"short_description"},
		Check: checkKeys([]string{"apiUrl"}, []string{"username", "password"}, "usesTableApi", "isOAuth"),
	}
	return []connector.Type{jira, serviceNow, webhook}
}

// checkKeys makes a Check that wants the given keys and takes the optional ones.
func checkKeys(config, secrets []string, optional ...string) func(connector.Definition) []connector.Problem {
	return func(d connector.Definition) []connector.Problem {
		var out []connector.Problem
		add := func(message string, path ...string) {
			out = append(out, connector.Problem{Path: path, Message: message})
		}
		for _, k := range config {
			if s, ok := d.Config[k].(string); !ok || s == "" {
				add("want a text", "config", k)
			}
		}
		for _, k := range sortedKeys(d.Config) {
			if !slices.Contains(config, k) && !slices.Contains(optional, k) {
				out = append(out, connector.Problem{Path: []string{"config", k}, Message: "unknown key" + suffix(didYouMean(k, config))})
			}
		}
		for _, k := range secrets {
			if !d.Secrets[k].IsSet() {
				add("is missing", "secrets", k)
			}
		}
		for _, k := range sortedKeys(d.Secrets) {
			if secrets != nil && !slices.Contains(secrets, k) {
				// A careless type, which shows a secret.
				add("unknown key, value "+d.Secrets[k].Reveal(), "secrets", k)
			}
		}
		for _, k := range sortedKeys(d.Delivery) {
			if !slices.Contains([]string{"find_delay", "settle_time", "max_in_flight", "deployment"}, k) {
				add("unknown key", "delivery", k)
			}
		}
		return out
	}
}

func suffix(hint string) string {
	if hint == "" {
		return ""
	}
	return ": " + hint
}

// inTestdata reads files of testdata only, whatever the test's directory is.
func inTestdata(name string) ([]byte, error) {
	if filepath.IsAbs(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return os.ReadFile(filepath.Join(testdata, name))
}

func testOptions() Options {
	return Options{Types: testTypes(), Environ: testEnviron(), ReadFile: inTestdata}
}

// mustParse reads a text that has no errors.
func mustParse(t *testing.T, file string, environ ...string) *Config {
	t.Helper()
	opts := testOptions()
	opts.Environ = append(opts.Environ, environ...)
	cfg, problems := Parse("casepush.yaml", []byte(file), opts)
	if problems.HasErrors() {
		t.Fatalf("problems:\n%s", text(problems))
	}
	return cfg
}

// text gives one problem a line, warnings included.
func text(ps Problems) string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
