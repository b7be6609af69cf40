package ops

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// ReplayFilter selects past events.
type ReplayFilter struct {
	stream.Past // WithoutBodies is not for the caller to say
	// Connector: only events that go to this connector; "" is any.
	Connector string
	// To: the cases go to this connector; "" is where their events go.
	To string
}

// Resolver finds the connectors of past events as the router does those of new ones.
type Resolver interface {
	// Named is the job of an event by what the event itself says: without a
	// connector if it names none. An error says why the event cannot be read.
	Named(in stream.Incoming, id string) (push.Job, push.Reason, error)
	// Resolve is the job of an event with the connector that is found now by
	// asking the configuration and Kibana; without one if there is none.
	Resolve(ctx context.Context, in stream.Incoming, id string) (push.Job, error)
}

// Progress hears how far a long step is; total may change.
type Progress func(step string, done, total uint64)

// Replay is a selection of past events, reduced to one job for each connector
// and case: bring that to the case's newest state.
type Replay struct {
	ID     string        // in each job, as replay_of
	Extent stream.Extent // of the event stream, before it was read
	// Jobs are in the order of the newest event of each. No two have the same one.
	Jobs []ReplayJob
	// Left is what was selected and is not sent again, by reason and connector.
	Left []LeftOut
}

// ReplayJob is a job and the events that it stands for.
type ReplayJob struct {
	push.Job
	Span Span
}

// Span counts events of one case, with the first and the newest of them.
type Span struct {
	Events            int
	FirstSeq, LastSeq uint64
	FirstAt, LastAt   time.Time
}

// with is the span that holds both.
func (s Span) with(t Span) Span {
	if s.Events == 0 {
		return t
	}
	s.Events += t.Events
	if t.FirstSeq < s.FirstSeq {
		s.FirstSeq, s.FirstAt = t.FirstSeq, t.FirstAt
	}
	if t.LastSeq > s.LastSeq {
		s.LastSeq, s.LastAt = t.LastSeq, t.LastAt
	}
	return s
}

func spanOf(in stream.Incoming) Span {
	return Span{Events: 1, FirstSeq: in.Seq, LastSeq: in.Seq, FirstAt: in.StoredAt, LastAt: in.StoredAt}
}

// LeftOut counts what is not sent again.
type LeftOut struct {
	Reason    push.Reason
	Connector string // "" if none was found
	Events    int
	Cases     int   // 0 where single events are left out
	Err       error // of the first one
}

// Expected reports whether there is nothing to do about it: what has no
// connector was skipped before, and what cannot be read is a dead letter.
func (l LeftOut) Expected() bool {
	return l.Reason == push.ReasonNoConnector || l.Reason == push.ReasonMalformed || l.Reason == push.ReasonTooLarge
}

func bySequence(a, b ReplayJob) int { return cmp.Compare(a.Seq, b.Seq) }

// Span holds all events of the replay's jobs.
func (r *Replay) Span() Span {
	var all Span
	for _, j := range r.Jobs {
		all = all.with(j.Span)
	}
	return all
}

// Rest is the range of sequences that selects the jobs after the first n ones,
// and none of those.
func (r *Replay) Rest(n int) (from, to uint64) {
	return r.Jobs[n].Seq, r.Jobs[len(r.Jobs)-1].Seq
}

// SelectReplay reads the selected events up to the newest that there is now and
// reduces them; nothing is changed anywhere. Memory is bounded by the number of
// distinct cases. Left out is what could only fail, and what waits for a person.
// An error that may pass, of NATS or Kibana, ends it.
func (o *Ops) SelectReplay(ctx context.Context, f ReplayFilter, by Resolver, p Progress) (*Replay, error) {
	extent, err := o.conn.Extent(ctx)
	if err != nil {
		return nil, err
	}
	r := &Replay{ID: "replay-" + strings.ToLower(rand.Text()[:12]), Extent: extent}
	if f.ToSeq == 0 || f.ToSeq > extent.Last {
		f.ToSeq = extent.Last
	}
	if extent.First > extent.Last || f.FromSeq > f.ToSeq {
		return r, nil
	}
	if p == nil {
		p = func(string, uint64, uint64) {}
	}
	s := selection{
		Ops: o, filter: f, by: by, progress: p,
		jobs: map[ledger.Key]ReplayJob{}, open: map[caseKey]Span{}, left: map[leftKey]LeftOut{},
	}
	for _, step := range []func(context.Context) error{s.read, s.resolve, s.check} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	for _, j := range s.jobs {
		j.Kind, j.ReplayOf = push.KindReplay, r.ID
		// Long ago; the push begins now, and is no part of the event's trace.
		j.StoredAt, j.Trace = time.Time{}, ""
		r.Jobs = append(r.Jobs, j)
	}
	slices.SortFunc(r.Jobs, bySequence)
	for _, l := range s.left {
		r.Left = append(r.Left, l)
	}
	slices.SortFunc(r.Left, func(a, b LeftOut) int {
		return cmp.Or(strings.Compare(string(a.Reason), string(b.Reason)), strings.Compare(a.Connector, b.Connector))
	})
	return r, nil
}
