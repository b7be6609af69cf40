package demo

import (
	"encoding/json"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// sample is one sample case: what happens to it, and what must have become of it.
type sample struct {
	name string
	did  string // what was done, for people
	look string // what to look at, for people
	in   kibana.Case
	// steps happen in order. The first one finds the case stored.
	steps []step
	want  want
}

// want is the state in which a sample must be at the end.
type want struct {
	outcomes  []push.Outcome // one per event
	reason    push.Reason    // of the last one
	connector string         // that has the only incident; "" is no incident at all
	status    string         // of the case; "" is no case
	comments  []string       // each the beginning of one of the incident's, in order
	attempts  int            // of the last push, at least
	// more judges what only this sample has; nil is nothing more.
	more func(kibana.Case, fakejira.Issue) string
}

// Owners, each with a configuration.
const (
	closing  = "securitySolution" // close-by-pushing, default connector soc
	keeping  = "observability"    // close-by-user, default connector it
	unrouted = "cases"            // close-by-user, no default connector
)

const (
	open   = "open"
	closed = kibana.StatusClosed
)

func use(connectorID string) kibana.CaseConnector {
	return kibana.CaseConnector{ID: connectorID, Name: connectorID, Type: ".jira"}
}

func once(o push.Outcome) []push.Outcome { return []push.Outcome{o} }

func twice() []push.Outcome { return []push.Outcome{push.Pushed, push.Pushed} }

// samples are pushed one after the other, so that incidents get the same
// numbers at each run.
func samples() []sample {
	return append(changes(), append(routes(), oddities()...)...)
}

// changes are cases as they change.
func changes() []sample {
	return []sample{
		{
			name: "create", did: "new case pushed", look: "title, description, tags as labels; one comment",
			in:    kibana.Case{Owner: unrouted, Title: "Suspicious login", Description: "From a new country.", Tags: []string{"vpn", "two words"}, Connector: use(soc), Comments: []kibana.Comment{{Text: "Seen twice."}}},
			steps: []step{pushIt(event.Event{})},
			want:  want{outcomes: once(push.Pushed), connector: soc, status: open, comments: []string{"Seen twice."}, more: labelled("vpn", "two-words")},
		},
		{
			name: "update", did: "pushed; title and description changed; pushed", look: "the same incident has the new texts",
			in:    kibana.Case{Owner: unrouted, Title: "Malware on host 7", Description: "Quarantined.", Connector: use(soc)},
			steps: []step{pushIt(event.Event{}), changeTexts("Malware on hosts 7 and 8", "Both are isolated."), pushIt(event.Event{})},
			want:  want{outcomes: twice(), connector: soc, status: open},
		},
		{
			name: "new comment", did: "pushed; comment added; pushed", look: "the comment is there, once",
			in:    kibana.Case{Owner: unrouted, Title: "Phishing mail", Description: "Reported by three people.", Connector: use(it)},
			steps: []step{pushIt(event.Event{}), addComment("The sender is blocked."), pushIt(event.Event{})},
			want:  want{outcomes: twice(), connector: it, status: open, comments: []string{"The sender is blocked."}},
		},
		{
			name: "edited comment", did: "pushed with a comment; comment edited; pushed", look: "the old text, and the new one as a comment of its own",
			in:    kibana.Case{Owner: unrouted, Title: "Port scan", Description: "From inside.", Connector: use(it), Comments: []kibana.Comment{{ID: "c1", Text: "It is the printer."}}},
			steps: []step{pushIt(event.Event{}), editComment("c1", "It is the scanner."), pushIt(event.Event{})},
			want:  want{outcomes: twice(), connector: it, status: open, comments: []string{"It is the printer.", "It is the scanner."}},
		},
		{
			name: "nothing new", did: "pushed; the same event once more", look: "nothing was written the second time",
			in:    kibana.Case{Owner: unrouted, Title: "Failed logins", Description: "Forty in a minute.", Connector: use(soc), Comments: []kibana.Comment{{Text: "A script."}}},
			steps: []step{pushIt(event.Event{}), writesNothing(soc, pushIt(event.Event{}))},
			want:  want{outcomes: []push.Outcome{push.Pushed, push.Unchanged}, connector: soc, status: open, comments: []string{"A script."}},
		},
		{
			name: "close-by-pushing", did: "pushed; the owner's configuration closes", look: "the case was closed in Kibana",
			in:    kibana.Case{Owner: closing, Title: "Disk encrypted by ransomware", Description: "Restored from backup.", Connector: use(soc)},
			steps: []step{pushIt(event.Event{})},
			want:  want{outcomes: once(push.Pushed), connector: soc, status: closed},
		},
		{
			name: "close-by-user", did: "pushed; the owner's configuration does not close", look: "the case is still open",
			in:    kibana.Case{Owner: keeping, Title: "Latency of checkout", Description: "p99 is 4 s.", Connector: use(it)},
			steps: []step{pushIt(event.Event{})},
			want:  want{outcomes: once(push.Pushed), connector: it, status: open},
		},
	}
}

// routes are the ways in which a push finds its connector.
func routes() []sample {
	return []sample{
		{
			name: "connector of the event", did: "the case names soc-jira, the event it-jira", look: "the event wins: an incident in IT alone",
			in:    kibana.Case{Owner: unrouted, Title: "Lost laptop", Description: "In a taxi.", Connector: use(soc)},
			steps: []step{pushIt(event.Event{ConnectorID: it})},
			want:  want{outcomes: once(push.Pushed), connector: it, status: open},
		},
		{
			name: "connector of the case", did: "the case names soc-jira, its owner's default is it-jira", look: "the case wins; its fields set priority and type",
			in: kibana.Case{Owner: keeping, Title: "Certificate expires", Description: "On Friday.", Connector: kibana.CaseConnector{
				ID: soc, Name: "SOC Jira", Type: ".jira", Fields: json.RawMessage(`{"issueType":"10003","priority":"High","parent":null}`),
			}},
			steps: []step{pushIt(event.Event{})},
			want:  want{outcomes: once(push.Pushed), connector: soc, status: open, more: highIncident},
		},
		{
			name: "default connector", did: "the case names none, its owner's default is it-jira", look: "an incident in IT",
			in:    kibana.Case{Owner: keeping, Title: "Queue grows", Description: "Since the release."},
			steps: []step{pushIt(event.Event{})},
			want:  want{outcomes: once(push.Pushed), connector: it, status: open},
		},
		{
			name: "no connector", did: "neither event, case nor configuration names one", look: "no incident; the result says why",
			in:    kibana.Case{Owner: unrouted, Title: "For the record", Description: "Nobody has to act."},
			steps: []step{pushIt(event.Event{})},
			want:  want{outcomes: once(push.Skipped), reason: push.ReasonNoConnector, status: open},
		},
	}
}

// oddities are what goes wrong elsewhere.
func oddities() []sample {
	return []sample{
		{
			name: "pushed by Kibana before", did: "Kibana made the incident; comment added; pushed", look: "the same incident, no second one; only the new comment was sent",
			in:    kibana.Case{Owner: unrouted, Title: "Brute force on SSH", Description: "Against the jump host.", Connector: use(it), Comments: []kibana.Comment{{Text: "Pushed by Kibana."}}},
			steps: []step{pushAsKibana(it), addComment("Pushed by casepush."), pushIt(event.Event{})},
			want:  want{outcomes: once(push.Pushed), connector: it, status: open, comments: []string{"Pushed by Kibana.", "Pushed by casepush."}, more: sameAsKibana},
		},
		{
			name: "difficult title", did: `quotes, {{x}}, emoji, 300 characters`, look: "cut where Jira ends; the rest is a comment; nothing was interpreted",
			in:    kibana.Case{Owner: unrouted, Title: difficultTitle(), Description: "See the title.", Connector: use(soc)},
			steps: []step{pushIt(event.Event{})},
			want:  want{outcomes: once(push.Pushed), connector: soc, status: open, comments: []string{titleContinued}, more: wholeTitle},
		},
		{
			name: "malformed event", did: "an event whose case has a number as title", look: "put aside as a dead letter with the reason; nothing was sent",
			steps: []step{pushIt(event.Event{Case: json.RawMessage(`{"title":42}`)}), deadLettered()},
			want:  want{outcomes: once(push.DeadLettered), reason: push.ReasonMalformed},
		},
	}
}

// troubles are on a tracker of their own and take seconds: they go on while
// the other samples are pushed.
func troubles() []sample {
	return []sample{
		{
			name: "tracker down", did: "OPS Jira answers 503 twice, then recovers", look: "waited and tried again: one incident; the other trackers went on meanwhile",
			in:    kibana.Case{Owner: unrouted, Title: "Backup failed", Description: "The tape is full.", Connector: use(ops)},
			steps: []step{down(ops, 2), pushIt(event.Event{})},
			want:  want{outcomes: once(push.Pushed), connector: ops, status: open, attempts: 3},
		},
		{
			name: "answer lost", did: "OPS Jira creates the issue and drops the connection", look: "looked up before anything was sent again: one incident",
			in:    kibana.Case{Owner: unrouted, Title: "Fire alarm in rack 4", Description: "False alarm.", Connector: use(ops), Comments: []kibana.Comment{{Text: "A dusty sensor."}}},
			steps: []step{loseAnswer(ops), pushIt(event.Event{})},
			want:  want{outcomes: once(push.Pushed), connector: ops, status: open, comments: []string{"A dusty sensor."}, attempts: 2},
		},
	}
}
