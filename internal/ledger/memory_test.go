package ledger_test

import (
	"testing"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ledger/ledgertest"
)

func TestMemory(t *testing.T) {
	ledgertest.Run(t, func(*testing.T) ledger.Store { return ledger.NewMemory() })
}
