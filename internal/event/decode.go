package event

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Decode reads a message: plain JSON, or CloudEvents 1.0 in structured form
// (specversion in the body) or binary form (ce-* headers). Unknown keys are
// ignored. A space that the body does not name is the subject's, else
// [DefaultSpace]. Every error is a [*MalformedError].
func Decode(m Message) (Event, error) {
	env, err := open(m)
	if err != nil {
		return Event{}, err
	}
	e := Event{ID: env.id, TraceParent: env.traceParent}
	if err := e.fill(env.data); err != nil {
		return Event{}, err
	}
	if e.SpaceID == "" {
		e.SpaceID = m.SpaceID
	}
	if e.SpaceID == "" {
		e.SpaceID = DefaultSpace
	}
	if err := e.validate(nested); err != nil {
		return Event{}, err
	}
	if err := agree("case_id", m.CaseID, e.CaseID); err != nil {
		return Event{}, err
	}
	if err := agree("space_id", m.SpaceID, e.SpaceID); err != nil {
		return Event{}, err
	}
	return e, nil
}

// fill reads the keys of the event itself.
func (e *Event) fill(o object) error {
	var requestedAt string
	var err error
	texts := []struct {
		key string
		to  *string
	}{
		{"case_id", &e.CaseID},
		{"space_id", &e.SpaceID},
		{"owner", &e.Owner},
		{"connector_id", &e.ConnectorID},
		{"requested_at", &requestedAt},
	}
	for _, t := range texts {
		if *t.to, err = o.text(t.key); err != nil {
			return err
		}
	}
	if e.RequestedAt, err = parseTime("requested_at", requestedAt); err != nil {
		return err
	}
	if e.RequestedBy, err = person(o); err != nil {
		return err
	}
	e.Case = o.raw("case")
	return nil
}

// person reads requested_by; nil if there is none.
func person(o object) (*Person, error) {
	by, err := o.object("requested_by")
	if by.members == nil || err != nil {
		return nil, err
	}
	var p Person
	for _, t := range []struct {
		key string
		to  *string
	}{{"username", &p.Username}, {"full_name", &p.FullName}, {"email", &p.Email}} {
		if *t.to, err = by.text(t.key); err != nil {
			return nil, err
		}
	}
	return &p, nil
}

// parse takes apart the object that stands at a path.
type parse func(b []byte, path string) (object, error)

// validate checks what both directions promise.
func (e Event) validate(read parse) error {
	if e.CaseID == "" {
		return malformedKey("case_id", "is missing", `add the id of the case, as in {"case_id": "7349772f-421a-4de3-b8bb-2d9b22ccee30"}`)
	}
	for _, t := range []struct{ key, token string }{{"case_id", e.CaseID}, {"space_id", e.space()}} {
		if !IsToken(t.token) {
			return malformedKey(t.key, "is not 1 to 128 characters of A-Z, a-z, 0-9, _ and -", "send the id as Kibana has it")
		}
	}
	if e.Owner != "" && !slices.Contains(owners[:], e.Owner) {
		return malformedKey("owner", "is none of "+strings.Join(owners[:], ", "), "send the case's owner as Kibana has it, or leave it out")
	}
	return e.validateCase(read)
}

// validateCase checks that the snapshot is one of this very case.
func (e Event) validateCase(read parse) error {
	if e.Thin() {
		return nil
	}
	snapshot, err := read(e.Case, "case")
	if err != nil {
		return err
	}
	id, err := snapshot.text("id")
	if err != nil {
		return err
	}
	if id != "" && id != e.CaseID {
		return malformedKey("case.id", fmt.Sprintf("is not the event's case_id %q", e.CaseID), "send the snapshot of the case that case_id names")
	}
	return nil
}

// agree compares the subject's token with the body's. Both have been validated
// or are ours, so both may be shown.
func agree(key, subject, body string) error {
	if subject == "" || subject == body {
		return nil
	}
	return malformedKey(key, fmt.Sprintf("is %q, but the subject says %q", body, subject), "end the subject in <space_id>.<case_id> of the body")
}

// timeLayouts: RFC 3339, and the same with zones and separators as ISO 8601
// and its many writers have them. Without a zone it is UTC.
var timeLayouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02T15:04Z07:00",
}

func parseTime(key, s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, nil
	}
	upper := strings.ToUpper(s)
	if len(upper) > 10 && upper[10] == ' ' {
		upper = upper[:10] + "T" + upper[11:]
	}
	for _, layout := range timeLayouts {
		// A year beyond four digits could not be written again.
		if t, err := time.Parse(layout, upper); err == nil && t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, malformedKey(key, "is no RFC 3339 time", "write it like 2026-11-23T10:00:00Z, or leave it out")
}
