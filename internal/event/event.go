// Package event is the push event: the wish to bring one tracker up to date
// with one case. It reads and writes the body of a message; it does no I/O and
// knows no queue.
package event

import (
	"bytes"
	"encoding/json"
	"regexp"
	"time"
)

// DefaultSpace is the space of an event that names none.
const DefaultSpace = "default"

// owners are the applications that have cases.
var owners = [...]string{"cases", "observability", "securitySolution"}

// Event is one push event. Only CaseID and SpaceID are always set.
type Event struct {
	CaseID  string
	SpaceID string
	// Owner is "cases", "observability", "securitySolution", or "" for "not said". What a
	// snapshot has as its owner is not looked at.
	Owner string
	// ConnectorID overrides the case's own connector; "" does not.
	ConnectorID string
	// RequestedAt is in UTC; the zero value is "not said".
	RequestedAt time.Time
	// RequestedBy is for the record only and authorizes nothing; nil is "not said".
	RequestedBy *Person
	// Case is a snapshot in the shape of Kibana's GET /api/cases/{id}, or nil.
	// It is a JSON object; nothing but its id has been looked at.
	Case json.RawMessage
	// ID is the CloudEvents id, else the Nats-Msg-Id, else "".
	ID string
	// TraceParent is a well-formed W3C traceparent, or "".
	TraceParent string
}

// Person is who asked for a push.
type Person struct {
	Username, FullName, Email string
}

// Thin reports whether the event carries no snapshot, so that the case has to
// be fetched from Kibana.
func (e Event) Thin() bool { return len(bytes.TrimSpace(e.Case)) == 0 }

func (e Event) space() string {
	if e.SpaceID == "" {
		return DefaultSpace
	}
	return e.SpaceID
}

// Message is a message as the queue gives it, without its prefix.
type Message struct {
	// SpaceID and CaseID are the subject's tokens; "" where there is no subject.
	SpaceID, CaseID string
	// Header is looked up without regard to letter case.
	Header map[string][]string
	// Body is at most as large as the caller allows: nothing here bounds it.
	Body []byte
}

// IsToken reports whether s can stand in a subject: 1 to 128 of A-Z, a-z, 0-9, _
// and -. That also keeps ids out of the way of paths and key-value keys, so
// nothing else may be a case or space id.
func IsToken(s string) bool {
	if len(s) == 0 || len(s) > 128 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// traceParentPattern: https://www.w3.org/TR/trace-context/#traceparent-header
var traceParentPattern = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
