package stream_test

import (
	"testing"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// A redrive that fails for the same reason within the stream's duplicate window
// makes a dead letter again: the first one is gone by then.
func TestSameDeadLetterAgain(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(*testing.T, stream.DeadLetterStore){
		"dropped": func(t *testing.T, s stream.DeadLetterStore) {
			must(t, s.Each(t.Context(), func(d stream.StoredDeadLetter) error { return s.Drop(t.Context(), d.ID) }))
		},
		"settled": func(t *testing.T, s stream.DeadLetterStore) {
			must(t, s.Settle(t.Context(), letterKey(), ledger.Position{Stream: "s", Seq: 1}))
		},
		"replaced": func(t *testing.T, s stream.DeadLetterStore) {
			other := letter("soc-jira", "a", 1)
			other.Message = "another one in between"
			must(t, s.Put(t.Context(), other))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fresh(t).DeadLetters()
			d := letter("soc-jira", "a", 1)
			must(t, s.Put(t.Context(), d))
			remove(t, s)
			d.LastAt = d.LastAt.Add(time.Second)
			must(t, s.Put(t.Context(), d))
			var list []push.DeadLetter
			must(t, s.Each(t.Context(), func(d stream.StoredDeadLetter) error {
				list = append(list, d.DeadLetter)
				return nil
			}))
			if len(list) != 1 || list[0].Message != d.Message || !list[0].LastAt.Equal(d.LastAt) {
				t.Errorf("dead letters %+v, want the second one", list)
			}
		})
	}
}

// A success drops the letters that it covers. One about a newer event, which
// another worker has put meanwhile, stays.
func TestSettleKeepsNewerDeadLetter(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		event, through uint64
		upTo           ledger.Position
		left           int
	}{
		"older":                 {3, 3, ledger.Position{Stream: "s", Seq: 5}, 0},
		"the same":              {5, 5, ledger.Position{Stream: "s", Seq: 5}, 0},
		"newer":                 {6, 6, ledger.Position{Stream: "s", Seq: 5}, 1},
		"covers newer events":   {3, 6, ledger.Position{Stream: "s", Seq: 5}, 1},
		"of an earlier stream":  {6, 6, ledger.Position{Stream: "new", Seq: 1}, 0},
		"read nothing, blocked": {6, 0, ledger.Position{Stream: "s", Seq: 5}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := fresh(t)
			d := letter("soc-jira", "a", tt.event)
			d.ThroughSeq = tt.through
			must(t, c.DeadLetters().Put(t.Context(), d))
			must(t, c.DeadLetters().Settle(t.Context(), letterKey(), tt.upTo))
			if got := letters(t, c); len(got) != tt.left {
				t.Errorf("left %q, want %d", got, tt.left)
			}
		})
	}
}

// letterKey is the entry of letter("soc-jira", "a", n).
func letterKey() ledger.Key { return ledger.Key{Connector: "soc-jira", Space: "default", Case: "a"} }
