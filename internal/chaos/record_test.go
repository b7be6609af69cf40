package chaos

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// ourUser is whom the fake Kibana names as the writer of what we write there.
const ourUser = "casepush"

// record judges one case's entry, its last result and its status.
func (a *audit) record(r *rig, c *subject, known *ledger.Incident, last push.Result) {
	now, _ := r.kibana.Case(c.id)
	if now.Status == "closed" {
		a.closed++
	} else {
		a.blame(c.id, nil, "the case is %q, want closed", now.Status)
	}
	if now.UpdatedBy != nil && now.UpdatedBy.Username == ourUser {
		a.changedByUs++
	}
	if known == nil {
		a.blame(c.id, nil, "the ledger has no incident")
		return
	}
	in, ok := r.tracker(c.connector.ID).incident(known.ID)
	// Where its name is read after a create, the id is its name if the read fails.
	named := in.Name == known.Title || c.kind.Asides && in.ID == known.Title
	if !ok || in.Case != c.id || !named {
		a.blame(c.id, nil, "the ledger says incident %s (%s), which is not the case's", known.ID, known.Title)
	}
	if s := last.ExternalService; s == nil || s.ExternalID != known.ID || s.ExternalTitle != known.Title {
		a.blame(c.id, nil, "the last result names another incident than the ledger: %+v", s)
	}
}

// report fails the test with all that is wrong, and for the first few cases
// with all that was asked about them.
func (a *audit) report(r *rig) {
	r.t.Helper()
	const shown = 3
	for i, id := range slices.Sorted(maps.Keys(a.problems)) {
		r.t.Errorf("%s: %s", id, strings.Join(a.problems[id], "; "))
		if i < shown {
			r.t.Log(r.history(id))
		}
	}
}

// history is all that is known of one case.
func (r *rig) history(id string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "history of %s\n", id)
	for _, tr := range r.trackers {
		keys := []string{id}
		for _, in := range tr.fake.Incidents() {
			if in.Case == id {
				keys = append(keys, "/"+in.ID, "/"+in.Name)
			}
		}
		requestsOf(&b, tr.id, tr.fake.Journal(), keys)
	}
	requestsOf(&b, "kibana", r.kibana.Journal(), []string{id})
	for k, e := range r.ledger() {
		if k.Case == id {
			text, err := json.Marshal(e)
			fmt.Fprintf(&b, "  ledger: %+v %s %v\n", k, text, err)
		}
	}
	for _, res := range r.results() {
		if res.CaseID == id {
			fmt.Fprintf(&b, "  result: event %d (%s) through %d: %s %s closed=%t attempts=%d at %s\n",
				res.EventSeq, res.EventID, res.ThroughSeq, res.Outcome, res.Reason, res.Closed, res.Attempts, res.At.Format("15:04:05.000"))
		}
	}
	for i, w := range r.workers {
		fmt.Fprintf(&b, "  worker %d:\n%s", i+1, w.logOf(id))
	}
	return b.String()
}

// requestsOf writes what a fake was asked about a case.
func requestsOf(b *strings.Builder, name string, j *fakes.Journal, keys []string) {
	for _, q := range j.Requests() {
		if slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(q.Path+"/"+q.Query+q.Body, key) }) {
			fmt.Fprintf(b, "  %s %-6s %s %s %s -> %d acted=%t fault=%q %.400s\n",
				q.Time.Format("15:04:05.000"), name, q.Method, q.Path, q.Query, q.Status, q.Acted, q.Fault, q.Body)
		}
	}
}

// tracker finds one by its connector.
func (r *rig) tracker(connector string) *tracker {
	for _, tr := range r.trackers {
		if tr.id == connector {
			return tr
		}
	}
	r.t.Fatalf("no tracker of connector %q", connector)
	return nil
}
