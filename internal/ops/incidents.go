package ops

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
)

// State is how an entry of the ledger stands.
type State string

// States.
const (
	StateOK        State = "ok"        // the tracker is in step with the newest event that was seen
	StateRetry     State = "retry"     // waits for its next attempt
	StateUncertain State = "uncertain" // something may have been sent: it is looked up first, or a person decides
	StateDead      State = "dead"      // the last push was put aside
	StateClaimed   State = "claimed"   // a worker is at it now, or ended in the middle of it
)

// Incident is what the ledger knows of one case at one connector.
type Incident struct {
	ConnectorID string `json:"connector_id"`
	SpaceID     string `json:"space_id"`
	CaseID      string `json:"case_id"`
	State       State  `json:"state"`
	// Blocked: nothing is sent until a person resolves what is uncertain.
	Blocked bool `json:"blocked,omitempty"`
	// Dead: the last push was put aside, and none has succeeded since.
	Dead bool `json:"dead,omitempty"`

	IncidentID string     `json:"incident_id,omitempty"`
	Title      string     `json:"incident_title,omitempty"`
	URL        string     `json:"incident_url,omitempty"`
	How        ledger.How `json:"how,omitempty"`
	// Since is when the incident became the case's.
	Since    time.Time `json:"since,omitzero"`
	Comments int       `json:"comments"` // that are known to be at the tracker

	// Cursor and Want are sequences: of the newest event that has its outcome,
	// and of the newest that the entry has promised to come back for.
	Cursor uint64 `json:"cursor"`
	Want   uint64 `json:"want"`

	ClaimedBy string        `json:"claimed_by,omitempty"`
	Lease     time.Duration `json:"-"`
	// RecordedAt is when the entry was last written, on the clock of NATS.
	RecordedAt time.Time `json:"recorded_at,omitzero"`

	// Uncertain is what may have been sent; while ClaimedBy is at work, what it
	// sends now.
	Uncertain *Uncertain `json:"uncertain,omitempty"`
	Retry     *Waiting   `json:"retry,omitempty"`
	Last      *Last      `json:"last,omitempty"`
	ClosedAt  time.Time  `json:"closed_at,omitzero"`
	// SecondLook is when the tracker is searched again for a second incident of
	// the case; zero: none is owed.
	SecondLook time.Time `json:"second_look,omitzero"`
	// Duplicates are further incidents of the case that a second look has found.
	Duplicates []Duplicate `json:"duplicates,omitempty"`
}

// Duplicate is a second incident of a case, which is not used.
type Duplicate struct {
	IncidentID string    `json:"incident_id"`
	Title      string    `json:"incident_title,omitempty"`
	URL        string    `json:"incident_url,omitempty"`
	FoundAt    time.Time `json:"found_at,omitzero"`
}

// Uncertain is what may have been sent.
type Uncertain struct {
	Create   bool     `json:"create,omitempty"`
	Update   bool     `json:"update,omitempty"`
	Comments []string `json:"comments,omitempty"` // ids
	// Since is when it may have been sent, or a little later.
	Since time.Time `json:"since,omitzero"`
	// LookUpAt is when it can be looked up; zero while its sender may be at work.
	LookUpAt time.Time `json:"look_up_at,omitzero"`
}

// namedComments bounds how many comments are named: a first push may have
// thousands in flight.
const namedComments = 3

// String names it in words, of many comments their count and the first ones.
func (u *Uncertain) String() string {
	var words []string
	if u.Create {
		words = append(words, "the create")
	}
	if u.Update {
		words = append(words, "an update")
	}
	switch n := len(u.Comments); {
	case n == 1:
		words = append(words, fmt.Sprintf("comment %q", u.Comments[0]))
	case n > 1:
		var ids []string
		for _, id := range u.Comments[:min(n, namedComments)] {
			ids = append(ids, strconv.Quote(id))
		}
		if n > namedComments {
			ids = append(ids, "…")
		}
		words = append(words, fmt.Sprintf("%d comments: %s", n, strings.Join(ids, ", ")))
	}
	return strings.Join(words, ", ")
}

// Waiting is a push that is tried again.
type Waiting struct {
	At       time.Time `json:"next_attempt"`
	Attempts int       `json:"attempts"`
	First    time.Time `json:"first_attempt"`
	Stage    string    `json:"stage,omitempty"`
	Reason   string    `json:"message,omitempty"`
}

// Last is the last outcome.
type Last struct {
	Outcome  push.Outcome `json:"outcome"`
	Reason   push.Reason  `json:"reason,omitempty"`
	EventID  string       `json:"event_id,omitempty"`
	EventSeq uint64       `json:"event_seq,omitempty"`
	Closed   bool         `json:"closed"`
	Attempts int          `json:"attempts"`
	At       time.Time    `json:"at"`
}

func incident(k ledger.Key, e ledger.Entry) Incident {
	i := Incident{
		ConnectorID: k.Connector, SpaceID: k.Space, CaseID: k.Case, State: state(e), Blocked: e.Blocked,
		Comments: len(e.Comments), Cursor: e.Cursor.Seq, Want: e.Want.Seq, ClosedAt: e.ClosedAt, Dead: e.Dead, RecordedAt: e.StoredAt,
		SecondLook: e.Verify.Due(),
	}
	for _, d := range e.Duplicates {
		i.Duplicates = append(i.Duplicates, Duplicate{IncidentID: d.ID, Title: d.Title, URL: d.URL, FoundAt: d.At})
	}
	if inc := e.Incident; inc != nil {
		i.IncidentID, i.Title, i.URL, i.How, i.Since = inc.ID, inc.Title, inc.URL, inc.How, inc.At
	}
	if c := e.Claim; c != nil {
		i.ClaimedBy, i.Lease = c.Owner, c.Lease
	}
	if p := e.Plan; !p.Empty() {
		i.Uncertain = &Uncertain{Create: p.Create, Update: !p.Create && len(p.Fields) > 0, LookUpAt: p.SettleAt, Since: p.SettleFrom}
		if i.Uncertain.Since.IsZero() {
			i.Uncertain.Since = e.StoredAt
		}
		for _, c := range p.Comments {
			i.Uncertain.Comments = append(i.Uncertain.Comments, c.ID)
		}
	}
	if r := e.Retry; r != nil {
		i.Retry = &Waiting{At: r.NotBefore, Attempts: r.Attempts, First: r.First, Stage: r.Stage, Reason: r.Reason}
	}
	if l := e.Last; l != nil {
		i.Last = &Last{
			Outcome: push.Outcome(l.Outcome), Reason: push.Reason(l.Reason), EventID: l.EventID, EventSeq: l.EventSeq,
			Closed: l.Closed, Attempts: l.Attempts, At: l.At,
		}
	}
	return i
}

// state is the one word for an entry: what is most in the way comes first.
func state(e ledger.Entry) State {
	switch {
	case e.Blocked:
		return StateUncertain
	case e.Claim != nil:
		return StateClaimed
	case !e.Plan.Empty():
		return StateUncertain
	case e.Retry != nil:
		return StateRetry
	case e.Dead:
		return StateDead
	}
	return StateOK
}
