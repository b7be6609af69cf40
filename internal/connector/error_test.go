package connector_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/connector"
)

func TestErrorText(t *testing.T) {
	for _, tt := range []struct {
		err  connector.Error
		want string
	}{
		{connector.Error{Op: "create incident"}, "create incident: transient"},
		{connector.Error{Op: "create incident", Kind: connector.Rejected, Status: 400, Err: errors.New(`field "priority": not on screen`)}, `create incident: rejected (HTTP 400): field "priority": not on screen`},
		{connector.Error{Op: "add comment", Kind: connector.RateLimited, Status: 429, RetryAfter: time.Minute}, "add comment: rate limited (HTTP 429)"},
		{connector.Error{Op: "find incident", Err: io.ErrUnexpectedEOF}, "find incident: transient: unexpected EOF"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// TestZeroIsSafe: what is forgotten costs a look, never a duplicate.
func TestZeroIsSafe(t *testing.T) {
	var e connector.Error
	if e.Kind != connector.Transient || e.Effect != connector.EffectUnknown {
		t.Errorf("the zero error is %v, effect %v", e.Kind, e.Effect)
	}
	if got := connector.AsError("op", errors.New("some error")); got.Kind != connector.Transient || got.Effect != connector.EffectUnknown || got.Op != "op" {
		t.Errorf("an unknown error is %#v", got)
	}
}

func TestNames(t *testing.T) {
	kinds := map[connector.Kind]string{
		connector.Transient: "transient", connector.RateLimited: "rate limited", connector.Conflict: "conflict", connector.Rejected: "rejected",
		connector.Unauthenticated: "unauthenticated", connector.Forbidden: "forbidden", connector.NotFound: "not found", 99: "Kind(99)", -1: "Kind(-1)",
	}
	for k, want := range kinds {
		if k.String() != want {
			t.Errorf("kind %d: %q, want %q", int(k), k, want)
		}
	}
	for e, want := range map[connector.Effect]string{connector.EffectUnknown: "unknown", connector.NotApplied: "not applied", 99: "unknown"} {
		if e.String() != want {
			t.Errorf("effect %d: %q, want %q", int(e), e, want)
		}
	}
}

func TestAsError(t *testing.T) {
	e := &connector.Error{Op: "inner", Kind: connector.Forbidden, Effect: connector.NotApplied, Err: fmt.Errorf("host: %w", connector.ErrHostNotAllowed)}
	wrapped := fmt.Errorf("push: %w", errors.Join(io.EOF, e))
	if got := connector.AsError("outer", wrapped); got != e {
		t.Errorf("AsError: %#v, want the error within", got)
	}
	if !errors.Is(wrapped, connector.ErrHostNotAllowed) || errors.Is(wrapped, connector.ErrTemplate) {
		t.Error("the cause cannot be told")
	}
	if got := connector.AsError("op", nil); got != nil {
		t.Errorf("AsError(nil): %v", got)
	}
}

func TestErrorProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := &connector.Error{
			Op: rapid.String().Draw(t, "op"), Kind: connector.Kind(rapid.Int().Draw(t, "kind")),
			Effect: connector.Effect(rapid.IntRange(-3, 3).Draw(t, "effect")), Status: rapid.IntRange(0, 999).Draw(t, "status"), Err: io.EOF,
		}
		if e.Error() == "" || !errors.Is(e, io.EOF) || connector.AsError("x", e) != e {
			t.Fatalf("%#v: %q", e, e.Error())
		}
		if e.Effect != connector.NotApplied && e.Effect.String() == "not applied" {
			t.Fatalf("effect %d reads as not applied", int(e.Effect))
		}
	})
}
