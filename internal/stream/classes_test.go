package stream_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/secret"
	"github.com/casepush/casepush/internal/stream"
)

// startOther runs a server as somebody else may have it, until the test ends.
func startOther(t *testing.T, o server.Options) string {
	t.Helper()
	o.Host, o.Port, o.NoLog, o.NoSigs, o.StoreDir = "127.0.0.1", server.RANDOM_PORT, true, true, t.TempDir()
	s, err := server.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(testTimeout) {
		t.Fatal("the server is not ready")
	}
	return s.ClientURL()
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "user.creds")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// credentials in the form that nsc writes, with a key that no server knows.
const credentials = `-----BEGIN NATS USER JWT-----
eyJ0eXAiOiJKV1QifQ.e30.c2ln
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4
------END USER NKEY SEED------
`

// TestConnectClasses: each error says whether to wait, to correct the
// credentials, or to change the server; without a class the options are wrong.
func TestConnectClasses(t *testing.T) {
	t.Parallel()
	users := func(denied ...string) []*server.User {
		return []*server.User{{
			Username: "worker", Password: "canary-right",
			Permissions: &server.Permissions{Publish: &server.SubjectPermission{Deny: denied}},
		}}
	}
	plain := startOther(t, server.Options{Users: users()})
	noStreams := startOther(t, server.Options{JetStream: true, Users: users("$JS.API.STREAM.>")})
	token := startOther(t, server.Options{JetStream: true, Authorization: "canary-token"})
	right := stream.Options{User: "worker", Password: secret.New("canary-right")}
	with := func(o stream.Options, url string) stream.Options {
		o.URL = url
		return o
	}
	for name, tt := range map[string]struct {
		options stream.Options
		class   error
		says    string
	}{
		"wrong password":        {stream.Options{URL: plain, User: "worker", Password: secret.New("canary-wrong")}, stream.ErrRefused, "Authorization Violation"},
		"no credentials":        {stream.Options{URL: plain}, stream.ErrRefused, "Authorization Violation"},
		"wrong token":           {stream.Options{URL: token, Token: secret.New("canary-wrong")}, stream.ErrRefused, "Authorization Violation"},
		"credentials not there": {stream.Options{URL: plain, Creds: filepath.Join(t.TempDir(), "none.creds")}, nil, "none.creds"},
		"no credentials in it":  {stream.Options{URL: plain, Creds: file(t, "canary-text")}, nil, "nkey"},
		"of another server":     {stream.Options{URL: plain, Creds: file(t, credentials)}, stream.ErrRefused, "Authorization Violation"},
		"no right to streams":   {with(right, noStreams), stream.ErrRefused, "$JS.API.STREAM"},
		"JetStream is off":      {with(right, plain), stream.ErrUnfit, "with -js"},
		"nobody there":          {stream.Options{URL: "nats://127.0.0.1:1"}, stream.ErrUnreachable, "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := stream.Connect(t.Context(), tt.options)
			if err == nil {
				c.Close()
				t.Fatal("connected")
			}
			for _, class := range []error{stream.ErrUnreachable, stream.ErrRefused, stream.ErrUnfit} {
				if errors.Is(err, class) != (class == tt.class) {
					t.Errorf("%v: is %q: %t", err, class, errors.Is(err, class))
				}
			}
			if !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%v: want %q and no secret", err, tt.says)
			}
		})
	}
}

// TestRetentionOfExisting: a retention that was changed in the configuration
// reaches streams that are there, and nothing else of them changes.
func TestRetentionOfExisting(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	first := stream.Retention{Results: 48 * time.Hour, DeadLetters: 72 * time.Hour}
	connect(t, stream.Options{Embedded: server, Manage: stream.Create, Retention: first})
	js, err := jetstream.New(client(t, server))
	if err != nil {
		t.Fatal(err)
	}
	config := func(name string) jetstream.StreamConfig {
		s, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return s.CachedInfo().Config
	}
	tuned := config("CASEPUSH_RESULTS")
	tuned.MaxBytes, tuned.Description = 1<<30, "ours"
	if _, err := js.UpdateStream(context.WithoutCancel(t.Context()), tuned); err != nil {
		t.Fatal(err)
	}
	second := stream.Retention{Results: 24 * time.Hour, DeadLetters: 96 * time.Hour}
	for retention, key := range map[stream.Retention]string{
		{Results: 24 * time.Hour, DeadLetters: 72 * time.Hour}: "nats.retention.results is 24h",
		{Results: 48 * time.Hour, DeadLetters: 96 * time.Hour}: "nats.retention.dead_letters is 96h",
	} {
		_, err = stream.Connect(t.Context(), stream.Options{Embedded: server, Manage: stream.Verify, Retention: retention})
		if !errors.Is(err, stream.ErrUnfit) || !strings.Contains(err.Error(), key) {
			t.Errorf("verify: %v, want %q", err, key)
		}
	}
	connect(t, stream.Options{Embedded: server, Manage: stream.None, Retention: second})
	for _, manage := range []stream.Manage{stream.Create, stream.Verify} {
		connect(t, stream.Options{Embedded: server, Manage: manage}) // has nothing to say about it
	}
	if have := config("CASEPUSH_RESULTS").MaxAge; have != first.Results {
		t.Errorf("max_age is %s: who has no say has set it", have)
	}
	events := config("CASEPUSH_EVENTS")
	connect(t, stream.Options{Embedded: server, Manage: stream.Create, Retention: second})
	results := config("CASEPUSH_RESULTS")
	if results.MaxAge != second.Results || config("CASEPUSH_DLQ").MaxAge != second.DeadLetters {
		t.Errorf("max_age of results is %s, of dead letters %s, want %+v", results.MaxAge, config("CASEPUSH_DLQ").MaxAge, second)
	}
	if results.MaxBytes != tuned.MaxBytes || results.Description != tuned.Description {
		t.Errorf("what a person tuned was changed: %+v", results)
	}
	if after := config("CASEPUSH_EVENTS"); after.MaxAge != events.MaxAge {
		t.Errorf("max_age of events: %s", after.MaxAge)
	}
	connect(t, stream.Options{Embedded: server, Manage: stream.Verify, Retention: second})
}
