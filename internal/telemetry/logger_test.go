package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/secret"
	"github.com/casepush/casepush/internal/telemetry"
)

// canary has everything that JSON and URLs escape.
const canary = "c\"an\\ary<&>\n/+ü=9"

func TestECSLine(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(telemetry.Options{Writer: &out})
	log.Named("worker").With(telemetry.String("case.id", "c-81")).Error("push",
		telemetry.Err(errors.New("create incident: rejected (HTTP 400)")),
		telemetry.Duration("event.duration", 1500*time.Microsecond),
		telemetry.Uint64("event.sequence", 1<<60))

	line := decodeLine(t, out.Bytes())
	want := map[string]string{
		"log.level":      `"error"`,
		"log.logger":     `"worker"`,
		"message":        `"push"`,
		"case.id":        `"c-81"`,
		"error":          `{"message":"create incident: rejected (HTTP 400)"}`,
		"event.duration": `1500000`,
		"event.sequence": `1152921504606846976`,
	}
	for key, value := range want {
		if got := string(line[key]); got != value {
			t.Errorf("%s: got %s, want %s", key, got, value)
		}
	}
	for _, key := range []string{"@timestamp", "ecs.version"} {
		if line[key] == nil {
			t.Errorf("%s is missing", key)
		}
	}
}

func TestConsoleLine(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(telemetry.Options{Writer: &out, Console: true})
	log.Named("worker").With(telemetry.String("case", "c-81")).Warn("pushed",
		telemetry.Duration("took", 1500*time.Millisecond),
		telemetry.String("title", `two words`),
		telemetry.String("empty", ""),
		telemetry.Bool("closed", true),
		telemetry.Err(nil))

	const want = ` WARN  worker: pushed  case=c-81  took=1.5s  title="two words"  empty=""  closed=true` + "\n"
	got := out.String()
	if len(got) < len("15:04:05.000") || got[len("15:04:05.000"):] != want {
		t.Errorf("got  %q\nwant a time and %q", got, want)
	}
}

func TestConsoleKeepsTheTerminal(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(telemetry.Options{Writer: &out, Console: true})
	log.Info("a\x1b[2Jb\nc", telemetry.String("title", "x\u202ey\u009b"), telemetry.String("k\x07", "v"))
	got := strings.TrimSuffix(out.String(), "\n")
	if strings.ContainsAny(got, "\x1b\n\u202e\u009b\x07") {
		t.Errorf("line holds control characters: %q", got)
	}
	if !strings.Contains(got, `a\x1b[2Jb\nc`) {
		t.Errorf("the message is gone: %q", got)
	}
}

func TestLevelHoldsForDerivedLoggers(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(telemetry.Options{Writer: &out, Level: telemetry.WarnLevel})
	derived := log.With(telemetry.Int("n", 1))
	derived.Info("below")
	derived.Warn("at")
	if got := out.String(); strings.Contains(got, "below") || !strings.Contains(got, "at") {
		t.Errorf("got %q, want the line at the level alone", got)
	}
}

func TestParseLevel(t *testing.T) {
	for text, want := range map[string]telemetry.Level{
		"": telemetry.InfoLevel, "debug": telemetry.DebugLevel, "info": telemetry.InfoLevel,
		"warn": telemetry.WarnLevel, "error": telemetry.ErrorLevel,
	} {
		if got, err := telemetry.ParseLevel(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"loud", "INFO", "fatal"} {
		if _, err := telemetry.ParseLevel(text); err == nil {
			t.Errorf("%q is no level but was taken", text)
		}
	}
}

// holder is what a careless line would print.
type holder struct {
	Name   string
	Token  secret.String
	hidden secret.String
}

func TestSecretsShowAsRedacted(t *testing.T) {
	s := secret.New(canary)
	h := holder{Name: "soc-jira", Token: s, hidden: s}
	fields := map[string]telemetry.Field{
		"text":    telemetry.String("k", s.String()),
		"printed": telemetry.String("k", fmt.Sprintf("%v %+v %#v %s %q %x", h, h, h, s, s, s)),
		"error":   telemetry.Err(fmt.Errorf("connector %q: %v", h.Name, h)),
	}
	for name, field := range fields {
		for _, console := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/console=%t", name, console), func(t *testing.T) {
				var out bytes.Buffer
				log := telemetry.NewLogger(telemetry.Options{Writer: &out, Console: console})
				log.Info("m", field)
				wantNoCanary(t, out.String())
				if !strings.Contains(out.String(), secret.Redacted) {
					t.Errorf("%q does not say that something was left out", out.String())
				}
			})
		}
	}
}

// wantNoCanary looks for the parts of the canary that no encoding changes.
func wantNoCanary(t *testing.T, line string) {
	t.Helper()
	for _, part := range []string{"ary", "63 22 61", "632261"} {
		if strings.Contains(line, part) {
			t.Errorf("the secret shows (%q): %q", part, line)
		}
	}
}

func TestStdLog(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(telemetry.Options{Writer: &out})
	std := telemetry.StdLog(log, telemetry.WarnLevel)
	std.Printf("http: TLS handshake error from %s", "127.0.0.1:4711")
	line := decodeLine(t, out.Bytes())
	if got := string(line["message"]); got != `"http: TLS handshake error from 127.0.0.1:4711"` {
		t.Errorf("message %s", got)
	}
	if got := string(line["log.level"]); got != `"warn"` {
		t.Errorf("level %s", got)
	}
}

func TestFatalDoesNotEndTheProcess(t *testing.T) {
	log := telemetry.NewLogger(telemetry.Options{Writer: &bytes.Buffer{}})
	defer func() {
		if recover() == nil {
			t.Error("Fatal returned")
		}
	}()
	log.Fatal("the end")
}

var planted = regexp.MustCompile(`secret-\d+-\d+`)

func TestLinesStayWholeUnderConcurrency(t *testing.T) {
	const writers, lines = 8, 50
	for _, console := range []bool{false, true} {
		var out bytes.Buffer
		redact := func(s string) string { return planted.ReplaceAllString(s, secret.Redacted) }
		log := telemetry.NewLogger(telemetry.Options{Writer: &out, Console: console, Redact: redact})
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				for n := range lines {
					log.Info("m", telemetry.String("k", fmt.Sprintf("secret-%d-%d", i, n)))
				}
			})
		}
		wg.Wait()
		got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(got) != writers*lines {
			t.Errorf("console=%t: %d lines, want %d", console, len(got), writers*lines)
		}
		for _, line := range got {
			if !strings.Contains(line, secret.Redacted) {
				t.Fatalf("console=%t: %q", console, line)
			}
		}
	}
}

func decodeLine(t *testing.T, line []byte) map[string]json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(line, &m); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return m
}
