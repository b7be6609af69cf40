package history

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/faketracker"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// audit compares case, incident, ledger, results and dead letters when all is
// at rest.
func (w *world) audit() {
	c, _ := w.kibana.Case(caseID)
	entry, _, err := w.store.Get(context.Background(), entryKey())
	if err != nil {
		w.problemf("the world is broken: %v", err)
	}
	incidents := w.tracker.Incidents()
	if w.scenario.doubles {
		incidents = w.auditDuplicates(incidents, entry)
	}
	if len(incidents) != 1 {
		w.problemf("incidents: %d, want exactly one", len(incidents))
		return
	}
	w.auditIncident(c, incidents[0])
	w.auditComments(c, incidents[0], entry)
	w.auditEntry(incidents[0], entry)
	w.auditClosing(c, entry)
	w.auditResults()
}

// auditDuplicates wants each incident beside the entry's retired, on record and
// told. It returns those that are left.
func (w *world) auditDuplicates(incidents []faketracker.Incident, e ledger.Entry) (kept []faketracker.Incident) {
	for _, in := range incidents {
		if e.Incident != nil && in.ID == e.Incident.ID {
			kept = append(kept, in)
			continue
		}
		told := slices.ContainsFunc(w.duplicates, func(r connector.Ref) bool { return r.ID == in.ID })
		known := slices.ContainsFunc(e.Duplicates, func(i ledger.Incident) bool { return i.ID == in.ID })
		if w.fate.has(forbid) {
			continue // the second look may be forbidden
		}
		if marked := len(in.Marks) > 0; marked || !told || !known {
			w.problemf("second incident %s: has the mark: %t, told: %t, on record: %t", in.Name, marked, told, known)
		}
	}
	return kept
}

func (w *world) auditIncident(c kibana.Case, in faketracker.Incident) {
	if got := in.Title; got != c.Title {
		w.problemf("title: incident has %q, case %q", got, c.Title)
	}
	want := w.scenario.description
	if want == "" {
		want = c.Description + w.kind.DescriptionFooter(footer)
	}
	// Line ends are the tracker's own.
	if got := in.Description; connector.Digest(got) != connector.Digest(want) {
		w.problemf("description: incident has %q, want %q", got, want)
	}
	if !slices.Equal(slices.Sorted(slices.Values(in.Observables)), slices.Sorted(slices.Values(w.kind.Observables))) {
		w.problemf("observables: incident has %q, want %q", in.Observables, w.kind.Observables)
	}
	if len(in.Marks) != 1 && w.kind.Can.Find && !w.scenario.adopted() {
		w.problemf("correlation marks: %q, want one", in.Marks)
	}
}

// adopted: the incident was made by Kibana, without our mark.
func (s scenario) adopted() bool { return strings.HasPrefix(s.name, "adopt") }

// auditComments wants the newest text of each of the case's comments exactly
// once, older texts of it at most once, and the ledger to know all of it.
func (w *world) auditComments(c kibana.Case, in faketracker.Incident, e ledger.Entry) {
	there, want := map[string]int{}, map[string]int{}
	digests, known := map[string]int{}, map[string]int{}
	for _, comment := range in.Comments {
		there[strings.TrimSuffix(comment, footer)]++
		digests[connector.Digest(comment)]++
	}
	for _, o := range in.Observables {
		digests[connector.Digest(o)]++
	}
	for _, comment := range c.Comments {
		if comment.Type == "alert" {
			continue
		}
		want[comment.Text]++
		if !e.HasSent(comment.ID, connector.Digest(comment.Text)) {
			w.problemf("comment %q (%q): not in the ledger", comment.ID, comment.Text)
		}
	}
	for text, ever := range w.texts {
		if there[text] < want[text] || there[text] > ever {
			w.problemf("comment %q: %d times at the incident, want %d, at most %d", text, there[text], want[text], ever)
		}
	}
	for _, sent := range e.Comments {
		for _, s := range sent {
			known[s.Digest]++
		}
	}
	if w.kind.Can.Idempotent {
		// What may have been sent is sent again and not looked up: a text that
		// the case no longer has stays unknown, and harms nothing.
		for _, comment := range in.Comments {
			if d := connector.Digest(comment); known[d] == 0 && want[strings.TrimSuffix(comment, footer)] == 0 {
				delete(digests, d)
			}
		}
	}
	if !w.scenario.foreign && !maps.Equal(known, digests) {
		w.problemf("comments: ledger %v, incident %v", known, digests)
	}
}

