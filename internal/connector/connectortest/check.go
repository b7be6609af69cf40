package connectortest

import (
	"errors"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

// maxErrorText bounds an error's text in bytes: 500 characters of the
// tracker's words and our own around them.
const maxErrorText = 3000

// checkError checks an error against what every error of a connector promises, and
// returns it.
func (b *bench) checkError(err error) *connector.Error {
	b.Helper()
	var e *connector.Error
	if !errors.As(err, &e) {
		b.Fatalf("error of type %T, want a *connector.Error: %v", err, err)
	}
	text := err.Error()
	if e.Op == "" {
		b.Errorf("error without an operation: %s", text)
	}
	b.checkText(text)
	for cause := e.Err; cause != nil; cause = errors.Unwrap(cause) {
		b.checkText(cause.Error()) // a log may show causes one by one
	}
	return e
}

// checkText looks for what an error must never show.
func (b *bench) checkText(text string) {
	b.Helper()
	var secrets []secret.String
	for _, s := range b.h.Secrets {
		secrets = append(secrets, secret.New(s))
	}
	if clean := httpclient.NewRedactor(secrets...).Redact(text); clean != text {
		b.Errorf("a secret shows in the error: %s", clean)
	}
	if strings.Contains(text, canary) {
		b.Errorf("the answer's body shows in the error: %s", text)
	}
	queries, _ := b.wire.seen()
	for _, q := range queries {
		if strings.Contains(text, q) {
			b.Errorf("a query string shows in the error: %s", text)
		}
	}
	sent := []string{"canary-comment"}
	for _, name := range b.textNames() {
		sent = append(sent, b.h.Incident.Text(name))
	}
	for _, s := range sent {
		if strings.Contains(text, s) {
			b.Errorf("the request's body shows in the error: %s", text)
		}
	}
	if strings.ContainsAny(text, "\r\n") || len(text) > maxErrorText {
		b.Errorf("an error is one line of at most %d bytes, got %d: %q", maxErrorText, len(text), text)
	}
}

// checkKind compares kind and effect.
func (b *bench) checkKind(e *connector.Error, kind connector.Kind, effect connector.Effect) {
	b.Helper()
	if e.Kind != kind {
		b.Errorf("kind %q, want %q: %v", e.Kind, kind, e)
	}
	if e.Effect != effect {
		b.Errorf("effect %q, want %q: %v", e.Effect, effect, e)
	}
}
