package worker_test

import (
	"strings"
	"testing"
	"time"
)

// TestConsumerGoesWithItsConnector: a connector that the configuration does not
// have any more leaves no consumer behind.
func TestConsumerGoesWithItsConnector(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start()
	s := r.workStream()
	has := func() bool {
		_, err := s.Consumer(t.Context(), "casepush_push_soc-jira")
		return err == nil
	}
	eventually(t, "the consumer", has)
	r.stop()
	r.configure(strings.ReplaceAll(rigConfig, "soc-jira", "other-jira"))
	r.sweeping()
	eventually(t, "its end", func() bool { return !has() })
	eventually(t, "a word of it", func() bool { return strings.Contains(r.log.String(), "consumer of a connector that is gone removed") })
	if _, err := s.Consumer(t.Context(), "casepush_push_other-jira"); err != nil {
		t.Errorf("the other connector's: %v", err)
	}
}

// TestRetiresOverRestarts: a worker that lives shorter than an hour removes old
// events too, and one that starts soon after does not do it again.
func TestRetiresOverRestarts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	at := func() time.Time {
		at, err := r.conn.RetiredAt(t.Context())
		if err != nil {
			t.Error(err)
		}
		return at
	}
	if at := at(); !at.IsZero() {
		t.Errorf("retired at %s before any worker ran", at)
	}
	r.start()
	eventually(t, "old events removed", func() bool { return !at().IsZero() })
	first := at()
	r.stop()
	r.sweeping()
	r.swept(3) // so it does the upkeep
	if again := at(); !again.Equal(first) {
		t.Errorf("retired at %s, and again at %s", first, again)
	}
}