func (w *world) auditEntry(in faketracker.Incident, e ledger.Entry) {
	newest := ledger.Position{Stream: stream, Seq: uint64(len(w.mails))}
	for what, wrong := range map[string]bool{
		"is claimed":                        e.Claim != nil,
		"has a plan":                        e.Plan != nil,
		"waits for a retry":                 e.Retry != nil,
		"wants to close":                    e.Closing != nil,
		"is blocked":                        e.Blocked,
		"owes a second look":                e.Verify != nil,
		"knows of duplicates":               len(e.Duplicates) > 0 && !w.scenario.doubles,
		"is dead":                           e.Dead,
		"does not cover the newest event":   !e.Cursor.Covers(newest),
		"wants more than it covers":         e.Want.Seq > e.Cursor.Seq,
		"covers events that do not exist":   e.Cursor.Seq > newest.Seq,
		"names another incident":            !w.names(e, in),
		"has no outcome of its newest push": e.Last == nil || e.Last.Through != e.Cursor,
	} {
		if wrong {
			w.problemf("entry %s: %+v", what, e)
		}
	}
}

// names reports whether the entry's incident is this one, by the name that people
// give it: where that is read after a create, the id is its name if the read fails.
func (w *world) names(e ledger.Entry, in faketracker.Incident) bool {
	i := e.Incident
	return i != nil && i.ID == in.ID && (i.Title == in.Name || w.kind.Asides && i.Title == in.ID)
}

// auditClosing: closed when that is the rule, unless a person has reopened the
// case since.
func (w *world) auditClosing(c kibana.Case, e ledger.Entry) {
	isClosed := c.Status == kibana.StatusClosed
	switch {
	case !w.scenario.rules.ClosePushed:
		if isClosed {
			w.problemf("the case is closed, against the rule")
		}
	case w.reopenedAt.After(w.eventAt):
		// A person reopened what the newest push had closed. Had an earlier
		// push closed it, the newest may do so again or not.
		if isClosed && w.closedSince(w.eventAt, w.reopenedAt) {
			w.problemf("the case was closed again after a person had reopened it")
		}
	case !isClosed:
		w.problemf("the case is not closed")
	}
}

// closedSince reports whether a write of ours to Kibana took effect between.
func (w *world) closedSince(from, to time.Time) bool {
	return slices.ContainsFunc(w.kibana.Journal().Writes(), func(r fakes.Request) bool {
		return r.Time.After(from) && r.Time.Before(to)
	})
}

// auditResults wants the newest event's outcome told, and the right one.
func (w *world) auditResults() {
	told := slices.ContainsFunc(w.results, func(r push.Result) bool {
		good := r.Outcome == push.Pushed || r.Outcome == push.Unchanged
		return good && r.ThroughSeq == uint64(len(w.mails)) && r.ExternalService != nil
	})
	if !told {
		w.problemf("no result says that the newest event was pushed: %+v", w.results)
	}
	// Whichever of the pushes closed the case said so.
	if slices.ContainsFunc(w.results, func(r push.Result) bool { return r.Closed }) != w.scenario.rules.ClosePushed {
		w.problemf("the results do not tell whether the case was closed: %+v", w.results)
	}
	if slices.ContainsFunc(w.results, func(r push.Result) bool { return r.ConnectorTypeID != w.caseConnector().Type }) {
		w.problemf("a result does not name its connector: %+v", w.results)
	}
	if !w.scenario.buries && !w.fate.has(forbid) && slices.ContainsFunc(w.results, w.isFailure) {
		w.problemf("a dead letter was told: %+v", w.results)
	}
	if len(w.fate) == 1 && w.fate.has(held) && !w.scenario.foreign && !w.scenario.doubles && slices.ContainsFunc(w.results, func(r push.Result) bool { return r.Attempts > 1 }) {
		w.problemf("a push that was put off counts as an attempt: %+v", w.results)
	}
	if len(w.letters) > 0 {
		w.problemf("dead letters are left: %+v", w.letters)
	}
}

// isFailure: a dead letter that nobody had to expect. Where nothing can be looked
// up, what is uncertain is a person's.
func (w *world) isFailure(r push.Result) bool {
	return r.Outcome == push.DeadLettered && (w.kind.Can.Looks() || r.Reason != push.ReasonUncertain)
}

// auditReplay replays the newest event onto a tracker in step.
func (w *world) auditReplay() {
	w.counting = false
	writes := w.writes
	before, _ := w.kibana.Case(caseID)
	job := w.lastJob()
	job.Kind = push.KindReplay
	w.enqueue(job)
	w.run()
	if w.writes != writes {
		w.problemf("a replay sent %d writing requests", w.writes-writes)
	}
	if after, _ := w.kibana.Case(caseID); after.Version != before.Version {
		w.problemf("a replay changed the case")
	}
}
