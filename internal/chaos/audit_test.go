package chaos

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/faketracker"
	"github.com/casepush/casepush/internal/push"
)

// audit compares what is at the tracker with what the cases say. Everything is
// counted from the fake's own state; the worker is not asked.
type audit struct {
	incidents, comments int
	duplicates, lost    int
	results             int
	closed, changedByUs int // cases
	// order counts final fields that are not the newest, comments out of the
	// case's order, and updates that went back to an older title.
	order    int
	problems map[string][]string // by case
}

func (a *audit) blame(caseID string, count *int, format string, args ...any) {
	if count != nil {
		*count++
	}
	if a.problems == nil {
		a.problems = map[string][]string{}
	}
	a.problems[caseID] = append(a.problems[caseID], fmt.Sprintf(format, args...))
}

// violations are what must never be, however long one waits.
func (a *audit) violations() int { return a.duplicates + a.lost + a.order }

// auditTrackers judges all incidents of all fakes.
func auditTrackers(cases []*subject, trackers []*tracker) *audit {
	a := &audit{}
	for _, tr := range trackers {
		a.tracker(slices.DeleteFunc(slices.Clone(cases), func(c *subject) bool { return c.connector.ID != tr.id }), tr)
	}
	return a
}

// tracker judges one fake, which must have an incident of each case and no
// other.
func (a *audit) tracker(cases []*subject, tr *tracker) {
	byCase := map[string][]faketracker.Incident{}
	for _, in := range tr.fake.Incidents() {
		a.incidents++
		a.comments += len(in.Comments)
		byCase[in.Case] = append(byCase[in.Case], in)
	}
	for _, c := range cases {
		incidents := byCase[c.id]
		delete(byCase, c.id)
		if len(incidents) == 0 {
			a.blame(c.id, &a.lost, "no incident")
			a.lost += len(c.texts())
			continue
		}
		for _, extra := range incidents[1:] {
			a.blame(c.id, &a.duplicates, "a second incident: %s after %s", extra.Name, incidents[0].Name)
		}
		// Of several, the one that is being kept up to date.
		a.incident(c, tr.kind, slices.MaxFunc(incidents, func(x, y faketracker.Incident) int { return x.Updated.Compare(y.Updated) }))
	}
	for id, incidents := range byCase {
		a.blame(cmp.Or(id, "(no case)"), &a.duplicates, "incident %s is of no case", incidents[0].Name)
	}
	a.regress(tr.fake.Journal())
}

// footer ends what a person wrote.
const footer = "\n\nAdded by " + analystName + "."

func (a *audit) incident(c *subject, kind faketracker.Kind, in faketracker.Incident) {
	if got := in.Title; got != c.title {
		a.blame(c.id, &a.order, "%s: title %q, want %q", in.Name, got, c.title)
	}
	want := c.description + kind.DescriptionFooter(footer+"\nFor more details, view this case in Kibana.\nCase URL: "+publicURL+"/app/security/cases/"+c.id)
	if got := in.Description; got != want {
		a.blame(c.id, &a.order, "%s: description %q, want %q", in.Name, got, want)
	}
	tags := []string{"chaos", "two-words"}
	if kind.Bare {
		tags[1] = "two words"
	}
	if in.Tags != nil && !slices.Equal(in.Tags, tags) {
		a.blame(c.id, &a.order, "%s: tags %q", in.Name, in.Tags)
	}
	if got := slices.Sorted(slices.Values(in.Observables)); !slices.Equal(got, slices.Sorted(slices.Values(kind.Observables))) {
		a.blame(c.id, &a.order, "%s: observables %q", in.Name, got)
	}
	a.commentsOf(c, in)
}

func (a *audit) commentsOf(c *subject, in faketracker.Incident) {
	var at []int // of each comment of the case, its first place at the incident
	known := 0
	for k, text := range c.texts() {
		first, n := -1, 0
		for i, have := range in.Comments {
			if have == text {
				n++
				if first < 0 {
					first = i
				}
			}
		}
		known += n
		switch {
		case n == 0:
			a.blame(c.id, &a.lost, "%s: comment %q is missing", in.Name, text)
			continue
		case n > 1:
			a.blame(c.id, nil, "%s: comment %q is there %d times", in.Name, text, n)
			a.duplicates += n - 1
		}
		if k < len(c.comments) { // the number of alerts has no place among them
			at = append(at, first)
		}
	}
	if !slices.IsSorted(at) {
		a.blame(c.id, &a.order, "%s: comments out of order", in.Name)
	}
	if extra := len(in.Comments) - known; extra > 0 {
		a.blame(c.id, nil, "%s: %d comments that nobody wrote", in.Name, extra)
		a.duplicates += extra
	}
}

// regress looks for updates that brought back an older title. Titles sort by
// their version; of two in a request the later is the new one.
func (a *audit) regress(j *fakes.Journal) {
	newest := map[string]string{} // by case
	if n := j.Forgotten(); n > 0 {
		a.blame("(journal)", nil, "%d requests are forgotten: the order of updates cannot be judged", n)
	}
	titles := regexp.MustCompile(`case-\d+ v\d+`)
	for _, r := range j.Writes() {
		all := titles.FindAllString(r.Body, -1)
		if len(all) == 0 {
			continue
		}
		title := all[len(all)-1]
		id, _, _ := strings.Cut(title, " ")
		if title < newest[id] {
			a.blame(id, &a.order, "%q came after %q (%s %s)", title, newest[id], r.Method, r.Path)
		}
		newest[id] = title
	}
}

// auditRecords judges what the worker says it did: results, ledger, closing.
func (a *audit) auditRecords(r *rig, cases []*subject, published []message) {
	covered := map[string]uint64{}
	last := map[string]push.Result{}
	for _, res := range r.results() {
		a.results++
		byHand := res.Reason == push.ReasonUncertain && !r.looks()
		if res.Outcome != push.Pushed && res.Outcome != push.Unchanged && !byHand {
			a.blame(res.CaseID, nil, "outcome %s, reason %q", res.Outcome, res.Reason)
		}
		if res.ThroughSeq >= covered[res.CaseID] {
			covered[res.CaseID], last[res.CaseID] = res.ThroughSeq, res
		}
	}
	for _, m := range published {
		if m.seq > covered[m.caseID] {
			a.blame(m.caseID, nil, "event %d has no result: they cover %d", m.seq, covered[m.caseID])
		}
	}
	entries := r.ledger()
	for _, c := range cases {
		e := entries[c.key()]
		a.record(r, c, e.Incident, last[c.id])
		if n, want := len(e.Comments), len(c.texts())+len(c.kind.Observables); n != want {
			a.blame(c.id, nil, "the ledger knows %d comments, want %d", n, want)
		}
		delete(entries, c.key())
	}
	for k := range entries {
		a.blame(k.Case, nil, "a ledger entry of no case: %+v", k)
	}
}

// requests that could change something, whether they did or not.
func writing(j *fakes.Journal) []fakes.Request {
	return slices.DeleteFunc(j.Requests(), func(r fakes.Request) bool { return !r.Acted && reads(r) })
}

// reads reports whether a request asks and changes nothing: by its method, or
// as a search for alerts, which Kibana takes as a POST.
func reads(r fakes.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead || strings.HasSuffix(r.Path, "/detection_engine/signals/search")
}
