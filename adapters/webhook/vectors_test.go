package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/adapters/webhook"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
	"github.com/casepush/casepush/internal/spectest"
)

var update = flag.Bool("update", false, "rewrite what the vectors expect")

// vector is one file of testdata/vectors/cases-webhook: a connector and what
// is done with it; requests and returns are what must come of it.
type vector struct {
	About     string     `json:"about"`
	Connector definition `json:"connector"`
	SpaceID   string     `json:"space_id"`
	Steps     []*step    `json:"steps"`
}

type definition struct {
	ID       string            `json:"id"`
	Config   map[string]any    `json:"config"`
	Secrets  map[string]string `json:"secrets,omitempty"`
	Delivery map[string]any    `json:"delivery,omitempty"`
	// Warnings are what `casepush validate` says.
	Warnings []string `json:"warnings,omitempty"`
}

// step is one call of the connector.
type step struct {
	Do      string          `json:"do"`
	Case    *caseInfo       `json:"case,omitempty"`
	After   string          `json:"after,omitempty"` // an incident that a person has unlinked
	Ref     string          `json:"ref,omitempty"`   // the incident that was pushed before
	Comment *comment        `json:"comment,omitempty"`
	Answers []answer        `json:"answers"`
	Req     []request       `json:"requests"`
	Returns json.RawMessage `json:"returns"`
}

// caseInfo is the case as Kibana's API has it.
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
	Source string `json:"source"`
	Text   string `json:"text"`
}

type answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
	Text    string            `json:"text,omitempty"` // instead of body, where that is no JSON
}

type request struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body,omitempty"` // byte by byte
}

func TestVectors(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(spectest.MustRoot(t), "testdata", "vectors", "cases-webhook")
	files, err := filepath.Glob(dir + "/*.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d vectors in %s, want at least 8 (%v)", len(files), dir, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			runVector(t, file)
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
	con, def := v.open(t, script)
	for _, s := range v.Steps {
		script.answers, script.requests = s.Answers, nil
		returned := v.do(t, con, def, s)
		if len(script.answers) != 0 {
			t.Errorf("%s: %d answers were not asked for", s.Do, len(script.answers))
		}
		s.Req, s.Returns = script.requests, returned
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

func (v *vector) open(t *testing.T, script *scripted) (connector.Connector, connector.Definition) {
	t.Helper()
	def := connector.Definition{
		ID: v.Connector.ID, Type: webhook.TypeID, Config: v.Connector.Config,
		Secrets: map[string]secret.String{}, Delivery: v.Connector.Delivery,
	}
	for k, text := range v.Connector.Secrets {
		def.Secrets[k] = secret.New(text)
	}
	v.Connector.Warnings = nil
	for _, p := range webhook.Type().Check(def) {
		if !p.Warning {
			t.Fatalf("%v: %s", p.Path, p.Message)
		}
		v.Connector.Warnings = append(v.Connector.Warnings, strings.Join(p.Path, ".")+": "+p.Message)
	}
	client, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"*"}}, script)
	if err != nil {
		t.Fatal(err)
	}
	con, err := webhook.Type().New(def, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	return con, def
}

// do makes the call of a step and returns what it returned, as JSON.
func (v *vector) do(t *testing.T, con connector.Connector, def connector.Definition, s *step) json.RawMessage {
	t.Helper()
	id := connector.CorrelationID{ConnectorID: v.Connector.ID, SpaceID: v.SpaceID, After: s.After}
	ref := connector.Ref{ID: s.Ref}
	var in connector.Incident
	if s.Case != nil {
		id.CaseID = s.Case.ID
		c := connector.CaseInfo{ID: s.Case.ID, Title: s.Case.Title, Description: s.Case.Description, Severity: s.Case.Severity, Status: s.Case.Status, Tags: s.Case.Tags}
		made, err := webhook.Type().Format(def, c)
		if err != nil {
			t.Fatal(err)
		}
		in.Fields = made.Fields
	}
	var result any
	var err error
	switch s.Do {
	case "create incident":
		result, err = con.CreateIncident(t.Context(), id, in)
	case "update incident":
		err = con.UpdateIncident(t.Context(), id, ref, in)
	case "add comment":
		err = con.AddComment(t.Context(), ref, connector.Comment{
			ID: s.Comment.ID, Source: s.Comment.Source, Text: s.Comment.Text, Digest: connector.Digest(s.Comment.Text),
		})
	case "find incident":
		result, err = con.FindIncident(t.Context(), id)
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
