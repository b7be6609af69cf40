package resilient_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/adapters/resilient"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
	"github.com/casepush/casepush/internal/spectest"
)

var update = flag.Bool("update", false, "rewrite what the vectors expect")

// vector is one file of testdata/vectors/resilient: a connector and what is done
// with it; requests and returns are what must come of it.
type vector struct {
	About     string     `json:"about"`
	Connector definition `json:"connector"`
	SpaceID   string     `json:"space_id"`
	CaseID    string     `json:"case_id"`
	Steps     []*step    `json:"steps"`
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
	Method        string            `json:"method"`
	Path          string            `json:"path"`            // escaped, with host
	Query         map[string]string `json:"query,omitempty"` // decoded
	Authorization string            `json:"authorization"`   // whole: the key is a made-up one
	ContentType   string            `json:"content_type,omitempty"`
	Body          string            `json:"body,omitempty"` // byte by byte
}

func TestVectors(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(spectest.MustRoot(t), "testdata", "vectors", "resilient")
	files, err := filepath.Glob(dir + "/*.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d vectors in %s, want at least 8 (%v)", len(files), dir, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			// In the bubble it is the midnight of 2000-01-01: discovered_date.
			synctest.Test(t, func(t *testing.T) { runVector(t, file) })
		})
	}
}

func runVector(t *testing.T, file string) {
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	dec := json.NewDecoder(bytes.NewReader(have))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	script := &scripted{t: t}
	con := v.open(t, script)
	for _, s := range v.Steps {
		script.answers, script.requests = s.Answers, nil
		returned := v.do(t, con, s)
		if len(script.answers) != 0 {
			t.Errorf("%s: %d answers were not asked for", s.Do, len(script.answers))
		}
		s.Requests, s.Returns = script.requests, returned
	}
	want := spectest.Encode(t, v)
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(have), string(want)); diff != "" {
		t.Errorf("vector differs (-file +now); go test -run Vectors -update rewrites it:\n%s", diff)
	}
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
		result, err = con.CreateIncident(t.Context(), id, incident(t, s))
	case "read incident":
		var in connector.Incident
		in, err = con.ReadIncident(t.Context(), ref, s.Read)
		result = byName(in)
	case "update incident":
		err = con.UpdateIncident(t.Context(), id, ref, incident(t, s))
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
		var e *connector.Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: %T is no *connector.Error", s.Do, err)
		}
		failure := map[string]string{"error": e.Error(), "effect": e.Effect.String()}
		if e.RetryAfter != 0 {
			failure["retry_after"] = e.RetryAfter.String()
		}
		result = failure
	}
	return spectest.Encode(t, result)
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

// incident joins a step's fields and what Format makes of the case's.
func incident(t *testing.T, s *step) connector.Incident {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(s.Incident, &m); err != nil {
		t.Fatal(err)
	}
	var in connector.Incident
	for _, name := range slices.Sorted(maps.Keys(m)) {
		in.Fields = append(in.Fields, connector.Field{Name: name, Value: m[name]})
	}
	more, err := resilient.Type().Format(connector.Definition{}, connector.CaseInfo{Fields: s.CaseFields})
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
