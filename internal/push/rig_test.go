package push_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// The rig's tests tell single stories, each on synctest's clock. That the same
// holds for the real adapter on the wire, in every order of crashes and lost
// answers, is what package history checks.

// rig is a pusher with a mailbox, a tracker and a ledger of this process.
type rig struct {
	t       *testing.T
	mailbox *mailbox
	tracker *tracker
	told    *told
	store   *slowClock
	// deleted: there is no connector of this id.
	deleted bool
	// again: what is uncertain and cannot be looked up is sent again.
	again bool
	// connector is what pushes go to; nil is the tracker.
	connector connector.Connector
	rows      []connector.MappingRow
	pusher    *push.Pusher
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, mailbox: &mailbox{}, tracker: newTracker(), told: &told{}, store: &slowClock{Memory: ledger.NewMemory()}}
	r.pusher = push.New(push.Options{
		Owner: "w", Ledger: r.store, Mailbox: r.mailbox, Connectors: r, Configurations: r, Results: r.told, DeadLetters: r.told,
		Lease: 30 * time.Second, Jitter: func() float64 { return .5 },
	})
	return r
}

// Target implements push.Connectors.
func (r *rig) Target(context.Context, string) (push.Target, error) {
	if r.deleted {
		return push.Target{}, push.ErrConnectorNotFound
	}
	var conn connector.Connector = r.tracker
	if r.connector != nil {
		conn = r.connector
	}
	return push.Target{
		CreateAgain: r.again,
		Definition:  connector.Definition{ID: "c", Type: ".t", Mapping: r.rows}, Connector: conn,
		Type: connector.Type{ID: ".t", Append: true, Mapping: []connector.MappingRow{
			{Source: connector.Title, Target: "summary", ActionType: connector.Overwrite},
			{Source: connector.Comments, Target: "comments", ActionType: connector.Append},
		}},
	}, nil
}

// Rules implements push.Configurations: nobody has configured any.
func (r *rig) Rules(context.Context, string, string) (push.Rules, error) { return push.Rules{}, nil }

// publish puts a snapshot of the case into the mailbox.
func (r *rig) publish(seq uint64, c kibana.Case) {
	r.t.Helper()
	c.ID = "k"
	if c.CreatedAt.IsZero() { // younger than the ledger
		c.CreatedAt = kibana.Time{Time: time.Now().Add(time.Hour)}
	}
	raw, err := json.Marshal(c)
	if err != nil {
		r.t.Fatal(err)
	}
	e := event.Event{CaseID: "k", SpaceID: "default", Case: raw}
	r.mailbox.mails = append(r.mailbox.mails, push.Mail{Seq: seq, StoredAt: r.store.now(), Event: e})
}

// deliver gives one job to the pusher, as the queue does at this moment.
func (r *rig) deliver(kind push.Kind, seq uint64) push.Verdict {
	r.t.Helper()
	return r.deliverQueued(kind, seq, r.store.now())
}

// deliverQueued delivers a job that the queue took at the given time.
func (r *rig) deliverQueued(kind push.Kind, seq uint64, queued time.Time) push.Verdict {
	r.t.Helper()
	v, err := r.pusher.Push(r.t.Context(), push.Job{
		Kind: kind, Connector: "c", Space: "default", Case: "k", Seq: seq, Stream: streamID,
		EventID: "e", StoredAt: queued, QueuedAt: queued,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Logf("%s %d: %s, result %v, note %q, error %v", kind, seq, v.Action, v.Result, v.Note, v.Err)
	return v
}

// turns bounds how often a job comes again: 72 h have no more.
const turns = 300

// finish delivers a job as often as its verdicts ask for.
func (r *rig) finish(kind push.Kind, seq uint64) push.Verdict {
	r.t.Helper()
	for range turns {
		v := r.deliver(kind, seq)
		switch v.Action {
		case push.Done:
			return v
		case push.Later:
			kind = push.KindRetry
			wait(time.Until(v.At))
		default:
			wait(v.Delay)
		}
	}
	r.t.Fatalf("job %d came %d times and has no end", seq, turns)
	panic("unreachable")
}

// wait lets time pass. A rig lives in a bubble of testing/synctest, where that
// takes no time at all.
func wait(d time.Duration) { <-time.NewTimer(d).C }

func (r *rig) entry() ledger.Entry {
	r.t.Helper()
	e, _, err := r.store.Get(r.t.Context(), ledger.Key{Connector: "c", Space: "default", Case: "k"})
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

// put stores the entry as somebody else does.
func (r *rig) put(e ledger.Entry) {
	r.t.Helper()
	key := ledger.Key{Connector: "c", Space: "default", Case: "k"}
	_, rev, err := r.store.Get(r.t.Context(), key)
	if err == nil {
		_, _, err = ledger.Write(r.t.Context(), r.store, key, e, rev)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

const streamID = "s"

// mailbox is an event stream that holds one case.
type mailbox struct {
	mails []push.Mail
	// behind hides the newest events from Events, as a stale replica does.
	behind int
}

func (b *mailbox) Incarnation() string { return streamID }

func (b *mailbox) Events(_ context.Context, _, _ string, after uint64, _ int) ([]push.Mail, ledger.Position, error) {
	seen := b.mails[:len(b.mails)-b.behind]
	head := ledger.Position{Stream: streamID}
	if len(seen) == 0 {
		return nil, head, nil
	}
	head.Seq = seen[len(seen)-1].Seq
	var list []push.Mail
	for _, m := range seen {
		if m.Seq > after || m.Seq == head.Seq {
			list = append(list, m)
		}
	}
	return list, head, nil
}

func (b *mailbox) Has(_ context.Context, seq uint64) (bool, error) {
	for _, m := range b.mails {
		if m.Seq == seq {
			return true, nil
		}
	}
	return false, nil
}

// told is where outcomes and dead letters go.
type told struct {
	results []push.Result
	letters []push.DeadLetter
}

func (o *told) Publish(_ context.Context, r push.Result) error {
	o.results = append(o.results, r)
	return nil
}

func (o *told) Put(_ context.Context, d push.DeadLetter) error {
	o.letters = []push.DeadLetter{d}
	return nil
}

func (o *told) Settle(_ context.Context, _ ledger.Key, upTo ledger.Position) error {
	if len(o.letters) > 0 && o.letters[0].ThroughSeq <= upTo.Seq {
		o.letters = nil
	}
	return nil
}

// slowClock is a ledger whose clock is behind this machine's.
type slowClock struct {
	*ledger.Memory
	behind time.Duration
	stored time.Time
}

// now is the store's time.
func (s *slowClock) now() time.Time { return time.Now().Add(-s.behind) }

func (s *slowClock) Put(ctx context.Context, k ledger.Key, e ledger.Entry, rev ledger.Revision) (ledger.Revision, error) {
	next, err := s.Memory.Put(ctx, k, e, rev)
	if err == nil {
		s.stored = s.now()
	}
	return next, err
}

func (s *slowClock) Get(ctx context.Context, k ledger.Key) (ledger.Entry, ledger.Revision, error) {
	e, rev, err := s.Memory.Get(ctx, k)
	if rev > 0 {
		e.StoredAt = s.stored
	}
	return e, rev, err
}
