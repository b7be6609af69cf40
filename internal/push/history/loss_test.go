package history

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// losses are histories of a ledger that was lost, or restored from an old copy.
// What it does not know is at the tracker all the same.
func losses() []scenario {
	list := []scenario{
		{
			// Nobody has noticed: the ledger looks as if it were new.
			name: "lost ledger", needs: looks, foreign: true, before: func(w *world) {
				pushed("First.", "Second.")(w)
				w.restore(ledger.NewMemory())
				w.setTitle("Worse")
			},
			acts: []func(*world){pushNow},
		},
		{
			name: "lost ledger, told", needs: looks, foreign: true, before: func(w *world) {
				pushed("First.", "Second.")(w)
				w.loseLedger()
				w.setTitle("Worse")
			},
			acts: []func(*world){pushNow},
		},
		{
			// The index of the search is as late as it may be: a create of the
			// last moment does not show yet.
			name: "lost ledger at once", needs: looks, foreign: true, snapshots: true, before: func(w *world) {
				w.addCase("First.")
				w.enqueue(w.mail())
				w.deliver(w.main, w.queue[0])
				w.loseLedger()
			},
			acts: []func(*world){pushNow},
		},
		{
			// The first snapshots after the loss are old ones: comments that were
			// sent before it come later.
			name: "lost ledger, old snapshots first", needs: looks, foreign: true, snapshots: true, before: func(w *world) {
				pushed("First.")(w)
				w.comment("comment-2", "Second.")
				w.publish()
				w.run()
				w.mails = w.mails[:1] // the stream is an old copy too
				w.loseLedger()
				w.enqueue(w.lastJob())
				w.run()
			},
			acts: []func(*world){pushNow},
		},
	}
	list = append(list, scenario{
		// The copy is of a moment between a search that found nothing and the
		// create: what it knew of the tracker is true no more.
		name: "restored ledger, searched before", needs: finds, foreign: true, before: searchedBefore,
		acts: []func(*world){pushEverythingAgain},
	})
	for k := range copies {
		list = append(list, scenario{
			name: fmt.Sprintf("restored ledger, copy %d", k), needs: looks, foreign: true, snapshots: k%2 == 1,
			before: func(w *world) { restored(w, k) },
			acts:   []func(*world){pushEverythingAgain},
		})
	}
	return list
}

// copies are the states of the ledger in restored's story: before anything, and
// after the claim and the end of each of two pushes.
const copies = 5

// restored tells of two pushes, and a ledger that is restored from a copy of
// some moment of theirs.
func restored(w *world, k int) {
	w.backups = []*ledger.Memory{w.store.Copy()}
	pushed("First.", "Same.")(w)
	w.setTitle("Worse")
	w.comment("comment-3", "Same.")
	w.comment("comment-4", "Fourth.")
	w.publish()
	w.run()
	if len(w.backups) != copies {
		w.problemf("the world is broken: %d copies of the ledger, want %d", len(w.backups), copies)
		return
	}
	w.restore(w.backups[k])
	w.store.Distrust(time.Now())
	w.backups = nil
}

// searchedBefore tells of a case that is older than the ledger. It is searched
// for, its first create is refused, and it is created when the tracker is better.
func searchedBefore(w *world) {
	w.addCase("First.")
	w.restore(ledger.NewMemory())
	w.fault(w.creating(fakes.Rule{Status: http.StatusTooManyRequests, Times: 1}))
	w.enqueue(w.mail())
	w.deliver(w.main, w.next())
	backup := w.store.Copy()
	w.run()
	e, _, err := backup.Get(context.Background(), entryKey())
	if err != nil || e.SearchedAt.IsZero() || e.Incident != nil || len(w.tracker.Incidents()) != 1 {
		w.problemf("the world is broken: error %v, entry %+v, %d incidents", err, e, len(w.tracker.Incidents()))
	}
	w.restore(backup)
	w.store.Distrust(time.Now())
}

// loseLedger leaves an empty ledger, and says so.
func (w *world) loseLedger() {
	w.restore(ledger.NewMemory())
	w.tick()
	w.store.Distrust(time.Now())
}

// restore puts another ledger in place of the one there is; workers are stopped
// for that.
func (w *world) restore(m *ledger.Memory) {
	w.store = m
	w.main = w.newProcess()
	w.queue = nil
	w.later, w.looks = map[ledger.Key]*message{}, map[ledger.Key]*message{}
}

// pushEverythingAgain brings a newer state, and the older events again: as jobs
// that nobody remembers to have acknowledged, and as a replay.
func pushEverythingAgain(w *world) {
	old := w.lastJob()
	for seq := range old.Seq {
		job := old
		job.Seq, job.EventID = seq+1, fmt.Sprintf("event-%d", seq+1)
		w.enqueue(job)
		job.Kind = push.KindReplay
		w.enqueue(job)
	}
	w.setTitle("Worst")
	w.comment("comment-5", "Fifth.")
	w.publish()
}
