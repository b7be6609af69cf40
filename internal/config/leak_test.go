package config

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// printed is every way in which a configuration and its problems are shown.
func printed(cfg *Config, problems Problems) string {
	encoded, err := json.Marshal(cfg)
	if err != nil {
		return "json: " + err.Error()
	}
	return strings.Join([]string{
		text(problems), fmt.Sprintf("%v %+v %#v", problems, problems, problems),
		fmt.Sprintf("%v", *cfg), fmt.Sprintf("%+v", *cfg), fmt.Sprintf("%#v", *cfg), string(encoded),
	}, "\n")
}

// In testdata every secret begins with "canary-".
func TestNoSecretOfTestdataIsShown(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		cfg, problems := Load(filepath.Base(file), optionsOf(t, filepath.Base(file)))
		if text := printed(cfg, problems); strings.Contains(text, "canary-") {
			t.Errorf("%s: a secret is shown:\n%s", filepath.Base(file), around(text, "canary-"))
		}
	}
}

// places are configurations with a secret at %[1]s, right and wrong ones.
var places = [...]string{
	"nats: {url: nats://h:4222, user: u, password: %[1]q}\n",
	"nats: {url: nats://h:4222, token: %[1]q}\n",
	"nats: {url: 'nats://u:%[1]s@h:4222'}\n",
	"nats: {url: 'nats://u:%[1]s@h:4222', token: x}\n",
	"nats: {url: 'http://u:%[1]s@h:4222'}\n",
	"nats: {url: 'nats://u:%[1]s@h:99999,nats://u:a@b'}\n",
	"nats: {password: [%[1]q]}\n",
	"nats: {password: {plain: %[1]q}}\n",
	"nats: {password: {env: {a: %[1]q}}}\n",
	"nats: %[1]q\n",
	"http: {tokens: [{name: a, role: admin, token: %[1]q}, {name: b, role: admin, token: %[1]q}]}\n",
	"http: {tokens: [%[1]q]}\n",
	"http: {tls: {cert: files/server.pem, key: '-----BEGIN PRIVATE KEY----- %[1]s'}}\n",
	"kibana: {url: https://k.example, api_key: %[1]q}\n",
	"kibana: {url: 'https://u:%[1]s@k.example'}\n",
	"kibana: {url: 'https://u:%[1]s@k.example:port'}\n",
	"kibana: {public_base_url: 'https://u:%[1]s@k.example'}\n",
	"outbound: {customHostSettings: [{url: 'https://u:%[1]s@k.example'}]}\n",
	"kibana: {proxyUrl: 'http://u:%[1]s@p.example'}\n",
	"kibana: {ssl: {keyPassphrase: %[1]q}}\n",
	"outbound: {proxyUrl: 'ftp://u:%[1]s@p.example', proxyHeaders: {A: %[1]q}}\n",
	"outbound: {proxyHeaders: [%[1]q]}\n",
	"connectors: {a: {actionTypeId: .jira, name: A, config: {apiUrl: https://j.example, projectKey: A}, secrets: {email: a, apiToken: %[1]q}}}\n",
	"connectors: {a: {actionTypeId: .jira, name: A, config: {apiUrl: https://j.example, projectKey: A}, secrets: {email: a, apiTokn: %[1]q}}}\n",
	"connectors: {a: {actionTypeId: .jira, name: A, secrets: %[1]q}}\n",
	"connectors: {a: {actionTypeId: .jira, name: A, secrets: [%[1]q]}}\n",
	"connectors: {a: {actionTypeId: .cases-webhook, name: A, config: {createIncidentUrl: https://j.example}, secrets: {secretHeaders: {A: %[1]q, B: 1}}}}\n",
	"connectors: {a: {actionTypeId: .slack, name: A, secrets: {webhookUrl: %[1]q}}}\n",
	"kibana:\n  api_key: \"%[1]s\n",
	"kibana:\n  api_key: '%[1]s\n",
	"kibana:\n  api_key: %[1]s: x\n",
	"kibana:\n  api_key: @%[1]s\n",
	"kibana:\n  api_key: *%[1]s\n",
	"kibana:\n  api_key: %[1]s\n    b: c\n",
	"kibana:\n\tapi_key: %[1]s\n",
	"kibana: {api_key: [%[1]s}\n",
	"kibana:\n  api_key: !%[1]s\n",
	"kibana:\n  api_key: &%[1]s\n",
}

func TestNoSecretIsShown(t *testing.T) {
	const word = "S3-Geheim#1"
	opts := testOptions()
	opts.Environ = append(opts.Environ, "HIDDEN="+word)
	for _, place := range places {
		for _, text := range []string{word, "${HIDDEN}"} {
			cfg, problems := Parse("casepush.yaml", fmt.Appendf(nil, place, text), opts)
			if shown := printed(cfg, problems); strings.Contains(shown, word) {
				t.Errorf("the secret of %q, given as %q, is shown:\n%s", place, text, around(shown, word))
			}
		}
	}
}

func TestNoSecretOfAnyFormIsShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// A mark that is in no message, among what YAML and URLs make much of.
		word := rapid.StringMatching(`[!*&@%:{}#,a-z\[\]-]{0,4}`).Draw(t, "head") + "S3x9" + rapid.StringMatching(`[A-Za-z0-9!*&@%:{}#,\[\]-]{0,8}`).Draw(t, "tail")
		place := rapid.SampledFrom(places[:]).Draw(t, "place")
		cfg, problems := Parse("casepush.yaml", fmt.Appendf(nil, place, word), testOptions())
		if isKey := strings.Contains(text(problems), "unknown key"); isKey {
			return // braces and colons made a key of it, and keys are named
		}
		if shown := printed(cfg, problems); strings.Contains(shown, "S3x9") {
			t.Fatalf("the secret of %q is shown:\n%s", place, around(shown, "S3x9"))
		}
	})
}

// around cuts what stands on both sides of a word.
func around(text, word string) string {
	i := strings.Index(text, word)
	return text[max(0, i-80):min(len(text), i+len(word)+80)]
}

func TestNoSecretOfAVariableIsShown(t *testing.T) {
	for _, name := range Variables() {
		if !isSecretVariable(name) {
			continue
		}
		opts := testOptions()
		opts.Environ = append(opts.Environ, name+"=S3-very-secret")
		cfg, problems := Parse("", nil, opts)
		if text := printed(cfg, problems); strings.Contains(text, "S3-very") {
			t.Errorf("%s is shown:\n%s", name, around(text, "S3-very"))
		}
	}
}

func isSecretVariable(name string) bool {
	for _, word := range []string{"PASSWORD", "TOKEN", "API_KEY", "PASSPHRASE", "PROXY_URL"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
