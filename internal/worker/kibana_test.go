package worker_test

import (
	"testing"

	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/worker"
)

// Whom footers leave out is known before the first write, if it is configured.
func TestOwnUserIsConfigured(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"kibana: {url: http://127.0.0.1:1, api_key: 'id:key', own_user: robot}":                    "robot",
		"kibana: {url: http://127.0.0.1:1, username: casepush, password: secret}":                  "casepush",
		"kibana: {url: http://127.0.0.1:1, username: casepush, password: secret, own_user: robot}": "robot",
		"kibana: {url: http://127.0.0.1:1, api_key: 'id:key'}":                                     "",
	} {
		cfg, problems := config.Parse("test.yaml", []byte(text), config.Options{})
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		client, err := worker.KibanaClient(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := client.OwnUser(); got != want {
			t.Errorf("%s: own user %q, want %q", text, got, want)
		}
	}
}
