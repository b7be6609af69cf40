package push

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/ledger"
)

// Resolution is what a person knows about an entry that we cannot find out.
// Exactly one of its three forms is set.
type Resolution struct {
	// At is when the person said so.
	At time.Time
	// Tracker is the address of the tracker that Incident is at; "" is unknown.
	Tracker string
	// Incident: this is the case's incident at the tracker.
	Incident connector.Ref
	// None: the case has no incident there; the next push creates one.
	None bool
	// CommentID was sent, or was not.
	CommentID string
	Sent      bool
}

// Errors of Resolve.
var (
	ErrNothingToResolve = errors.New("nothing is uncertain")
	ErrNoSuchComment    = errors.New("no such comment is uncertain")
)

// Resolve settles an entry by what a person says. It is pure; the caller
// stores the entry by compare-and-set and then makes a job for Entry.Want.
// The caller refuses to resolve under a live claim; an ended one goes.
func Resolve(e ledger.Entry, r Resolution) (ledger.Entry, error) {
	e = e.Clone()
	switch {
	case r.CommentID != "":
		if err := resolveComment(&e, r); err != nil {
			return ledger.Entry{}, err
		}
	case r.None:
		if !e.Exists() {
			return ledger.Entry{}, ErrNothingToResolve
		}
		if e.Incident != nil {
			e.Unlinked = e.Incident.ID
		}
		// Its comments went with it.
		e.Incident, e.Fields, e.Comments, e.Plan, e.Pushed = nil, nil, nil, nil, ledger.CaseState{}
		e.SearchedAt = r.At.UTC()
	case !r.Incident.IsZero():
		link(&e, r)
	default:
		return ledger.Entry{}, errors.New("say which incident it is, that there is none, or which comment was sent")
	}
	if e.Plan.Empty() {
		e.Plan = nil
	}
	// What may still be uncertain besides is looked up again at once.
	if e.Plan != nil {
		e.Plan.SettleAt = time.Unix(1, 0).UTC()
		e.Plan.Settle, e.Plan.SettleFrom = 0, e.Plan.SettleAt
	}
	if r.CommentID == "" {
		e.Verify = nil // a person has looked
	}
	e.Blocked, e.Retry, e.Claim = false, nil, nil
	return e, nil
}

// link makes ref the entry's incident. Its fields are not known to be in step,
// so the next push sends them; comments of another incident do not count.
func link(e *ledger.Entry, r Resolution) {
	ref := r.Incident
	if e.Incident != nil && e.Incident.ID != ref.ID {
		e.Comments = nil
	}
	e.Incident = &ledger.Incident{ID: ref.ID, Title: ref.Title, URL: ref.URL, How: ledger.Linked, Tracker: r.Tracker, At: r.At.UTC()}
	e.Fields, e.Pushed, e.Unlinked = nil, ledger.CaseState{}, ""
	if e.Plan != nil {
		e.Plan.Create, e.Plan.Fields = false, nil
	}
}

func resolveComment(e *ledger.Entry, r Resolution) error {
	if e.Plan == nil {
		return ErrNothingToResolve
	}
	i := slices.IndexFunc(e.Plan.Comments, func(m ledger.Mark) bool { return m.ID == r.CommentID })
	if i < 0 {
		return fmt.Errorf("comment %q: %w", r.CommentID, ErrNoSuchComment)
	}
	m := e.Plan.Comments[i]
	e.Plan.Comments = slices.Delete(e.Plan.Comments, i, i+1)
	if r.Sent {
		e.MarkSent(m.ID, ledger.Sent{Source: m.Source, Digest: m.Digest})
	}
	return nil
}
