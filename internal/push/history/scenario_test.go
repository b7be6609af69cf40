package history

import (
	"net/http"
	"slices"
	"time"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/faketracker"
	"github.com/casepush/casepush/internal/push"
)

// scenario is a few pushes of one case.
type scenario struct {
	name string
	// needs says of what a tracker must be able to do that the scenario makes
	// sense; nil is nothing.
	needs func(faketracker.Kind) bool
	// pairs: small enough that all pairs of misfortunes are tried.
	pairs     bool
	snapshots bool // events carry the case
	rules     push.Rules
	rows      func(faketracker.Targets) []connector.MappingRow // nil: the type's own
	// before makes what was there; nothing goes wrong in it.
	before func(*world)
	// acts are what people do, one after the other; each is followed by the
	// queue's work until nothing is left. Here things go wrong.
	acts []func(*world)
	// description is what the incident shall have in the end; "" is the case's.
	description string
	buries      bool // dead letters are due on the way
	doubles     bool // the tracker may come to have two incidents
	foreign     bool // the incident may have comments that the ledger cannot know of
}

func closing() push.Rules { return push.Rules{ClosePushed: true} }

func appending(to faketracker.Targets) []connector.MappingRow {
	return []connector.MappingRow{
		{Source: connector.Title, Target: to.Title, ActionType: connector.Overwrite},
		{Source: connector.Description, Target: to.Description, ActionType: connector.Append},
		{Source: connector.Comments, Target: to.Comments, ActionType: connector.Append},
	}
}

const footer = "\n\nAdded by Ann Alyst."

func pushNow(w *world) { w.publish() }

// pushed makes a case with these comments and pushes it in peace.
func pushed(comments ...string) func(*world) {
	return func(w *world) {
		w.addCase(comments...)
		w.publish()
		w.run()
		w.tick()
	}
}

// kinds are those whose connector type the program has.
func kinds() []faketracker.Kind {
	return slices.DeleteFunc(faketracker.Kinds(), func(k faketracker.Kind) bool {
		typ := k.Definition(trackerURL, faketracker.Times{}).Type
		return !slices.ContainsFunc(adapters.Types(), func(t connector.Type) bool { return t.ID == typ })
	})
}

// scenarios are those that make sense at this kind of tracker.
func scenarios(k faketracker.Kind) []scenario {
	all := slices.Concat(pushes(), losses(), holes())
	return slices.DeleteFunc(all, func(s scenario) bool { return s.needs != nil && !s.needs(k) })
}

// Needs of scenarios.
func reads(k faketracker.Kind) bool   { return k.Can.Read }
func finds(k faketracker.Kind) bool   { return k.Can.Find }
func looks(k faketracker.Kind) bool   { return k.Can.Looks() }
func retires(k faketracker.Kind) bool { return k.Can.Retire }

func byKibana(k faketracker.Kind) bool { return k.Pushed != nil }

// pushes are what happens every day.
func pushes() []scenario {
	return []scenario{
		{
			name: "create and close", pairs: true, rules: closing(),
			before: func(w *world) { w.addCase("First.") },
			acts:   []func(*world){pushNow},
		},
		{
			name: "updates in disorder", pairs: true, snapshots: true, before: pushed(),
			acts: []func(*world){func(w *world) {
				w.setTitle("Bad")
				oldest := w.mail()
				w.setTitle("Worse")
				w.publish()
				w.setTitle("Worst")
				w.publish()
				w.tick()
				w.enqueue(oldest)
			}},
		},
		{
			name: "update", snapshots: true, before: pushed("First."),
			acts: []func(*world){func(w *world) {
				w.setTitle("Worse")
				w.edit("comment-1", "First, edited.")
				w.publish()
			}},
		},
		{
			name: "create with comments and close", rules: closing(),
			before: func(w *world) { w.addCase("First.", "Same.", "Same.") },
			acts:   []func(*world){pushNow},
		},
		{
			name: "identical texts", pairs: true, before: pushed("Same."),
			acts: []func(*world){func(w *world) {
				w.comment("comment-2", "Same.")
				w.comment("comment-3", "Same.")
				w.publish()
			}},
		},
		{
			name: "update with comments and close", rules: closing(), before: pushed("First.", "Second."),
			acts: []func(*world){func(w *world) {
				w.setTitle("Worse")
				w.setDescription("Somebody succeeded.")
				w.edit("comment-1", "First, edited.")
				w.comment("comment-3", "Third.")
				w.publish()
			}},
		},
		{
			name: "close alone", pairs: true, rules: closing(), before: func(w *world) {
				pushed("First.")(w)
				w.reopen()
			},
			acts: []func(*world){func(w *world) { w.reopenedAt = time.Time{}; w.publish() }},
		},
		{
			name: "append", needs: reads, rows: appending, before: pushed("First."),
			acts: []func(*world){func(w *world) {
				w.setDescription("More is known.")
				w.publish()
			}},
			description: "Somebody tried." + footer + " \r\n" + "More is known." + footer,
		},
		{
			name: "adopt what kibana pushed", needs: byKibana, foreign: true, before: kibanaPushed,
			acts: []func(*world){func(w *world) {
				w.setTitle("Worse")
				w.comment("comment-2", "Second.")
				w.publish()
			}},
		},
		{
			name: "delivered in disorder", snapshots: true, rules: closing(), before: func(w *world) { w.addCase("First.") },
			acts: []func(*world){func(w *world) {
				jobs := []push.Job{w.mail()}
				w.setTitle("Worse")
				jobs = append(jobs, w.mail())
				w.comment("comment-2", "Second.")
				w.setTitle("Worst")
				jobs = append(jobs, w.mail())
				for _, i := range []int{1, 2, 0} {
					w.enqueue(jobs[i])
					w.tick()
				}
			}},
		},
		{
			name: "published in disorder", snapshots: true, before: pushed("First."),
			acts: []func(*world){func(w *world) {
				w.setTitle("Worse")
				older := w.snapshot()
				w.setTitle("Worst")
				w.comment("comment-2", "Second.")
				w.publish()
				w.enqueue(w.mailOf(older))
			}},
		},
		{
			name: "refused and redriven", buries: true, rules: closing(), before: func(w *world) { w.addCase("First.", "Refused.", "Third.") },
			acts: []func(*world){
				func(w *world) {
					w.fault(w.commenting(fakes.Rule{Contains: "Refused.", Status: http.StatusBadRequest}))
					w.publish()
				},
				func(w *world) {
					w.tracker.Faults().Clear()
					w.redrive()
				},
			},
		},
	}
}

// redrive sends again what has a dead letter: nobody knows of anything else. A
// few times, since it may be refused again.
func (w *world) redrive() {
	var before time.Time
	for range 4 {
		letter, there := w.letters[entryKey()]
		if !there || letter.LastAt.Equal(before) {
			return // a redrive that ends without a new letter is lost
		}
		before = letter.LastAt
		job := w.lastJob()
		job.Kind = push.KindRedrive
		w.enqueue(job)
		w.run()
	}
}

// lastJob is the job of the newest event.
func (w *world) lastJob() push.Job {
	m := w.mails[len(w.mails)-1]
	return push.Job{
		Format: push.Format, Kind: push.KindPush, Connector: connectorID, Space: space, Case: caseID, Owner: owner,
		Seq: m.Seq, Stream: stream, EventID: m.Event.ID, StoredAt: time.Now(),
	}
}

// kibanaPushed leaves what Kibana's own push does: an incident as Kibana makes it,
// and its record at the case.
func kibanaPushed(w *world) {
	w.addCase("First.")
	w.pushedByKibana()
}
