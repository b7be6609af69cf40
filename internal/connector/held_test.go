package connector_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

func TestHeldError(t *testing.T) {
	for _, tt := range []struct {
		err  *connector.HeldError
		want string
	}{
		{&connector.HeldError{}, "connector held"},
		{&connector.HeldError{For: -time.Second}, "connector held"},
		{&connector.HeldError{For: time.Nanosecond}, "connector held for 1s"},
		{&connector.HeldError{Why: "rate limited", For: 90 * time.Second}, "rate limited for 1m30s"},
		{&connector.HeldError{Why: "the connector is paused"}, "the connector is paused"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
		e := &connector.Error{Op: "op", Err: fmt.Errorf("not sent: %w", tt.err)}
		if !errors.Is(e, connector.ErrHeld) || errors.Is(e, connector.ErrTemplate) {
			t.Errorf("%v: not told by errors.Is", e)
		}
	}
}
