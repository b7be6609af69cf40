package telemetry_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/secret"
	"github.com/casepush/casepush/internal/telemetry"
)

// leaks are the ways in which a plain text gets into a line by mistake.
func leaks(text string) map[string]func(*telemetry.Logger) {
	return map[string]func(*telemetry.Logger){
		"message": func(l *telemetry.Logger) { l.Info("got " + text + ".") },
		"name":    func(l *telemetry.Logger) { l.Named(text).Info("m") },
		"with":    func(l *telemetry.Logger) { l.With(telemetry.String("k", text)).Info("m") },
		"value":   func(l *telemetry.Logger) { l.Info("m", telemetry.String("k", text)) },
		"key":     func(l *telemetry.Logger) { l.Info("m", telemetry.String(text, "v")) },
		"list":    func(l *telemetry.Logger) { l.Info("m", telemetry.Strings("k", []string{"a", text})) },
		"error":   func(l *telemetry.Logger) { l.Info("m", telemetry.Err(errors.New("no "+text))) },
		"joined":  func(l *telemetry.Logger) { l.Info("m", telemetry.Err(errors.Join(errors.New(text), errors.New("b")))) },
		"nested":  func(l *telemetry.Logger) { l.Info("m", telemetry.Any("k", map[string]any{"a": []any{text}})) },
		"json":    func(l *telemetry.Logger) { l.Info("m", telemetry.Any("k", json.RawMessage(mustJSON(text)))) },
		"query":   func(l *telemetry.Logger) { l.Info("GET /?token=" + url.QueryEscape(text) + "&x=1") },
		"path":    func(l *telemetry.Logger) { l.Info("m", telemetry.String("k", "/hooks/"+url.PathEscape(text)+"/x")) },
		"base64": func(l *telemetry.Logger) {
			l.Info("m", telemetry.String("k", "Basic "+base64.StdEncoding.EncodeToString([]byte(text))))
		},
		"std": func(l *telemetry.Logger) { telemetry.StdLog(l, telemetry.InfoLevel).Print(text) },
	}
}

func mustJSON(text string) []byte {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return b
}

func TestRedactorIsTheLastNet(t *testing.T) {
	var r telemetry.Redactor
	r.Add(secret.New(canary), secret.String{}, secret.New(""))
	for name, leak := range leaks(canary) {
		for _, console := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/console=%t", name, console), func(t *testing.T) {
				var out bytes.Buffer
				log, _ := telemetry.NewLogger(telemetry.Options{Writer: &out, Console: console, Redact: r.Redact})
				leak(log)
				wantNoCanary(t, out.String())
				if strings.Contains(out.String(), base64.StdEncoding.EncodeToString([]byte(canary))) {
					t.Errorf("the secret shows in Base64: %q", out.String())
				}
				if !strings.Contains(out.String(), secret.Redacted) {
					t.Errorf("%q does not say that something was left out", out.String())
				}
				if !console {
					decodeLine(t, out.Bytes())
				}
			})
		}
	}
}

// Whatever the secret and the text around it: the line is valid JSON and does
// not have the secret in any of its strings.
func TestRedactedLinesStayValid(t *testing.T) {
	alphabet := rapid.SampledFrom([]rune(`ab"\n	u0{}:,<é` + "\n\x00\u2028"))
	rapid.Check(t, func(t *rapid.T) {
		hidden := rapid.StringOfN(alphabet, 4, 8, -1).Draw(t, "secret")
		before, after := rapid.StringOf(alphabet).Draw(t, "before"), rapid.StringOf(alphabet).Draw(t, "after")
		if strings.Contains(hidden, "\uFFFD") {
			t.Skip("not a text")
		}
		var r telemetry.Redactor
		r.Add(secret.New(hidden))
		var out bytes.Buffer
		log, _ := telemetry.NewLogger(telemetry.Options{Writer: &out, Redact: r.Redact})
		log.Info("m", telemetry.String("k", before+hidden+after))

		var line struct{ K string }
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatalf("%q: %v", out.String(), err)
		}
		rest := strings.ReplaceAll(line.K, secret.Redacted, "\uFFFD")
		if strings.Contains(rest, hidden) {
			t.Fatalf("secret %q in %q", hidden, line.K)
		}
	})
}

func TestRedactorLeavesNoTailOfALongerSecret(t *testing.T) {
	var r telemetry.Redactor
	r.Add(secret.New("token"))
	r.Add(secret.New("token-2"))
	if got := r.Redact("a token-2 b token c"); got != "a [redacted] b [redacted] c" {
		t.Errorf("got %q", got)
	}
}

func TestRedactorLeavesShortSecretsAside(t *testing.T) {
	var r telemetry.Redactor
	if got := r.Redact("abc"); got != "abc" {
		t.Errorf("the zero value changed the text: %q", got)
	}
	r.Add(secret.New("abc"))
	if got := r.Redact("abc"); got != "abc" {
		t.Errorf("got %q", got)
	}
}
