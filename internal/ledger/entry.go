// Package ledger is the durable record of every effect: one entry per
// (connector, space, case). It is the only thing that exactly-once rests on;
// deliveries and acknowledgements are hints.
package ledger

import (
	"maps"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// Format is the version of the entry's encoding. A reader refuses a newer one.
const Format = 1

// Key names an entry.
type Key struct {
	Connector, Space, Case string
}

// Entry is what is known of one case at one connector. The zero value is an
// entry that does not exist: nothing was ever tried.
//
// It holds ids, digests and times, and no text of the case.
type Entry struct {
	Format int `json:"v"`
	// Write is a fresh id of each write, by which a write whose answer was
	// lost is recognised when it is read back.
	Write string `json:"w"`

	// Cursor is the newest event whose outcome is recorded here.
	Cursor Position `json:"cur,omitzero"`
	// Want is the newest event whose job was acknowledged because this entry
	// promises to come back for it. It is at most Cursor when nothing is owed.
	Want Position `json:"want,omitzero"`

	Epoch uint64 `json:"ep,omitempty"` // counts claims
	Claim *Claim `json:"claim,omitempty"`
	// Plan is the intent: what may have been sent since and is not recorded as done.
	Plan *Plan `json:"plan,omitempty"`

	Incident *Incident `json:"inc,omitempty"`
	// SearchedAt is when the tracker was searched and had no incident of this
	// case, or a person said so; not later than that, on the store's clock. What
	// a store that is trusted since then does not know does not exist.
	SearchedAt time.Time `json:"searched_at,omitzero"`
	// Unlinked is the id of an incident that a person said is not this case's.
	Unlinked string `json:"unlinked,omitempty"`
	// Fields holds by field name the Source that was last pushed.
	Fields map[string]string `json:"fields,omitempty"`
	// Comments holds by comment id what was sent, oldest first.
	Comments map[string][]Sent `json:"com,omitempty"`
	// Pushed orders the case's states: an older one never overwrites it.
	Pushed CaseState `json:"state,omitzero"`

	// Blocked: nothing is sent until a person resolves what is uncertain.
	Blocked bool `json:"blocked,omitempty"`
	// Dead: the last outcome was a dead letter, which the next success removes.
	Dead  bool   `json:"dead,omitempty"`
	Retry *Retry `json:"retry,omitempty"`
	// Closing is set from the moment that all effects are recorded until the
	// case was closed or need not be.
	Closing *Closing `json:"closing,omitempty"`
	// ClosedAt is when we last closed the case.
	ClosedAt time.Time `json:"closed_at,omitzero"`
	Last     *Outcome  `json:"last,omitempty"`
	// Verify is the second look that is owed.
	Verify *Verify `json:"verify,omitempty"`
	// Duplicates are further incidents of the case that second looks have found.
	Duplicates []Incident `json:"dup,omitempty"`

	// StoredAt is when the store took this revision, on its own clock. It is
	// set by Get and not part of the entry.
	StoredAt time.Time `json:"-"`
}

// Claim says who works on the entry.
type Claim struct {
	ID    string        `json:"id"`
	Owner string        `json:"by"`
	Lease time.Duration `json:"lease"` // from the write of this revision
}

// Plan is what one claim may have sent.
type Plan struct {
	Through  Position          `json:"to,omitzero"`
	Create   bool              `json:"create,omitempty"`
	Fields   map[string]string `json:"fields,omitempty"` // Source by name, of the create or the update
	Comments []Mark            `json:"com,omitempty"`
	Pushed   CaseState         `json:"state,omitzero"` // of the fields
	// SettleAt is when the outcome can be looked up, by the clock of whoever
	// recorded it; wake-ups are made by it. Zero while the claim's holder may
	// still be at work.
	SettleAt time.Time `json:"settle,omitzero"`
	// Settle is how long after SettleFrom the outcome can be looked up. Both
	// are on the store's clock, which decides: workers' clocks may differ.
	Settle time.Duration `json:"settle_for,omitempty"`
	// SettleFrom is when the plan got its SettleAt; zero: when this very
	// revision was stored.
	SettleFrom time.Time `json:"settle_from,omitzero"`
}

// Empty reports whether the plan holds nothing uncertain.
func (p *Plan) Empty() bool {
	return p == nil || (!p.Create && len(p.Fields) == 0 && len(p.Comments) == 0)
}

// Unsettled says how long the outcome cannot be looked up yet, for an entry that
// was stored at the given time; both times are on the store's clock. It is never
// more than the settle time: now may be that of a message which has waited since
// long before the entry was stored.
func (p *Plan) Unsettled(storedAt, now time.Time) time.Duration {
	if p.Empty() || p.SettleAt.IsZero() {
		return 0
	}
	from := p.SettleFrom
	if from.IsZero() {
		from = storedAt
	}
	return min(p.Settle, from.Add(p.Settle).Sub(now))
}

// Mark identifies a comment.
type Mark struct {
	ID     string `json:"id"`
	Source string `json:"s"`
	Digest string `json:"d"`
}

// Sent is one text of a comment that is at the tracker.
type Sent struct {
	Source string `json:"s"`
	Digest string `json:"d"`
}

// Incident is the tracker's record.
type Incident struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
	URL   string `json:"url,omitempty"`
	How   How    `json:"how,omitempty"`
	// Tracker is the address of the tracker that ID counts at; "" is unknown.
	Tracker string    `json:"tracker,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// How tells how the entry came to its incident.
type How string

// Ways.
const (
	Created How = "created"
	Found   How = "found"   // by correlation id
	Adopted How = "adopted" // Kibana had pushed it
	Linked  How = "linked"  // a person said so
)

// Retry is a push that waits.
type Retry struct {
	NotBefore time.Time `json:"at"`
	// Attempts are those that sent something, or could have: 0 if the push was
	// only put off.
	Attempts int       `json:"n"`
	First    time.Time `json:"first"`
	// PutOff is for how long, since First, the push waited because its connector
	// was held: no part of its age.
	PutOff time.Duration `json:"held,omitempty"`
	Stage  string        `json:"stage,omitempty"`
	Reason string        `json:"why,omitempty"` // the last error in words, redacted
}

// Closing is a close that is owed.
type Closing struct {
	Since time.Time `json:"since"` // of the state that was pushed, on Kibana's clock: a later close answers it
}

// Outcome is the last result, kept to say it again when the answer was lost.
type Outcome struct {
	Outcome  string    `json:"o"`
	Reason   string    `json:"r,omitempty"`
	EventID  string    `json:"id,omitempty"`
	EventSeq uint64    `json:"seq,omitempty"`
	Through  Position  `json:"to,omitzero"`
	Owner    string    `json:"owner,omitempty"`
	Closed   bool      `json:"closed,omitempty"`
	Attempts int       `json:"n,omitempty"`
	TookMS   int64     `json:"ms,omitempty"`
	At       time.Time `json:"at"`
}

// Exists reports whether the entry was ever written.
func (e Entry) Exists() bool { return e.Format != 0 }

// Clone returns a copy that shares nothing.
func (e Entry) Clone() Entry {
	e.Claim = clonePtr(e.Claim)
	e.Incident = clonePtr(e.Incident)
	e.Retry = clonePtr(e.Retry)
	e.Closing = clonePtr(e.Closing)
	e.Last = clonePtr(e.Last)
	e.Verify = clonePtr(e.Verify)
	e.Duplicates = slices.Clone(e.Duplicates)
	e.Fields = maps.Clone(e.Fields)
	if e.Plan != nil {
		p := *e.Plan
		p.Fields = maps.Clone(p.Fields)
		p.Comments = slices.Clone(p.Comments)
		e.Plan = &p
	}
	if e.Comments != nil {
		c := make(map[string][]Sent, len(e.Comments))
		for id, sent := range e.Comments {
			c[id] = slices.Clone(sent)
		}
		e.Comments = c
	}
	return e
}

func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// HasSent reports whether this comment with this text is at the tracker.
func (e Entry) HasSent(id, source string) bool {
	return slices.ContainsFunc(e.Comments[id], func(s Sent) bool { return s.Source == source })
}

// MarkSent records a comment as being at the tracker.
func (e *Entry) MarkSent(id string, s Sent) {
	if e.HasSent(id, s.Source) {
		return
	}
	if e.Comments == nil {
		e.Comments = map[string][]Sent{}
	}
	e.Comments[id] = append(e.Comments[id], s)
}

// CountDigest says how many comments of this text are known to be at the tracker.
func (e Entry) CountDigest(digest string) int {
	n := 0
	for _, sent := range e.Comments {
		for _, s := range sent {
			if s.Digest == digest {
				n++
			}
		}
	}
	return n
}

// Ref is the incident as adapters name it.
func (i *Incident) Ref() connector.Ref {
	return connector.Ref{ID: i.ID, Title: i.Title, URL: i.URL}
}
