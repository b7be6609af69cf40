package history

import (
	"context"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes/faketracker"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// mostMendings is after how many a history is given up that a person has to
// mend again and again.
const mostMendings = 12

// mend does what an operator does when all is at rest: what is uncertain is
// looked up at the tracker and resolved, and what has a dead letter is redriven.
func (w *world) mend() {
	for range mostMendings {
		e, _, err := w.store.Get(context.Background(), entryKey())
		switch {
		case err != nil:
			w.problemf("the world is broken: %v", err)
			return
		case !e.Blocked:
			w.redrive()
			if e, _, err = w.store.Get(context.Background(), entryKey()); err == nil && !e.Blocked {
				return
			}
		}
		w.resolve()
		if len(w.problems) > 0 {
			return
		}
	}
	w.problemf("a person has resolved it %d times", mostMendings)
}

// resolve is what a person does about an entry that nobody but him can settle.
// It must have told him: by a dead letter that says that it is uncertain.
func (w *world) resolve() {
	ctx := context.Background()
	e, rev, err := w.store.Get(ctx, entryKey())
	if err != nil {
		w.problemf("the world is broken: %v", err)
		return
	}
	// A worker that was suspended before it told of a refusal may tell it after
	// that, in place of the letter of who took over.
	letter, there := w.letters[entryKey()]
	if !there || letter.Reason != push.ReasonUncertain && !w.fate.has(pause) {
		w.problemf("the entry is blocked, and no dead letter says that it is uncertain: %+v", w.letters)
		return
	}
	if w.kind.Can.Looks() {
		w.problemf("a person is asked about what can be looked up: %+v", e.Plan)
		return
	}
	w.resolved++
	settled, err := push.Resolve(e, w.resolution(e))
	if err == nil {
		_, err = w.store.Put(ctx, entryKey(), settled, rev)
	}
	if err != nil {
		w.problemf("resolve: %v: %+v", err, e)
		return
	}
	job := w.lastJob()
	job.Kind = push.KindRedrive
	w.enqueue(job)
	w.run()
}

// resolution is what the person sees at the tracker.
func (w *world) resolution(e ledger.Entry) push.Resolution {
	r := push.Resolution{At: time.Now()}
	all := w.tracker.Incidents()
	switch {
	case e.Incident == nil && len(all) == 0:
		r.None = true
	case e.Incident == nil:
		r.Incident = connector.Ref{ID: all[0].ID, Title: all[0].Name}
	case e.Plan != nil && len(e.Plan.Comments) > 0:
		m := e.Plan.Comments[0]
		r.CommentID = m.ID
		there := slices.IndexFunc(all, func(in faketracker.Incident) bool { return in.ID == e.Incident.ID })
		r.Sent = there >= 0 && w.copies(all[there], m.Digest) > e.CountDigest(m.Digest)
	default:
		w.problemf("nothing is there to be resolved: %+v", e)
	}
	return r
}

// copies counts the comments of this text.
func (w *world) copies(in faketracker.Incident, digest string) (n int) {
	for _, text := range in.Comments {
		if connector.Digest(text) == digest {
			n++
		}
	}
	return n
}
