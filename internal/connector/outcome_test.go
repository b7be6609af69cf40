package connector_test

import (
	"errors"
	"io"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

func TestOutcomes(t *testing.T) {
	for _, tt := range []struct {
		err    *connector.Error
		kind   connector.Kind
		effect connector.Effect
		text   string
	}{
		{connector.Unsendable("op", io.EOF), connector.Rejected, connector.NotApplied, "op: rejected: EOF"},
		{connector.BadAnswer("op", io.EOF), connector.Transient, connector.NotApplied, "op: transient: answer: EOF"},
		{connector.BadReceipt("op", io.EOF), connector.Transient, connector.EffectUnknown, "op: transient: answer: EOF"},
	} {
		if tt.err.Kind != tt.kind || tt.err.Effect != tt.effect || tt.err.Error() != tt.text || !errors.Is(tt.err, io.EOF) {
			t.Errorf("%v (effect %v), want %s (effect %v)", tt.err, tt.err.Effect, tt.text, tt.effect)
		}
	}
}

func TestOfCreate(t *testing.T) {
	missing := &connector.Error{Op: "create incident", Kind: connector.NotFound, Effect: connector.NotApplied, Status: 404, Err: io.EOF}
	if got := missing.OfCreate(); got.Kind != connector.Rejected || got.Effect != connector.NotApplied || got.Status != 404 || missing.Kind != connector.NotFound {
		t.Errorf("a 404 becomes %#v; before it was %#v", got, missing)
	}
	other := &connector.Error{Kind: connector.Forbidden}
	if got := other.OfCreate(); got != other {
		t.Errorf("another error becomes %#v", got)
	}
}
