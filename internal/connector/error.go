package connector

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what to do about an error.
type Kind int

// The zero value is the safe one: try again, but look first.
const (
	Transient       Kind = iota // try again later
	RateLimited                 // try again, not before RetryAfter
	Conflict                    // the record changed meanwhile: read again, then repeat
	Rejected                    // the same request will be refused again
	Unauthenticated             // the credentials are wrong: nothing will work
	Forbidden                   // the credentials may not do this
	NotFound                    // the incident is not there
)

var kindNames = [...]string{"transient", "rate limited", "conflict", "rejected", "unauthenticated", "forbidden", "not found"}

// String returns the kind in words.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return kindNames[k]
}

// Effect says what may have happened at the tracker.
type Effect int

// The zero value is the safe one: it may have happened.
const (
	EffectUnknown Effect = iota // the change may have happened, or may still happen
	NotApplied                  // the change did not happen and will not
)

// String returns the effect in words.
func (e Effect) String() string {
	if e == NotApplied {
		return "not applied"
	}
	return "unknown"
}

// Scope says how far a limit of the tracker reaches.
type Scope int

// The zero value is the safe one.
const (
	WholeTracker Scope = iota // nothing may be sent through this connector until it is over
	OneIncident               // only this incident has to wait
)

// Error is what every method of a Connector returns. Both zero values are the
// safe answer. It never holds a secret, a body or a query string; it may hold
// the tracker's own words about what is wrong, bounded and redacted.
type Error struct {
	Op         string        // "create incident", "add comment", …
	Kind       Kind          // what to do
	Effect     Effect        // what has happened
	Status     int           // HTTP status, 0 if there was no answer
	RetryAfter time.Duration // how long the tracker asked us to wait, 0 if it did not
	Scope      Scope         // of a RateLimited error: what has to wait
	Err        error         // the cause; its text is the tracker's words where it gave any
}

// Error gives operation, class and cause: create incident: rejected (HTTP 400): field "priority": not on screen.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(": ")
	b.WriteString(e.Kind.String())
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Causes that are told apart by errors.Is.
var (
	// ErrHostNotAllowed: the URL's host is not in outbound.allowedHosts. Nothing was sent.
	ErrHostNotAllowed = errors.New("host not allowed")
	// ErrTemplate: a template did not render to something that can be sent. Nothing was sent.
	ErrTemplate = errors.New("template")
	// ErrHeld: the connector is paused or held, so nothing was sent: no attempt
	// of its own. RetryAfter says for how long, as far as that is known.
	ErrHeld = errors.New("connector held")
	// ErrAnswerTooLarge: the answer is larger than outbound.maxResponseContentLength.
	// A reader may ask for less.
	ErrAnswerTooLarge = errors.New("answer too large")
)

// AsError returns the *Error in err's chain. Any other error becomes a
// transient one of unknown effect: the safe answer.
func AsError(op string, err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Op: op, Err: err}
}
