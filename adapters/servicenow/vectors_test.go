package servicenow_test

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

	"github.com/casepush/casepush/adapters/servicenow"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
	"github.com/casepush/casepush/internal/spectest"
)

var update = flag.Bool("update", false, "rewrite what the vectors expect")

// vector is one file of testdata/vectors/servicenow or servicenow-sir: a
// connector and what is done with it; requests and returns are what must come
// of it. It is the year 2000, so that assertions are the same each time.
type vector struct {
	About     string     `json:"about"`
	Connector definition `json:"connector"`
	SpaceID   string     `json:"space_id"`
	CaseID    string     `json:"case_id"`
	Steps     []*step    `json:"steps"`

	typ connector.Type
}

type definition struct {
	ID       string            `json:"id"`
	Config   map[string]any    `json:"config"`
	Secrets  map[string]string `json:"secrets"` // "file:" is a path from the root of the repository
	Delivery map[string]any    `json:"delivery,omitempty"`
}

// step is one call of the connector.
type step struct {
	Do         string           `json:"do"`
	Incident   json.RawMessage  `json:"incident,omitempty"`    // fields by name
	CaseFields map[string]any   `json:"case_fields,omitempty"` // of the case's connector
	Alerts     []map[string]any `json:"alerts,omitempty"`      // documents
	Ref        string           `json:"ref,omitempty"`         // the incident's sys_id
	Keep       string           `json:"keep,omitempty"`        // the kept incident's sys_id
	Read       []string         `json:"read,omitempty"`
	Comment    *comment         `json:"comment,omitempty"`
	Comments   []comment        `json:"comments,omitempty"`
	Answers    []answer         `json:"answers"`
	Requests   []request        `json:"requests"`
	Returns    json.RawMessage  `json:"returns"`
}

type comment struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Target string `json:"target,omitempty"`
}

type answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

type request struct {
	Method        string            `json:"method"`
	Path          string            `json:"path"`                    // escaped, with host
	Query         map[string]string `json:"query,omitempty"`         // decoded
	Authorization string            `json:"authorization,omitempty"` // the kind
	ContentType   string            `json:"content_type,omitempty"`
	Body          string            `json:"body,omitempty"` // byte by byte
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, typ := range []connector.Type{servicenow.ITSM(), servicenow.SecOps()} {
		dir := filepath.Join(spectest.MustRoot(t), "testdata", "vectors", strings.TrimPrefix(typ.ID, "."))
		files, err := filepath.Glob(dir + "/*.json")
		if err != nil || len(files) < 8 {
			t.Fatalf("%d vectors in %s, want at least 8 (%v)", len(files), dir, err)
		}
		for _, file := range files {
			t.Run(filepath.Base(dir)+"/"+strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { runVector(t, typ, file) })
			})
		}
	}
}

func runVector(t *testing.T, typ connector.Type, file string) {
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	v := vector{typ: typ}
	dec := json.NewDecoder(bytes.NewReader(have))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	script := &scripted{t: t}
	def := v.definition(t)
	con := v.open(t, def, script)
	for _, s := range v.Steps {
		script.answers, script.requests = s.Answers, nil
		returned := v.do(t, con, def, s)
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

func (v *vector) definition(t *testing.T) connector.Definition {
	t.Helper()
	def := connector.Definition{
		ID: v.Connector.ID, Type: v.typ.ID, Config: v.Connector.Config,
		Secrets: map[string]secret.String{}, Delivery: v.Connector.Delivery,
	}
	for k, text := range v.Connector.Secrets {
		if name, ok := strings.CutPrefix(text, "file:"); ok {
			b, err := os.ReadFile(filepath.Join(spectest.MustRoot(t), name))
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		def.Secrets[k] = secret.New(text)
	}
	for _, p := range v.typ.Check(def) {
		t.Fatalf("%v: %s", p.Path, p.Message)
	}
	return def
}

func (v *vector) open(t *testing.T, def connector.Definition, script http.RoundTripper) connector.Connector {
	t.Helper()
	client, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"*"}}, script)
	if err != nil {
		t.Fatal(err)
	}
	con, err := v.typ.New(def, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	return con
}

// do makes the call of a step and returns what it returned, as JSON.
func (v *vector) do(t *testing.T, con connector.Connector, def connector.Definition, s *step) json.RawMessage {
	t.Helper()
	id := connector.CorrelationID{ConnectorID: v.Connector.ID, SpaceID: v.SpaceID, CaseID: v.CaseID}
	ref := connector.Ref{ID: s.Ref}
	in, formatted, err := v.incident(t, def, s)
	if err != nil {
		return spectest.Encode(t, map[string]string{"format": err.Error()})
	}
	var result any
	switch s.Do {
	case "find incident":
		result, err = con.FindIncident(t.Context(), id)
	case "create incident":
		result, err = con.CreateIncident(t.Context(), id, in)
	case "read incident":
		var read connector.Incident
		read, err = con.ReadIncident(t.Context(), ref, s.Read)
		result = byName(read)
	case "update incident":
		err = con.UpdateIncident(t.Context(), id, ref, in)
	case "count comments":
		var counts []int
		counts, err = con.CountComments(t.Context(), ref, s.whole())
		result = counts
	case "add comment":
		err = con.AddComment(t.Context(), ref, s.Comment.whole())
	case "add what Format gives":
		err = con.(connector.Batcher).AddComments(t.Context(), ref, formatted)
		result = ids(formatted)
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
		result = failure(t, s.Do, err)
	}
	return spectest.Encode(t, result)
}

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

// whole returns the comments that a step counts.
func (s *step) whole() []connector.Comment {
	out := make([]connector.Comment, len(s.Comments))
	for i := range out {
		out[i] = s.Comments[i].whole()
	}
	return out
}

func (c *comment) whole() connector.Comment {
	digest := connector.Digest(c.Text)
	return connector.Comment{ID: c.ID, Source: digest, Digest: digest, Text: c.Text, Target: c.Target}
}

func ids(cs []connector.Comment) []string {
	var out []string
	for _, c := range cs {
		out = append(out, c.ID)
	}
	return out
}

// incident joins a step's fields and what Format makes of the case's.
func (v *vector) incident(t *testing.T, def connector.Definition, s *step) (connector.Incident, []connector.Comment, error) {
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
	more, err := v.typ.Format(def, connector.CaseInfo{Fields: s.CaseFields, Alerts: s.Alerts})
	in.Fields = append(in.Fields, more.Fields...)
	return in, more.Comments, err
}

func byName(in connector.Incident) map[string]any {
	out := map[string]any{}
	for _, f := range in.Fields {
		out[f.Name] = f.Value
	}
	return out
}
