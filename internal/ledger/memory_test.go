package ledger_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/ledger/ledgertest"
)

func TestMemory(t *testing.T) {
	ledgertest.Run(t, func(*testing.T) ledger.Store { return ledger.NewMemory() })
}

// A backup keeps what was stored when, and later writes do not reach it.
func TestMemoryCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, key := ledger.NewMemory(), ledger.Key{Connector: "c", Space: "s", Case: "k"}
		put := func(rev ledger.Revision, epoch uint64) ledger.Revision {
			next, err := m.Put(t.Context(), key, ledger.Entry{Epoch: epoch}, rev)
			if err != nil {
				t.Fatal(err)
			}
			return next
		}
		rev, stored := put(0, 1), time.Now()
		backup := m.Copy()
		<-time.After(time.Hour)
		put(rev, 2)
		e, at, err := backup.Get(t.Context(), key)
		if err != nil || e.Epoch != 1 || at != rev || !e.StoredAt.Equal(stored) {
			t.Errorf("%+v, revision %d, error %v", e, at, err)
		}
		if backup.Distrust(time.Now()); !backup.Since().Equal(m.Since()) || !backup.TrustedSince().Equal(time.Now()) || !m.TrustedSince().Equal(m.Since()) {
			t.Errorf("the backup is trusted since %s, the store since %s", backup.TrustedSince(), m.TrustedSince())
		}
		if backup.Distrust(m.Since().Add(-time.Hour)); !backup.TrustedSince().Equal(m.Since()) {
			t.Error("a store is trusted since before it began")
		}
	})
}
