package push_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// keyed is a tracker that cannot be searched and does nothing twice for one key.
type keyed struct {
	*tracker
	done map[string]connector.Ref
}

func newKeyed(t *tracker) *keyed {
	t.caps.FindIncident, t.caps.CountComments, t.caps.ReadIncident = false, false, false
	t.caps.Idempotent = true
	return &keyed{t, map[string]connector.Ref{}}
}

// CreateIncident answers a known key with the incident that there is, whatever
// state the request has.
func (k *keyed) CreateIncident(ctx context.Context, id connector.CorrelationID, in connector.Incident) (connector.Ref, error) {
	key := fmt.Sprint(id)
	if ref, ok := k.done[key]; ok {
		k.note("CREATE again")
		if e := k.answers["create"]; e != nil {
			return connector.Ref{}, e
		}
		return ref, nil
	}
	ref, err := k.tracker.CreateIncident(ctx, id, in)
	if n := len(k.incidents); n > 0 {
		k.done[key] = refOf(n - 1)
	}
	return ref, err
}

func (k *keyed) AddComment(ctx context.Context, ref connector.Ref, c connector.Comment) error {
	key := ref.ID + c.ID + c.Source
	if _, ok := k.done[key]; ok {
		k.note("COMMENT %s again", c.ID)
		return asError(k.answers["comment"])
	}
	k.done[key] = ref
	return k.tracker.AddComment(ctx, ref, c)
}

// A create without an answer is sent again, and since its answer may be that of
// an older state, the incident is brought to the newest one after it.
func TestIdempotentCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.connector = newKeyed(r.tracker)
		r.publish(1, kibana.Case{Title: "first"})
		r.tracker.answers["create"] = noAnswer()
		if v := r.deliver(push.KindPush, 1); v.Action != push.Later {
			t.Fatalf("%+v", v)
		}
		wait(r.tracker.caps.SettleTime * 5)
		// The second attempt is refused for certain: the first may still count.
		r.tracker.answers["create"] = refusal(connector.Transient, 503)
		r.publish(2, kibana.Case{Title: "second", UpdatedAt: kibana.Time{Time: r.store.now().Add(2 * time.Hour)}})
		if v := r.deliver(push.KindRetry, 1); v.Action != push.Later || r.entry().Plan.Empty() {
			t.Fatalf("%+v, plan %+v", v, r.entry().Plan)
		}
		delete(r.tracker.answers, "create")
		v := r.finish(push.KindRetry, 2)
		if v.Result == nil || v.Result.Outcome != push.Pushed {
			t.Fatalf("%+v", v)
		}
		if n := len(r.tracker.incidents); n != 1 || r.tracker.incidents[0].fields["summary"] != "second" {
			t.Errorf("%d incidents, %+v", n, r.tracker.incidents[0].fields)
		}
	})
}

// A comment without an answer is sent again too: nobody is asked.
func TestIdempotentComment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.connector = newKeyed(r.tracker)
		r.publish(1, kibana.Case{Title: "t", Comments: []kibana.Comment{{ID: "a", Type: "user", Text: "one"}, {ID: "b", Type: "user", Text: "two"}}})
		r.tracker.refuses = map[string]*connector.Error{"b": noAnswer()}
		if v := r.deliver(push.KindPush, 1); v.Action != push.Later {
			t.Fatalf("%+v", v)
		}
		r.tracker.refuses = nil
		if v := r.finish(push.KindRetry, 1); v.Result == nil || v.Result.Outcome != push.Pushed {
			t.Fatalf("%+v", v)
		}
		if diff := cmp.Diff([]string{"one", "two"}, r.tracker.texts()); diff != "" {
			t.Error(diff)
		}
	})
}

// After a person has said that the incident is not this case's, the key is another.
func TestIdempotentAfterUnlink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.connector = newKeyed(r.tracker)
		r.publish(1, kibana.Case{Title: "t"})
		r.finish(push.KindPush, 1)
		e := r.entry()
		e.Unlinked, e.Incident, e.Fields = e.Incident.ID, nil, nil
		r.put(e)
		r.publish(2, kibana.Case{Title: "u", UpdatedAt: kibana.Time{Time: r.store.now().Add(2 * time.Hour)}})
		r.finish(push.KindPush, 2)
		if n := len(r.tracker.incidents); n != 2 || r.entry().Incident.ID != "2" {
			t.Errorf("%d incidents, the entry has %+v", n, r.entry().Incident)
		}
	})
}

// batcher adds up to three comments together, those of one target.
type batcher struct {
	*tracker
	batches [][]string
	// poison refuses every batch that holds a comment of this id.
	poison string
}

func (b *batcher) Batch(string) int { return 3 }

func (b *batcher) AddComments(ctx context.Context, ref connector.Ref, cs []connector.Comment) error {
	var ids []string
	for _, c := range cs {
		ids = append(ids, c.ID)
	}
	b.batches = append(b.batches, ids)
	if slices.Contains(ids, b.poison) {
		return refusal(connector.Rejected, 400)
	}
	if e := b.answers["batch"]; e != nil && !applies(e) {
		return e
	}
	for _, c := range cs {
		if err := b.tracker.AddComment(ctx, ref, c); err != nil {
			return err
		}
	}
	return asError(b.answers["batch"])
}

func comments(ids ...string) []kibana.Comment {
	var list []kibana.Comment
	for _, id := range ids {
		list = append(list, kibana.Comment{ID: id, Type: "user", Text: "text of " + id})
	}
	return list
}

func TestBatches(t *testing.T) {
	all := []string{"text of a", "text of b", "text of c", "text of d", "text of e"}
	for name, tt := range map[string]struct {
		answer *connector.Error
		poison string
		want   []string
		first  [][]string // batches
	}{
		"together":            {nil, "", all, [][]string{{"a", "b", "c"}, {"d", "e"}}},
		"no answer":           {noAnswer(), "", all, [][]string{{"a", "b", "c"}, {"d", "e"}}},
		"one cannot be added": {nil, "b", []string{"text of a", "text of c", "text of d", "text of e"}, [][]string{{"a", "b", "c"}, {"d", "e"}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				b := &batcher{tracker: r.tracker, poison: tt.poison}
				r.connector = b
				if tt.poison != "" {
					r.tracker.refuses = map[string]*connector.Error{tt.poison: refusal(connector.Rejected, 400)}
				}
				r.tracker.answers["batch"] = tt.answer
				r.publish(1, kibana.Case{Title: "t", Comments: comments("a", "b", "c", "d", "e")})
				v := r.deliver(push.KindPush, 1)
				delete(r.tracker.answers, "batch")
				if v.Action == push.Later {
					wait(r.tracker.caps.SettleTime * 2)
					r.finish(push.KindRetry, 1)
				}
				if diff := cmp.Diff(tt.want, r.tracker.texts()); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(tt.first, b.batches); diff != "" {
					t.Error(diff)
				}
				if e := r.entry(); len(e.Comments) != len(tt.want) {
					t.Errorf("the entry has %v", e.Comments)
				}
			})
		})
	}
}
