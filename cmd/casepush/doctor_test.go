package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/casepush/casepush/internal/ops"
)

// natsServer is somebody else's server with a monitoring endpoint.
func natsServer(t *testing.T, opts server.Options) *server.Server {
	t.Helper()
	opts.ServerName, opts.Host, opts.Port, opts.HTTPHost, opts.HTTPPort = "n1", "127.0.0.1", -1, "127.0.0.1", -1
	opts.StoreDir, opts.NoSigs, opts.NoLog = t.TempDir(), true, true
	s, err := server.NewServer(&opts)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("not ready")
	}
	return s
}

// examined is the end of doctor nats.
func examined(t *testing.T, natsURL string, args ...string) (code int, findings []ops.Finding, said string) {
	t.Helper()
	var out, talk bytes.Buffer
	a := &app{environ: []string{"CASEPUSH_NATS_URL=" + natsURL}, out: &out, err: &talk}
	code = a.exit(a.run(t.Context(), append([]string{"doctor", "nats", "-o", "json"}, args...)))
	var report struct{ Findings []ops.Finding }
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatalf("%v: %s", err, &out)
		}
	}
	return code, report.Findings, talk.String()
}

func severityOf(findings []ops.Finding, code string) ops.Severity {
	if i := slices.IndexFunc(findings, func(f ops.Finding) bool { return f.Code == code }); i >= 0 {
		return findings[i].Severity
	}
	return ""
}

// When a server writes to disk is known from its monitoring endpoint alone.
func TestDoctorSync(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		always bool
		code   string
		want   ops.Severity
	}{
		"always": {true, "NATS130", ops.SeverityOK}, "by default": {false, "NATS131", ops.SeverityWarning},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := natsServer(t, server.Options{JetStream: true, SyncAlways: c.always})
			code, findings, said := examined(t, s.ClientURL())
			if code != exitPartly || severityOf(findings, "NATS132") != ops.SeverityWarning || severityOf(findings, "NATS121") != ops.SeverityAdvice {
				t.Errorf("without a monitor: exit %d, %s\n%+v", code, said, findings)
			}
			monitor := "http://" + s.MonitorAddr().String()
			code, findings, said = examined(t, s.ClientURL(), "--monitor", monitor+"/")
			if code != exitPartly || severityOf(findings, c.code) != c.want || severityOf(findings, "NATS132") != "" {
				t.Errorf("exit %d, %s\n%+v", code, said, findings)
			}
			if severityOf(findings, "NATS134") != ops.SeverityWarning && strings.HasPrefix(os.TempDir(), "/tmp") {
				t.Errorf("files in a temporary directory: %+v", findings)
			}
			// It was looked at, and nothing was made.
			if n := s.NumSubscriptions(); n == 0 {
				t.Fatal("no server")
			}
			if js, err := s.Jsz(&server.JSzOptions{}); err != nil || js.Streams != 0 {
				t.Errorf("streams were made: %+v %v", js, err)
			}
		})
	}
}

// What is no such server, or another one, is said so; credentials are not repeated.
func TestDoctorMonitorIsWrong(t *testing.T) {
	t.Parallel()
	s := natsServer(t, server.Options{JetStream: true, SyncAlways: true})
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"server_name":"n9","config":{"store_dir":"/data","sync_always":true}}`))
	}))
	t.Cleanup(other.Close)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("<html>"))
	}))
	t.Cleanup(page.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for address, say := range map[string]string{
		other.URL: `is that of server "n9"`,
		page.URL:  "not JSON of a NATS server",
		strings.Replace(gone.URL, "http://", "http://user:canary-password@", 1): "connection refused",
	} {
		code, findings, said := examined(t, s.ClientURL(), "--monitor", address)
		i := slices.IndexFunc(findings, func(f ops.Finding) bool { return f.Code == "NATS133" })
		if code != exitPartly || i < 0 || !strings.Contains(findings[i].Text, say) || severityOf(findings, "NATS132") == "" {
			t.Errorf("%s: exit %d, %s\n%+v", address, code, said, findings)
		}
		if strings.Contains(said, "canary") || slices.ContainsFunc(findings, func(f ops.Finding) bool { return strings.Contains(f.Text+f.Subject, "canary") }) {
			t.Errorf("the password is told: %s %+v", said, findings)
		}
	}
}

// Every code that the doctor knows is explained.
func TestDoctorCodesAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range ops.DoctorCodes() {
		if !strings.Contains(string(text), "\n| `"+code+"` | ") {
			t.Errorf("%s is not in docs/operating.md", code)
		}
	}
}
