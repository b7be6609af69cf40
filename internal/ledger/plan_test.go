package ledger_test

import (
	"testing"
	"time"

	"github.com/casepush/casepush/internal/ledger"
)

// TestUnsettled: only the store's times count, whatever a worker's clock made
// of them in SettleAt.
func TestUnsettled(t *testing.T) {
	stored := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	const settle = 80 * time.Second
	plan := func(p ledger.Plan) *ledger.Plan {
		p.Create, p.Settle = true, settle
		return &p
	}
	fast, slow := stored.Add(5*time.Minute), stored.Add(-5*time.Minute)
	for name, tt := range map[string]struct {
		plan *ledger.Plan
		now  time.Time
		want time.Duration
	}{
		"no plan":                          {nil, stored, 0},
		"nothing uncertain":                {&ledger.Plan{SettleAt: fast, Settle: settle}, stored, 0},
		"its holder may be at work":        {plan(ledger.Plan{}), stored, 0},
		"just stored, by a slow clock":     {plan(ledger.Plan{SettleAt: slow}), stored, settle},
		"half way":                         {plan(ledger.Plan{SettleAt: slow}), stored.Add(settle / 2), settle / 2},
		"over, by a fast clock":            {plan(ledger.Plan{SettleAt: fast}), stored.Add(settle), 0},
		"stored again since":               {plan(ledger.Plan{SettleAt: slow, SettleFrom: stored.Add(-settle / 2)}), stored, settle / 2},
		"the job was queued long before":   {plan(ledger.Plan{SettleAt: fast}), stored.Add(-10 * time.Hour), settle},
		"and the entry was stored again":   {plan(ledger.Plan{SettleAt: fast, SettleFrom: stored.Add(-time.Second)}), stored.Add(-10 * time.Hour), settle},
		"a person said to look up at once": {&ledger.Plan{Create: true, SettleAt: time.Unix(1, 0), SettleFrom: time.Unix(1, 0)}, stored, 0},
	} {
		if got := max(0, tt.plan.Unsettled(stored, tt.now)); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}
