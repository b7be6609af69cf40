package push_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// oldCase is older than the ledger.
func oldCase() kibana.Case {
	return kibana.Case{Title: "a", CreatedAt: kibana.Time{Time: time.Now().Add(-24 * time.Hour)}}
}

// lose makes the rig's ledger one that was lost, long enough ago that whatever
// was sent before can be seen.
func (r *rig) lose() {
	wait(time.Second)
	r.store.Distrust(time.Now())
	wait(time.Hour)
}

// A tracker that cannot be searched gets an old case when the ledger is just
// new, since then Kibana's record says all. When the ledger was lost, a person
// has to look, unless the operator wants it otherwise.
func TestOldCaseAtAnUnsearchableTracker(t *testing.T) {
	for name, tt := range map[string]struct {
		lost, again, pushed bool
		want                push.Outcome
		writes              []string
	}{
		"new ledger":                     {want: push.Pushed, writes: []string{"CREATE"}},
		"new ledger, kibana had pushed":  {pushed: true, want: push.Pushed, writes: []string{"UPDATE summary=a"}},
		"lost ledger":                    {lost: true, want: push.DeadLettered},
		"lost ledger, kibana had pushed": {lost: true, pushed: true, want: push.Pushed, writes: []string{"UPDATE summary=a"}},
		"lost ledger, create_again":      {lost: true, again: true, want: push.Pushed, writes: []string{"CREATE"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.tracker.caps.FindIncident, r.again = false, tt.again
				c := oldCase()
				if tt.pushed {
					r.tracker.incidents = append(r.tracker.incidents, &incident{fields: map[string]string{}})
					c.ExternalService = &kibana.ExternalService{ConnectorID: "c", ExternalID: "1"}
				}
				if tt.lost {
					r.lose()
				}
				r.publish(1, c)
				v := r.finish(push.KindPush, 1)
				if v.Result == nil || v.Result.Outcome != tt.want || !slices.Equal(r.tracker.writes(), tt.writes) {
					t.Errorf("%+v, requests %q; want %s, %q", v.Result, r.tracker.writes(), tt.want, tt.writes)
				}
				if blocked := r.entry().Blocked; blocked != (tt.want == push.DeadLettered) || blocked && v.Result.Reason != push.ReasonUncertain {
					t.Errorf("blocked: %t, result %+v", blocked, v.Result)
				}
			})
		})
	}
}

// What a person says about a case that a lost ledger blocked is believed.
func TestResolveAfterALoss(t *testing.T) {
	for name, says := range map[string]push.Resolution{
		"there is none": {None: true},
		"it is this":    {Incident: connector.Ref{ID: "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.tracker.caps.FindIncident = false
				r.tracker.incidents = append(r.tracker.incidents, &incident{fields: map[string]string{}})
				r.lose()
				r.publish(1, oldCase())
				r.finish(push.KindPush, 1)
				says.At = time.Now()
				key := ledger.Key{Connector: "c", Space: "default", Case: "k"}
				e, rev, err := r.store.Get(t.Context(), key)
				if err != nil {
					t.Fatal(err)
				}
				settled, err := push.Resolve(e, says)
				if err != nil {
					t.Fatal(err)
				}
				if _, _, err := ledger.Write(t.Context(), r.store, key, settled, rev); err != nil {
					t.Fatal(err)
				}
				want := []string{"UPDATE summary=a"}
				if says.None {
					want = []string{"CREATE"}
				}
				if v := r.finish(push.KindRedrive, 1); v.Result.Outcome != push.Pushed || !slices.Equal(r.tracker.writes(), want) {
					t.Errorf("%+v, requests %q, want %q", v.Result, r.tracker.writes(), want)
				}
			})
		})
	}
}

// Right after a loss, what the last worker sent may still run and be unseen.
// That wait is no attempt, and a younger case does not wait.
func TestPatienceAfterALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		wait(time.Second)
		r.store.Distrust(time.Now())
		r.publish(1, oldCase())
		v := r.deliver(push.KindPush, 1)
		if want := 30*time.Second + r.tracker.caps.SettleTime + r.tracker.caps.FindDelay; v.Action != push.Later || time.Until(v.At) < want || time.Until(v.At) > want+2*time.Second {
			t.Errorf("%s in %s, want later in %s", v.Action, time.Until(v.At), want)
		}
		if len(r.tracker.log) > 0 || r.entry().Retry.Attempts != 0 || v.Trouble() != push.NoTrouble {
			t.Errorf("requests %q, %+v, trouble %s", r.tracker.log, r.entry().Retry, v.Trouble())
		}
		r.finish(push.KindRetry, 1)
		if !slices.Equal(r.tracker.log, []string{"find", "CREATE"}) {
			t.Errorf("requests %q", r.tracker.log)
		}
		other := newRig(t)
		other.store.Distrust(time.Now())
		other.publish(1, kibana.Case{Title: "a"})
		if other.finish(push.KindPush, 1); !slices.Equal(other.tracker.log, []string{"CREATE"}) {
			t.Errorf("a younger case: %q", other.tracker.log)
		}
	})
}

// A comment that is older than the loss is looked up however often the entry
// was written since; one that is younger is sent at once.
func TestCommentsOlderThanTheLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		at := func(id, text string) kibana.Comment {
			c := user(id, text)
			c.CreatedAt = kibana.Time{Time: time.Now()}
			return c
		}
		old := at("c1", "one")
		r.publish(1, kibana.Case{Title: "a", CreatedAt: old.CreatedAt, Comments: []kibana.Comment{old}, TotalComment: 1})
		r.finish(push.KindPush, 1)
		sent := at("c2", "two")
		backup := r.store.Copy()
		r.publish(2, kibana.Case{Title: "b", CreatedAt: old.CreatedAt, Comments: []kibana.Comment{old, sent}, TotalComment: 2})
		r.finish(push.KindPush, 2)
		r.store.Memory = backup
		r.lose()
		young := at("c3", "three")
		r.publish(3, kibana.Case{Title: "b", CreatedAt: old.CreatedAt, Comments: []kibana.Comment{old, young}, TotalComment: 2, UpdatedAt: kibana.Time{Time: time.Now()}})
		r.tracker.log = nil
		r.finish(push.KindPush, 3) // without c2: the entry is written, and c2 still unknown
		if !slices.Equal(r.tracker.log, []string{"UPDATE summary=b", "COMMENT c3"}) {
			t.Errorf("requests %q", r.tracker.log)
		}
		r.publish(4, kibana.Case{Title: "b", CreatedAt: old.CreatedAt, Comments: []kibana.Comment{old, sent, young}, TotalComment: 3, UpdatedAt: kibana.Time{Time: time.Now().Add(time.Second)}})
		r.finish(push.KindPush, 4)
		if got := r.tracker.texts(); !slices.Equal(got, []string{"one", "two", "three"}) {
			t.Errorf("comments %q; requests %q", got, r.tracker.log)
		}
	})
}
