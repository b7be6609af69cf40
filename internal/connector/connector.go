// Package connector is the contract between the pusher and the adapters: what
// an adapter can do, what it is given, and what its errors mean.
package connector

import (
	"context"
	"time"
)

// Connector pushes incidents to one external tracker. No method retries; each
// call makes at most one request that changes something at the tracker, and
// its error says whether that change may have happened.
//
// Methods are safe for concurrent use. Every error is an [*Error]. A cancelled
// context ends a call at once with an error whose Effect is unknown if a
// changing request had been started.
type Connector interface {
	// Capabilities never changes during a connector's life and does no I/O.
	Capabilities() Capabilities
	// FindIncident looks for the incident that carries the correlation id and
	// verifies the mark on what the tracker returns. Kind NotFound if there is
	// none yet; with several, the oldest. A tracker without a search answers
	// Rejected: see Capabilities.
	FindIncident(ctx context.Context, id CorrelationID) (Ref, error)
	// CreateIncident creates one incident that carries the correlation id from
	// its first moment.
	CreateIncident(ctx context.Context, id CorrelationID, in Incident) (Ref, error)
	// ReadIncident returns the named fields as the tracker has them now.
	ReadIncident(ctx context.Context, ref Ref, fields []string) (Incident, error)
	// UpdateIncident sets the given fields and leaves all others alone; the
	// correlation mark survives it. It may be repeated with the same effect.
	UpdateIncident(ctx context.Context, id CorrelationID, ref Ref, in Incident) error
	// CountComments says how often each of the given comments is at the
	// incident: one count for each, in their order. It lists the incident's
	// comments once (in as many pages as that takes), however many are given;
	// for none it sends no request. With an error there are no counts.
	//
	// Where Capabilities.CommentsByID is set, a count is of this very comment,
	// by the ID and Source that it carries at the tracker. Else it is of every
	// comment whose exact text has the Digest, whatever mark it carries: those
	// of Kibana, of people and our own of another id are included. A comment
	// that shows this very ID and Source counts too if its text was changed
	// there. So comments of one text share what is counted: the caller takes
	// off those of that text that it knows, and each that it finds.
	CountComments(ctx context.Context, ref Ref, cs []Comment) ([]int, error)
	// AddComment adds one comment.
	AddComment(ctx context.Context, ref Ref, c Comment) error
	// Probe asks whether pushes can work at all: one harmless read that needs
	// our credentials, the place that incidents go to, and the rights to write
	// there. nil says that they can, as far as a read can tell; Unauthenticated
	// that the credentials are wrong; Forbidden that a right is missing, by its
	// name; NotFound that the place is not there. Any other error says nothing
	// of these. A tracker that has no such read is not asked: nil.
	Probe(ctx context.Context) error
}

// Deduplicator is a Connector that can put right what a process may do which
// was suspended right before it sent: a second incident of one case.
type Deduplicator interface {
	Connector
	// OtherIncidents returns every incident that carries the mark of id, keep
	// left out, each verified like that of FindIncident, oldest first.
	OtherIncidents(ctx context.Context, id CorrelationID, keep Ref) ([]Ref, error)
	// RetireDuplicate says at duplicate that keep is the case's incident: it
	// links the two, says so in a comment, closes duplicate if the connector is
	// told how, and last takes the mark off it. It makes several changes; it may
	// be repeated with the same effect after any of them. An incident without
	// the mark is left alone: nil. NotFound means that duplicate is gone.
	RetireDuplicate(ctx context.Context, id CorrelationID, keep, duplicate Ref) error
}

// Batcher is a Connector that adds comments of some targets together.
type Batcher interface {
	Connector
	// Batch is how many comments of one target go into one request; at least 1.
	Batch(target string) int
	// AddComments adds comments of one target, at most Batch of them, in one
	// request: either all of them or none.
	AddComments(ctx context.Context, ref Ref, cs []Comment) error
}

// CorrelationID is the mark by which an incident is found again. Adapters
// derive from it what their tracker can store: a label, a field, a property.
type CorrelationID struct {
	ConnectorID, SpaceID, CaseID string
	// After is the id of an incident which a person has said is not this
	// case's; "" is none. It is no part of the mark: a tracker that is idempotent
	// by key needs it, or it would answer with that incident for ever.
	After string
}

// Ref names one incident at the tracker.
type Ref struct {
	ID    string // the tracker's own id, which requests use
	Title string // what people call it: PROJ-1, INC0010
	URL   string // where people see it
}

// IsZero reports whether the ref names nothing.
func (r Ref) IsZero() bool { return r.ID == "" }

// Incident is what the tracker shall show: fields by the names of the
// connector type, in the order in which they are sent.
type Incident struct {
	Fields []Field
}

// Field is one field of an incident.
type Field struct {
	Name string
	// Value is a string, a []string, a bool, a json.Number, a map[string]any
	// or []any of these, or nil. What nil means is the adapter's business.
	Value any
	// Source is the identity of the value, without what is merely added to it
	// (footers, links): the same Source is the same value. Opaque.
	Source string
	// Append joins Value to what the field already has instead of replacing it.
	// The pusher resolves it; an adapter never sees it set.
	Append bool
}

// Get returns the value of the named field.
func (in Incident) Get(name string) (any, bool) {
	for _, f := range in.Fields {
		if f.Name == name {
			return f.Value, true
		}
	}
	return nil, false
}

// Text returns the named field if it is a string, else "".
func (in Incident) Text(name string) string {
	v, _ := in.Get(name)
	s, _ := v.(string)
	return s
}

// Comment is one comment as it stands at the tracker.
type Comment struct {
	// ID is the case comment's id, "<case id>-total-alerts" for the count of
	// alerts; a further part of a long text has a suffix "#2", "#3", …
	ID string
	// Source is the identity of the text: id and Source together are sent once.
	Source string
	// Digest is [Digest] of Text.
	Digest string
	// Text is what is sent. It is empty in a look-up for a comment whose text
	// the case no longer has: then only ID, Source and Digest are known.
	Text string
	// Target is the mapping's target: the field that comments go to. "" is the
	// adapter's default.
	Target string
}

// Capabilities says what a tracker can do and how long to wait for it.
type Capabilities struct {
	// Address is where the tracker is: an incident's id means nothing at
	// another one. It is kept with each incident. "" is unknown.
	Address string
	// FindIncident and CountComments: false means that an uncertain create or
	// comment cannot be looked up, and a person has to decide.
	FindIncident, CountComments bool
	// CommentsByID: every comment that we sent shows its ID and Source (as
	// properties) in a listing, for certain, so that two comments of the same
	// text are told apart.
	CommentsByID bool
	// ReadIncident: needed for append on title and description.
	ReadIncident bool
	// Idempotent: a create, and a comment, that is sent again for the same
	// correlation id, or the same comment of the same incident, has no further
	// effect and the same answer, however much later. What is uncertain is then
	// sent again instead of looked up.
	Idempotent bool
	// NoComments: the tracker has no place for comments, and gets none.
	NoComments bool
	// SettleTime is how long a request may still take effect at the tracker
	// after we stopped waiting for its answer.
	SettleTime time.Duration
	// FindDelay is how long a new incident may stay invisible to FindIncident.
	FindDelay time.Duration
	// Limits by field name; the name "comment" bounds a comment's text.
	// What exceeds them is cut, and the rest goes into comments.
	Limits map[string]Limit
	// MaxInFlight bounds the pushes that run at once; 0 means 16.
	MaxInFlight int
}
