package adaptertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/spectest"
)

// step is one call of the connector.
type step struct {
	Do         string            `json:"do"`
	Case       *caseInfo         `json:"case,omitempty"`        // as Kibana's API has it
	Incident   json.RawMessage   `json:"incident,omitempty"`    // fields by name
	CaseFields map[string]any    `json:"case_fields,omitempty"` // of the case's connector
	Alerts     []map[string]any  `json:"alerts,omitempty"`      // documents
	After      string            `json:"after,omitempty"`       // an incident that a person has unlinked
	Ref        string            `json:"ref,omitempty"`         // the incident's id
	Keep       string            `json:"keep,omitempty"`        // the kept incident's id
	Read       []string          `json:"read,omitempty"`
	Comment    *comment          `json:"comment,omitempty"`
	Comments   []comment         `json:"comments,omitempty"`
	Answers    []answer          `json:"answers"`
	Requests   []json.RawMessage `json:"requests"`
	Returns    json.RawMessage   `json:"returns"`
}

type caseInfo struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	Severity    string   `json:"severity"`
	Status      string   `json:"status"`
}

type comment struct {
	ID     string `json:"id"`
	Source string `json:"source,omitempty"` // "" is the digest of the text
	Digest string `json:"digest,omitempty"` // where the text is not known any more
	Text   string `json:"text,omitempty"`
	Target string `json:"target,omitempty"`
}

func (c comment) whole() connector.Comment {
	out := connector.Comment{ID: c.ID, Source: c.Source, Digest: c.Digest, Text: c.Text, Target: c.Target}
	if out.Digest == "" {
		out.Digest = connector.Digest(c.Text)
	}
	if out.Source == "" {
		out.Source = out.Digest
	}
	return out
}

// player makes the calls of one vector.
type player struct {
	vector *vector
	typ    connector.Type
	def    connector.Definition
	con    connector.Connector
}

// do makes the call of a step and returns what it returned, as JSON.
func (p player) do(t *testing.T, s *step) json.RawMessage {
	t.Helper()
	in, formatted, err := p.incident(t, s)
	if err != nil {
		return spectest.Encode(t, map[string]string{"format": err.Error()})
	}
	result, err := p.call(t, s, in, formatted)
	if err != nil {
		result = failure(t, s.Do, err)
	}
	return spectest.Encode(t, result)
}

func (p player) call(t *testing.T, s *step, in connector.Incident, formatted []connector.Comment) (any, error) {
	t.Helper()
	id := connector.CorrelationID{ConnectorID: p.def.ID, SpaceID: p.vector.SpaceID, CaseID: p.caseInfo(s).ID, After: s.After}
	ref, keep := connector.Ref{ID: s.Ref}, connector.Ref{ID: s.Keep}
	switch s.Do {
	case "find incident":
		return p.con.FindIncident(t.Context(), id)
	case "create incident":
		return p.con.CreateIncident(t.Context(), id, in)
	case "read incident":
		read, err := p.con.ReadIncident(t.Context(), ref, s.Read)
		return byName(read), err
	case "update incident":
		return nil, p.con.UpdateIncident(t.Context(), id, ref, in)
	case "count comments":
		var all []connector.Comment
		for _, c := range s.Comments {
			all = append(all, c.whole())
		}
		return p.con.CountComments(t.Context(), ref, all)
	case "add comment":
		return nil, p.con.AddComment(t.Context(), ref, s.Comment.whole())
	case "add what Format gives":
		return ids(formatted), p.con.(connector.Batcher).AddComments(t.Context(), ref, formatted)
	case "probe":
		return nil, p.con.Probe(t.Context())
	case "find other incidents":
		return p.con.(connector.Deduplicator).OtherIncidents(t.Context(), id, keep)
	case "retire duplicate":
		return nil, p.con.(connector.Deduplicator).RetireDuplicate(t.Context(), id, keep, ref)
	}
	t.Fatalf("do %q: unknown", s.Do)
	return nil, nil
}

// caseInfo is what the type's Format sees.
func (p player) caseInfo(s *step) connector.CaseInfo {
	info := connector.CaseInfo{ID: p.vector.CaseID, Fields: s.CaseFields, Alerts: s.Alerts}
	if c := s.Case; c != nil {
		info.ID, info.Title, info.Description, info.Tags, info.Severity, info.Status = c.ID, c.Title, c.Description, c.Tags, c.Severity, c.Status
	}
	return info
}

// incident joins a step's fields and, where it has something of the case, what
// Format makes of that.
func (p player) incident(t *testing.T, s *step) (connector.Incident, []connector.Comment, error) {
	t.Helper()
	var m map[string]any
	if s.Incident != nil {
		dec := json.NewDecoder(bytes.NewReader(s.Incident))
		dec.UseNumber()
		if err := dec.Decode(&m); err != nil {
			t.Fatal(err)
		}
	}
	var in connector.Incident
	for _, name := range slices.Sorted(maps.Keys(m)) {
		in.Fields = append(in.Fields, connector.Field{Name: name, Value: m[name]})
	}
	if s.Case == nil && s.CaseFields == nil && s.Alerts == nil {
		return in, nil, nil
	}
	more, err := p.typ.Format(p.def, p.caseInfo(s))
	in.Fields = append(in.Fields, more.Fields...)
	return in, more.Comments, err
}

// failure is an error as the files have it.
func failure(t *testing.T, do string, err error) map[string]string {
	t.Helper()
	var e *connector.Error
	if !errors.As(err, &e) {
		t.Fatalf("%s: %T is no *connector.Error", do, err)
	}
	f := map[string]string{"error": e.Error(), "effect": e.Effect.String()}
	if e.RetryAfter != 0 {
		f["retry_after"] = e.RetryAfter.String()
	}
	return f
}

func ids(cs []connector.Comment) []string {
	var out []string
	for _, c := range cs {
		out = append(out, c.ID)
	}
	return out
}

func byName(in connector.Incident) map[string]any {
	out := map[string]any{}
	for _, f := range in.Fields {
		out[f.Name] = f.Value
	}
	return out
}
