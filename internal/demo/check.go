package demo

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// incident is an issue with the tracker that holds it.
type incident struct {
	tracker
	fakejira.Issue
}

// incidents are all issues of a case, on every tracker: those with its
// correlation label, and those that Kibana's own push or a result names.
func (p *play) incidents() []incident {
	named := map[string]bool{}
	if c, ok := p.demo.kibana.Case(p.caseID); ok && c.ExternalService != nil {
		named[c.ExternalService.ExternalTitle] = true
	}
	for _, r := range p.results {
		if r.ExternalService != nil {
			named[r.ExternalService.ExternalTitle] = true
		}
	}
	var found []incident
	for _, t := range p.demo.trackers {
		for _, issue := range t.jira.Issues() {
			ours := slices.ContainsFunc(issue.Labels(), func(l string) bool { return strings.HasPrefix(l, "kibana-case-"+p.caseID+"-") })
			if ours || named[issue.Key] {
				found = append(found, incident{t, issue})
			}
		}
	}
	return found
}

// row is what the servers and the published results say about a sample now.
func (d *Demo) row(p *play) Row {
	r := Row{Sample: p.name, CaseID: p.caseID, Did: p.did, Look: p.look}
	if n := len(p.results); n > 0 {
		last := p.results[n-1]
		r.Outcome, r.Reason, r.Attempts = last.Outcome, last.Reason, last.Attempts
	}
	c, _ := d.kibana.Case(p.caseID)
	r.Status = c.Status
	found := p.incidents()
	if len(found) > 0 {
		r.Incident, r.IncidentURL = found[0].Key, d.fakes.URL(found[0].name)+"/browse/"+found[0].Key
	}
	if p.failed != nil {
		r.Wrong = append(r.Wrong, p.failed.Error())
	}
	p.judgeResults(&r)
	p.judgeIncidents(&r, c, found)
	return r
}

func (r *Row) wrong(format string, args ...any) {
	r.Wrong = append(r.Wrong, fmt.Sprintf(format, args...))
}

func (p *play) judgeResults(r *Row) {
	var outcomes []push.Outcome
	for _, res := range p.results {
		outcomes = append(outcomes, res.Outcome)
	}
	if !slices.Equal(outcomes, p.want.outcomes) {
		r.wrong("outcomes are %q, expected %q", outcomes, p.want.outcomes)
	}
	if r.Reason != p.want.reason {
		r.wrong("reason is %q, expected %q", r.Reason, p.want.reason)
	}
	if r.Status != p.want.status {
		r.wrong("the case is %q, expected %q", r.Status, p.want.status)
	}
	if r.Attempts < p.want.attempts {
		r.wrong("%d attempts, expected %d", r.Attempts, p.want.attempts)
	}
	if len(p.results) == 0 {
		return
	}
	last := p.results[len(p.results)-1]
	if last.ConnectorID != p.want.connector {
		r.wrong("the result names connector %q, expected %q", last.ConnectorID, p.want.connector)
	}
	if last.Closed != (p.want.status == closed) {
		r.wrong("the result says closed: %t", last.Closed)
	}
	if s := last.ExternalService; s == nil && p.want.connector != "" || s != nil && (s.ExternalTitle != r.Incident || s.ExternalURL != r.IncidentURL) {
		r.wrong("the result does not name the incident %s", r.Incident)
	}
}

func (p *play) judgeIncidents(r *Row, c kibana.Case, found []incident) {
	if p.want.connector == "" {
		if len(found) > 0 {
			r.wrong("%d incidents, expected none", len(found))
		}
		return
	}
	if len(found) != 1 {
		r.wrong("%d incidents, expected one", len(found))
		return
	}
	i := found[0]
	if i.connector != p.want.connector {
		r.wrong("the incident is in the tracker of %s, expected %s", i.connector, p.want.connector)
	}
	if s := i.Text("summary"); s == "" || !strings.HasPrefix(c.Title, s) || s != c.Title && utf16Len(c.Title) < shortestLimit {
		r.wrong("the incident's title is %q, expected %q", s, c.Title)
	}
	if s := i.Text("description"); !strings.HasPrefix(s, c.Description) {
		r.wrong("the incident's description is %q, expected %q", s, c.Description)
	}
	if len(i.Comments) != len(p.want.comments) {
		r.wrong("%d comments, expected %d", len(i.Comments), len(p.want.comments))
		return
	}
	for n, begin := range p.want.comments {
		if !strings.HasPrefix(i.Comments[n].Body, begin) {
			r.wrong("comment %d is %q, expected %q", n+1, i.Comments[n].Body, begin)
		}
	}
	if p.want.more != nil {
		if wrong := p.want.more(c, i.Issue); wrong != "" {
			r.wrong("%s", wrong)
		}
	}
}

// shortestLimit is Data Center's for a summary, in UTF-16 units.
const shortestLimit = 254

func utf16Len(s string) int { return len(utf16.Encode([]rune(s))) }

func labelled(want ...string) func(kibana.Case, fakejira.Issue) string {
	return func(_ kibana.Case, i fakejira.Issue) string {
		for _, l := range want {
			if !slices.Contains(i.Labels(), l) {
				return fmt.Sprintf("labels are %q, expected %q among them", i.Labels(), l)
			}
		}
		return ""
	}
}

func highIncident(_ kibana.Case, i fakejira.Issue) string {
	name := func(field, key string) any {
		m, _ := i.Fields[field].(map[string]any)
		return m[key]
	}
	if name("priority", "name") != "High" || name("issuetype", "id") != "10003" {
		return fmt.Sprintf("priority is %v and type %v, expected High and 10003", i.Fields["priority"], i.Fields["issuetype"])
	}
	return ""
}

func sameAsKibana(c kibana.Case, i fakejira.Issue) string {
	if c.ExternalService == nil || c.ExternalService.ExternalTitle != i.Key {
		return "it is not the incident that Kibana made"
	}
	return ""
}

const titleContinued = "Title (continued)\n"

// difficultTitle has 300 characters, and more UTF-16 units than that.
func difficultTitle() string {
	const begin, fill = `"Quoted" & <b>'it'</b> {{x}} {{{y}}} 🔥🧯 \n {"a": 1} `, "0123456789 "
	title := []rune(begin + strings.Repeat(fill, 30))
	return string(title[:298]) + `{}`
}

// wholeTitle: summary and first comment together are the title.
func wholeTitle(c kibana.Case, i fakejira.Issue) string {
	whole := i.Text("summary") + strings.TrimPrefix(i.Comments[0].Body, titleContinued)
	if strings.Join(strings.Fields(whole), "") != strings.Join(strings.Fields(c.Title), "") {
		return fmt.Sprintf("summary and comment make %q, expected %q", whole, c.Title)
	}
	return ""
}
