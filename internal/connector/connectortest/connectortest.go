// Package connectortest is the suite that every adapter passes: what a
// connector promises, tried against a fake tracker over a real socket, with
// faults on the wire between them.
//
// An adapter's own test is a few lines: it fills in a [Harness] and calls
// [Run]. Each case has a name of the form operation/fault or behaviour, so
// that one can be run alone.
package connectortest

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

// Harness tells the suite about one adapter. New, Tracker and Incident are
// required.
type Harness struct {
	// New makes a connector that sends to the tracker at url (no trailing
	// slash) through client alone.
	New func(url string, client *http.Client) (connector.Connector, error)
	// Tracker makes an empty fake tracker. It starts no goroutine.
	Tracker func() Tracker
	// Incident has every field that a create needs, and a text in each field
	// that has a limit.
	Incident connector.Incident
	// Update is what an update sets: at least one text that differs from
	// Incident's. The zero value is Incident with "changed: " before its texts.
	Update connector.Incident
	// Secrets are the credentials that New gives the connector. None may show
	// in an error, in whatever form.
	Secrets []string
	// Reads says of a request that it changes nothing. nil: by its method.
	// Needed where a tracker is searched with POST.
	Reads func(*http.Request) bool
	// Refusal makes the body of a 400 as the tracker writes it around the given
	// words, without any quoting that the words need: they are plain ASCII
	// letters, digits and "-_:/+= ". nil: the tracker's refusals have no words.
	Refusal func(words string) string
	// Missing names an incident that the tracker does not have. The zero value
	// has the id 99999999.
	Missing connector.Ref
	// Stored is what the tracker makes of a text that it takes, if it keeps
	// something else. nil: it keeps the text.
	Stored func(text string) string
	// Targets are the mapping's targets of comments (connector.Comment.Target)
	// that the adapter takes beside "", its default. nil: there is one place for
	// comments, and the adapter takes no notice of targets.
	Targets []string
	// Skip leaves cases out, by name, with the reason why. A name that is no
	// case's fails the suite.
	Skip map[string]string
}

// Tracker is a fake tracker that the suite can look into.
type Tracker interface {
	http.Handler
	// Incidents returns what the tracker holds, oldest first.
	Incidents() []Incident
}

// Incident is one incident as it stands at the tracker.
type Incident struct {
	ID       string            // as in connector.Ref
	Texts    map[string]string // the text fields, by the connector's names
	Comments []string          // oldest first, whatever their target
	// Targets are the comments by the target that they were sent to, oldest
	// first. nil if the tracker has one place for all.
	Targets map[string][]string
}

// minCases is how many cases an adapter has to go through. What its tracker
// cannot do and what it skips does not count.
const minCases = 45

// Run runs every case as a subtest. The cases run one after the other, since
// each looks for goroutines that it has leaked.
func Run(t *testing.T, h Harness) {
	t.Helper()
	h = h.complete()
	all := cases()
	for _, name := range h.staleSkips(all) {
		t.Errorf("harness: Skip names %q, which is no case", name)
	}
	var n tally
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			n.entered++
			defer func() {
				if !t.Skipped() {
					n.ran++
				}
			}()
			if reason, ok := h.Skip[c.name]; ok {
				t.Skip(reason)
			}
			c.run(t, h)
		})
	}
	if n.tooFew(len(all)) {
		t.Errorf("%d cases ran, want at least %d: an adapter that can so little is not tested", n.ran, minCases)
	}
}

// tally counts the cases that were begun, and those of them that were not
// skipped.
type tally struct{ entered, ran int }

// tooFew judges a whole run only: -run may have chosen a few of all.
func (n tally) tooFew(all int) bool { return n.entered == all && n.ran < minCases }

// staleSkips are the names in Skip that no case has, sorted.
func (h Harness) staleSkips(all []namedCase) []string {
	stale := maps.Clone(h.Skip)
	for _, c := range all {
		delete(stale, c.name)
	}
	return slices.Sorted(maps.Keys(stale))
}

// namedCase is one case. It takes a TB, so that the suite's own test can watch
// it fail.
type namedCase struct {
	name string
	run  func(testing.TB, Harness)
}

// cases lists all, in a fixed order.
func cases() []namedCase {
	var all []namedCase
	all = append(all, capabilityCases()...)
	all = append(all, behaviourCases()...)
	all = append(all, textCases()...)
	all = append(all, duplicateCases()...)
	all = append(all, faultCases()...)
	return append(all, wireCases()...)
}

// complete fills in what the harness leaves out.
func (h Harness) complete() Harness {
	if h.Reads == nil {
		h.Reads = func(r *http.Request) bool {
			return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		}
	}
	if h.Missing.IsZero() {
		h.Missing = connector.Ref{ID: "99999999", Title: "GONE-1"}
	}
	if h.Stored == nil {
		h.Stored = func(s string) string { return s }
	}
	if len(h.Update.Fields) == 0 {
		for _, f := range h.Incident.Fields {
			if text, ok := f.Value.(string); ok && f.Name == h.mainText() {
				f.Value = "changed: " + text
			}
			h.Update.Fields = append(h.Update.Fields, f)
		}
	}
	return h
}

// mainText is the name of the first text of the sample that is not a mere
// key: a summary, a title.
func (h Harness) mainText() string {
	for _, f := range h.Incident.Fields {
		if text, ok := f.Value.(string); ok && len(text) >= minTell {
			return f.Name
		}
	}
	return ""
}

// minTell is the length in bytes from which a text is told from a key or a
// number.
const minTell = 8
