package resilient_test

import (
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/casepush/casepush/adapters/resilient"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
	"github.com/casepush/casepush/internal/spectest"
)

var update = flag.Bool("update", false, "rewrite what the vectors expect")

// vector is one file of testdata/vectors/resilient: a connector and what is done
// with it; requests and returns are what must come of it. It is always the
// beginning of the year 2000.
type vector struct {
	About     string     `json:"about"`
	Connector definition `json:"connector"`
	SpaceID   string     `json:"space_id"`
	CaseID    string     `json:"case_id"`
	Steps     []step     `json:"steps"`
}

type definition struct {
	ID       string            `json:"id"`
	Config   map[string]any    `json:"config"`
	Secrets  map[string]string `json:"secrets"`
	Delivery map[string]any    `json:"delivery,omitempty"`
}

// step is one call of the connector.
type step struct {
	Do         string          `json:"do"`
	Incident   json.RawMessage `json:"incident,omitempty"`    // fields by name
	CaseFields map[string]any  `json:"case_fields,omitempty"` // of the case's connector
	Ref        string          `json:"ref,omitempty"`         // the incident's id
	Keep       string          `json:"keep,omitempty"`        // the kept incident's id
	Read       []string        `json:"read,omitempty"`
	Comment    *comment        `json:"comment,omitempty"`
	Comments   []comment       `json:"comments,omitempty"`
	Answers    []answer        `json:"answers"`
	Requests   []request       `json:"requests"`
	Returns    json.RawMessage `json:"returns"`
}

type comment struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Digest string `json:"digest,omitempty"` // where the text is not known any more
	Text   string `json:"text,omitempty"`
}

type answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

type request struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"` // escaped, as it is sent
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body,omitempty"` // byte by byte
}

func TestVectors(t *testing.T) {
	spectest.Vectors[vector]{Folder: "testdata/vectors/resilient", Least: 8, Update: *update}.Run(t, func(t *testing.T, v vector) vector {
		synctest.Test(t, func(t *testing.T) {
			script := &scripted{t: t}
			con := v.open(t, script)
			v.Steps = slices.Clone(v.Steps) // the file's are compared with these
			for i := range v.Steps {
				s := &v.Steps[i]
				script.answers, script.requests = s.Answers, []request{}
				s.Returns = v.do(t, con, s)
				s.Requests = script.requests
				if len(script.answers) != 0 {
					t.Errorf("%s: %d answers were not asked for", s.Do, len(script.answers))
				}
			}
		})
		return v
	})
}

func (v *vector) open(t *testing.T, script http.RoundTripper) connector.Connector {
	t.Helper()
	def := connector.Definition{
		ID: v.Connector.ID, Type: resilient.TypeID, Config: v.Connector.Config,
		Secrets: map[string]secret.String{}, Delivery: v.Connector.Delivery,
	}
	for k, text := range v.Connector.Secrets {
		def.Secrets[k] = secret.New(text)
	}
	for _, p := range resilient.Type().Check(def) {
		if !p.Warning {
			t.Fatalf("%v: %s", p.Path, p.Message)
		}
	}
	client, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"*"}}, script)
	if err != nil {
		t.Fatal(err)
	}
	con, err := resilient.Type().New(def, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	return con
}

// do makes the call of a step and returns what it returned, as JSON.
func (v *vector) do(t *testing.T, con connector.Connector, s *step) json.RawMessage {
	t.Helper()
	id := connector.CorrelationID{ConnectorID: v.Connector.ID, SpaceID: v.SpaceID, CaseID: v.CaseID}
	ref := connector.Ref{ID: s.Ref}
	var result any
	var err error
	switch s.Do {
	case "find incident":
		result, err = con.FindIncident(t.Context(), id)
	case "create incident":
		result, err = con.CreateIncident(t.Context(), id, v.incident(t, s))
	case "read incident":
		var in connector.Incident
		in, err = con.ReadIncident(t.Context(), ref, s.Read)
		result = byName(in)
	case "update incident":
		err = con.UpdateIncident(t.Context(), id, ref, v.incident(t, s))
	case "count comments":
		var counts []int
		counts, err = con.CountComments(t.Context(), ref, s.whole())
		result = counts
	case "add comment":
		err = con.AddComment(t.Context(), ref, s.Comment.whole())
	case "probe":
		err = con.Probe(t.Context())
	case "find other incidents":
		result, err = con.(connector.Deduplicator).OtherIncidents(t.Context(), id, connector.Ref{ID: s.Keep})
	case "retire duplicate":
		err = con.(connector.Deduplicator).RetireDuplicate(t.Context(), id, connector.Ref{ID: s.Keep}, ref)
	default:
		t.Fatalf("do %q: unknown", s.Do)
	}
	if err != nil {
		result = failure(t, err)
	}
	return spectest.Encode(t, result)
}

// failure is an error as vectors show it.
func failure(t *testing.T, err error) map[string]string {
	t.Helper()
	var e *connector.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T is no *connector.Error: %v", err, err)
	}
	return map[string]string{"error": e.Error(), "effect": e.Effect.String()}
}

// whole returns the comments that a step counts.
func (s *step) whole() []connector.Comment {
	out := make([]connector.Comment, len(s.Comments))
	for i := range out {
		out[i] = s.Comments[i].whole()
	}
	return out
}

func (c *comment) whole() connector.Comment {
	out := connector.Comment{ID: c.ID, Source: c.Source, Digest: c.Digest, Text: c.Text}
	if out.Digest == "" {
		out.Digest = connector.Digest(c.Text)
	}
	return out
}

// incident joins a step's fields and, where it has the case's connector fields,
// what Format makes of them.
func (v *vector) incident(t *testing.T, s *step) connector.Incident {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(s.Incident, &m); err != nil {
		t.Fatal(err)
	}
	var in connector.Incident
	for _, name := range slices.Sorted(maps.Keys(m)) {
		in.Fields = append(in.Fields, connector.Field{Name: name, Value: m[name]})
	}
	if s.CaseFields == nil {
		return in
	}
	more, err := resilient.Type().Format(connector.Definition{}, connector.CaseInfo{ID: v.CaseID, Fields: s.CaseFields})
	if err != nil {
		t.Fatal(err)
	}
	in.Fields = append(in.Fields, more.Fields...)
	return in
}

func byName(in connector.Incident) map[string]any {
	out := map[string]any{}
	for _, f := range in.Fields {
		out[f.Name] = f.Value
	}
	return out
}
