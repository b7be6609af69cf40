package chaos

import (
	"cmp"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/push"
)

// clearFaults makes all fakes behave.
func (r *rig) clearFaults() {
	r.kibana.Faults().Clear()
	for _, tr := range r.trackers {
		tr.fake.Faults().Clear()
	}
}

// replay publishes everything once more under fresh ids, as it was and as it
// is now, and expects that nothing is written. It returns what it published.
func (r *rig) replay(story *story, published []message, bound time.Duration) []message {
	r.t.Helper()
	r.clearFaults()
	again := slices.Clone(published)
	for _, c := range story.cases {
		now, err := snapshot(r.kibana, c.id)
		if err != nil {
			r.t.Fatal(err)
		}
		wakeUp, err := thin(c.id)
		if err != nil {
			r.t.Fatal(err)
		}
		again = append(again, now, wakeUp)
	}
	first := r.round("again", again, bound)
	n := r.expectNoWrites()
	r.outcomes(first, "")
	r.t.Logf("%d events published again under fresh ids, thin and with snapshots old and new: %d writing requests", len(again), n)
	return again
}

// replayWithout publishes it all again with one incident missing.
func (r *rig) replayWithout(story *story, again []message, bound time.Duration) {
	r.t.Helper()
	c := story.cases[len(story.cases)/2]
	gone := c.id
	if !r.tracker(c.connector.ID).fake.Delete(r.ledger()[c.key()].Incident.ID) {
		r.t.Fatalf("%s has no incident to remove", gone)
	}
	first := r.round("gone", again, bound)
	n := r.expectNoWrites()
	missing := r.outcomes(first, gone)
	r.t.Logf("with the incident of %s removed: %d results incident_missing for it, %d writing requests", gone, missing, n)
}

// round publishes events, waits for their outcomes and returns the sequence of
// the first one.
func (r *rig) round(prefix string, messages []message, bound time.Duration) uint64 {
	r.t.Helper()
	r.clearJournals()
	first, err := r.publishAll(prefix, messages)
	if err != nil {
		r.t.Fatal(err)
	}
	r.awaitRest(bound)
	return first
}

func (r *rig) expectNoWrites() int {
	r.t.Helper()
	n := 0
	for name, j := range r.journals() {
		for _, q := range writing(j) {
			n++
			r.t.Errorf("%s: %s %s %s", name, q.Method, q.Path, q.Body)
		}
	}
	return n
}

// outcomes expects that each case has a result for the events from first on:
// "unchanged", but for the case whose incident is gone. It returns how many
// results say so.
func (r *rig) outcomes(first uint64, gone string) (missing int) {
	r.t.Helper()
	seen := map[string]push.Result{}
	for _, res := range r.results() {
		if res.EventSeq < first {
			continue
		}
		seen[res.CaseID] = res
		want, reason := push.Unchanged, push.Reason("")
		if res.CaseID == gone {
			want, reason = push.DeadLettered, push.ReasonIncidentMissing
			missing++
		}
		if res.Outcome != want || res.Reason != reason {
			r.t.Errorf("%s: event %d: %s %q, want %s %q", res.CaseID, res.EventSeq, res.Outcome, res.Reason, want, cmp.Or(reason, "no reason"))
		}
	}
	for k, e := range r.ledger() {
		if res := seen[k.Case]; res.ThroughSeq < e.Cursor.Seq || e.Cursor.Seq < first {
			r.t.Errorf("%s: results cover %d of %d", k.Case, res.ThroughSeq, e.Cursor.Seq)
		}
	}
	return missing
}

// journals of all fakes by name.
func (r *rig) journals() map[string]*fakes.Journal {
	out := map[string]*fakes.Journal{"kibana": r.kibana.Journal()}
	for _, tr := range r.trackers {
		out[tr.id] = tr.fake.Journal()
	}
	return out
}

func (r *rig) clearJournals() {
	for _, j := range r.journals() {
		j.Clear()
	}
}

// replayByCommand does what an operator does, and expects that nothing is
// written either.
func (r *rig) replayByCommand() {
	r.t.Helper()
	r.clearJournals()
	if err := r.command("replay", "-c", r.config, "--since", "24h", "--rate", "0", "--yes"); err != nil {
		r.t.Fatal(err)
	}
	r.awaitRest(replayBound)
	n := r.expectNoWrites()
	reads := 0
	for _, j := range r.journals() {
		reads += len(j.Requests())
	}
	if reads == 0 {
		r.t.Error("casepush replay asked nobody anything: nothing was replayed")
	}
	r.t.Logf("casepush replay of everything: %d requests, %d of them writing", reads, n)
}

const replayBound = 5 * time.Minute
