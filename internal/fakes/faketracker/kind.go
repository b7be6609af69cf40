package faketracker

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
)

// Options are those of a fake. The zero value shows everything at once.
type Options struct {
	// SearchDelay is for how long a new incident is invisible to a search.
	SearchDelay time.Duration
	Seed        uint64 // of Rule.Probability; 0 is 1
	JournalSize int    // see fakes.NewJournal
	// Conflicts is how many of the first updates meet a conflict, at a tracker
	// that has such.
	Conflicts int
}

// Tracker is a fake with what it holds.
type Tracker interface {
	fakes.Fake
	// Incidents are copies of all, oldest first.
	Incidents() []Incident
	// Delete removes one as a person does, by Incident.ID, and reports whether
	// it was there.
	Delete(id string) bool
}

// Incident is one as it stands.
type Incident struct {
	ID, Name           string // ID and Title of connector.Ref
	Title, Description string
	// Marks make it the incident of Case: labels, a correlation id. An incident
	// without them is of nobody.
	Marks    []string
	Case     string
	Tags     []string // without the marks
	Comments []string // oldest first, as they were sent
	// Observables of the case's alerts.
	Observables []string
	Updated     time.Time
}

// Times are a connector's delivery keys of these names.
type Times struct{ FindDelay, SettleTime time.Duration }

// Kind is one kind of connector with its tracker.
type Kind struct {
	Name string // of a test: "jira"
	New  func(Options) Tracker
	// Definition is that of a connector to the tracker at url (no trailing
	// slash); its ID is left to the caller.
	Definition func(url string, t Times) connector.Definition
	// CaseFields are those of the case's connector; nil is none.
	CaseFields json.RawMessage
	// Alerts are documents of alerts of the case, and Observables what of them
	// belongs to the incident, each once.
	Alerts      []map[string]any
	Observables []string
	Can         Abilities
	// Create and Comment match the requests that make an incident and add a
	// comment, by method and path, and maybe others that Contains tells apart.
	Create, Comment fakes.Rule
	// Reads reports that a request changes nothing at the tracker; its body is
	// not looked at.
	Reads func(*http.Request) bool
	// Unrepeatable reports that a request makes an incident or adds a comment.
	Unrepeatable func(method, path, body string) bool
	// Titles are the mapping's targets of title, description and comments.
	Titles Targets
	// Bare: description and tags are the case's own, without a footer and with
	// their spaces.
	Bare bool
	// Asides: the connector makes reads whose failure costs no more than what they
	// would have told, the name of an incident or the reason of a refusal, and
	// that nobody hears of.
	Asides bool
	// Pushed leaves at the tracker what Kibana's own push leaves of a case.
	// nil: no test needs it.
	Pushed func(Tracker, Push) error
}

// DescriptionFooter is what stands behind the case's description: the footer, or
// nothing.
func (k Kind) DescriptionFooter(footer string) string {
	if k.Bare {
		return ""
	}
	return footer
}

// Abilities are what the type promises of its tracker.
type Abilities struct {
	Find       bool // the incident by its mark
	Count      bool // comments
	Read       bool // fields, and so append
	Retire     bool // a second incident
	Idempotent bool // creates and comments by key
}

// Looks reports whether whatever is uncertain can be found out without a person.
func (a Abilities) Looks() bool { return a.Find && a.Count || a.Idempotent }

// Targets are names of fields.
type Targets struct{ Title, Description, Comments string }

// Push is what Kibana pushes.
type Push struct {
	CaseID, Title, Description string
	Tags, Comments             []string
}

// Kinds are all, in a fixed order.
func Kinds() []Kind {
	return []Kind{
		Jira(), ServiceNowTable(), ServiceNowImport(), ServiceNowSecOps(), Resilient(), ResilientProperty(),
		Swimlane(), Webhook(), WebhookIdempotent(),
	}
}

// markPrefix begins a mark of ours where it is not the case's id alone: it is
// kibana-case-<id>-<hash>.
const markPrefix = "kibana-case-"

func caseOfMark(mark string) string {
	rest := strings.TrimPrefix(mark, markPrefix)
	return rest[:max(0, strings.LastIndex(rest, "-"))]
}

// byMethod is Kind.Reads of a tracker that is searched with GET.
func byMethod(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }
