package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// wire is the body, in the order of the contract.
type wire struct {
	CaseID      string          `json:"case_id"`
	SpaceID     string          `json:"space_id"`
	Owner       string          `json:"owner,omitempty"`
	ConnectorID string          `json:"connector_id,omitempty"`
	RequestedAt string          `json:"requested_at,omitempty"`
	RequestedBy *wirePerson     `json:"requested_by,omitempty"`
	Case        json.RawMessage `json:"case,omitempty"`
}

// wirePerson has null for what is not known, as Kibana writes users.
type wirePerson struct {
	Username *string `json:"username"`
	FullName *string `json:"full_name"`
	Email    *string `json:"email"`
}

// Encode writes the body of the event; [Event.Header] has the rest. What
// [Decode] would refuse is refused here with the same error. Decode(Encode(e))
// is e with its space filled in, its time in UTC and its snapshot compacted.
func (e Event) Encode() ([]byte, error) {
	if err := e.validate(parseObject); err != nil {
		return nil, err
	}
	w := wire{CaseID: e.CaseID, SpaceID: e.space(), Owner: e.Owner, ConnectorID: e.ConnectorID}
	if !e.RequestedAt.IsZero() {
		if y := e.RequestedAt.UTC().Year(); y < 0 || y > 9999 {
			return nil, malformedKey("requested_at", "has no four-digit year", "leave it out")
		}
		w.RequestedAt = e.RequestedAt.UTC().Format(time.RFC3339Nano)
	}
	if p := e.RequestedBy; p != nil {
		w.RequestedBy = &wirePerson{orNull(p.Username), orNull(p.FullName), orNull(p.Email)}
	}
	if !e.Thin() {
		w.Case = e.Case
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(w); err != nil {
		return nil, fmt.Errorf("encode event of case %q: %w", e.CaseID, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Header returns what of the event travels beside the body: the id, which also
// deduplicates, and the trace. Empty if there is neither.
func (e Event) Header() map[string][]string {
	h := make(map[string][]string, 2)
	if e.ID != "" && headerSafe(e.ID) {
		h[headerMsgID] = []string{e.ID}
	}
	if e.TraceParent != "" && headerSafe(e.TraceParent) {
		h[headerTraceParent] = []string{e.TraceParent}
	}
	return h
}

// headerSafe: a line end would start a header of the sender's making.
func headerSafe(s string) bool {
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
