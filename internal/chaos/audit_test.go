package chaos

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
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

// auditTrackers judges all issues of all fakes.
func auditTrackers(cases []*subject, trackers []*tracker) *audit {
	a := &audit{}
	for _, tr := range trackers {
		a.tracker(slices.DeleteFunc(slices.Clone(cases), func(c *subject) bool { return c.connector != tr.id }), tr.jira)
	}
	return a
}

// tracker judges one fake, which must have an incident of each case and no
// other.
func (a *audit) tracker(cases []*subject, jira *fakejira.Fake) {
	byCase := map[string][]fakejira.Issue{}
	for _, issue := range jira.Issues() {
		a.incidents++
		a.comments += len(issue.Comments)
		byCase[caseOf(issue)] = append(byCase[caseOf(issue)], issue)
	}
	for _, c := range cases {
		issues := byCase[c.id]
		delete(byCase, c.id)
		if len(issues) == 0 {
			a.blame(c.id, &a.lost, "no incident")
			a.lost += len(c.comments)
			continue
		}
		for _, extra := range issues[1:] {
			a.blame(c.id, &a.duplicates, "a second incident: %s after %s", extra.Key, issues[0].Key)
		}
		// Of several, the one that is being kept up to date.
		a.issue(c, slices.MaxFunc(issues, func(x, y fakejira.Issue) int { return x.Updated.Compare(y.Updated) }))
	}
	for id, issues := range byCase {
		a.blame(id, &a.duplicates, "incident %s is of no case", issues[0].Key)
	}
	a.regress(jira)
}

// caseOf reads the correlation label, which is kibana-case-<id>-<hash>.
func caseOf(issue fakejira.Issue) string {
	for _, label := range issue.Labels() {
		if rest, ok := strings.CutPrefix(label, "kibana-case-"); ok {
			return rest[:strings.LastIndex(rest, "-")]
		}
	}
	return "(no label) " + issue.Key
}

// footer ends what a person wrote.
const footer = "\n\nAdded by " + analystName + "."

func (a *audit) issue(c *subject, issue fakejira.Issue) {
	if got := issue.Text("summary"); got != c.title {
		a.blame(c.id, &a.order, "%s: summary %q, want %q", issue.Key, got, c.title)
	}
	want := c.description + footer + "\nFor more details, view this case in Kibana.\nCase URL: " + publicURL + "/app/security/cases/" + c.id
	if got := issue.Text("description"); got != want {
		a.blame(c.id, &a.order, "%s: description %q, want %q", issue.Key, got, want)
	}
	if labels := issue.Labels(); !slices.Contains(labels, "two-words") || len(labels) != 3 {
		a.blame(c.id, &a.order, "%s: labels %q", issue.Key, labels)
	}
	a.commentsOf(c, issue)
}

func (a *audit) commentsOf(c *subject, issue fakejira.Issue) {
	var at []int // of each comment of the case, its first place at the issue
	known := 0
	for _, text := range c.comments {
		first, n := -1, 0
		for i, have := range issue.Comments {
			if have.Body == text+footer {
				n++
				if first < 0 {
					first = i
				}
			}
		}
		known += n
		switch {
		case n == 0:
			a.blame(c.id, &a.lost, "%s: comment %q is missing", issue.Key, text)
			continue
		case n > 1:
			a.blame(c.id, nil, "%s: comment %q is there %d times", issue.Key, text, n)
			a.duplicates += n - 1
		}
		at = append(at, first)
	}
	if !slices.IsSorted(at) {
		a.blame(c.id, &a.order, "%s: comments out of order", issue.Key)
	}
	if extra := len(issue.Comments) - known; extra > 0 {
		a.blame(c.id, nil, "%s: %d comments that nobody wrote", issue.Key, extra)
		a.duplicates += extra
	}
}

// regress looks for updates that brought back an older title. Titles sort by
// their version.
func (a *audit) regress(jira *fakejira.Fake) {
	newest := map[string]string{} // by case
	if n := jira.Journal().Forgotten(); n > 0 {
		a.blame("(journal)", nil, "%d requests are forgotten: the order of updates cannot be judged", n)
	}
	for _, r := range jira.Journal().Writes() {
		title := between(r.Body, `"summary":"`, `"`)
		if title == "" {
			continue
		}
		id, _, _ := strings.Cut(title, " ")
		if title < newest[id] {
			a.blame(id, &a.order, "%q came after %q (%s %s)", title, newest[id], r.Method, r.Path)
		}
		newest[id] = title
	}
}

func between(s, before, after string) string {
	_, s, ok := strings.Cut(s, before)
	if !ok {
		return ""
	}
	s, _, _ = strings.Cut(s, after)
	return s
}

// auditRecords judges what the worker says it did: results, ledger, closing.
func (a *audit) auditRecords(r *rig, cases []*subject, published []message) {
	covered := map[string]uint64{}
	last := map[string]push.Result{}
	for _, res := range r.results() {
		a.results++
		if res.Outcome != push.Pushed && res.Outcome != push.Unchanged {
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
		if n := len(e.Comments); n != len(c.comments) {
			a.blame(c.id, nil, "the ledger knows %d comments, want %d", n, len(c.comments))
		}
		delete(entries, c.key())
	}
	for k := range entries {
		a.blame(k.Case, nil, "a ledger entry of no case: %+v", k)
	}
}

// requests that could change something, whether they did or not.
func writing(j *fakes.Journal) []fakes.Request {
	return slices.DeleteFunc(j.Requests(), func(r fakes.Request) bool {
		return !r.Acted && (r.Method == http.MethodGet || r.Method == http.MethodHead)
	})
}
