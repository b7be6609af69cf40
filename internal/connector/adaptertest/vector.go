// Package adaptertest is what the tests of all adapters share beside the
// contract: vectors, which are readable without Go, and READMEs that are held
// against the code.
package adaptertest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
	"github.com/casepush/casepush/internal/spectest"
)

// leastVectors is how many vectors a connector type has.
const leastVectors = 8

// Vectors are those of one connector type: files of testdata/vectors/<type>,
// the type without its dot. Each is a connector and what is done with it;
// requests and returns are what must come of it. It is always the beginning of
// the year 2000.
type Vectors struct {
	Type connector.Type
	// Update rewrites what the files expect.
	Update bool
	// Show is a request as the files have it: [Whole] or [Parts].
	Show func(r *http.Request, body []byte) any
	// Wire stands between the connector and what answers; nil: nothing does.
	Wire func(t *testing.T, def connector.Definition, to http.RoundTripper) http.RoundTripper
}

// Run runs each vector as a subtest.
func (v Vectors) Run(t *testing.T) {
	folder := strings.TrimPrefix(v.Type.ID, ".")
	dir := filepath.Join(spectest.MustRoot(t), "testdata", "vectors", folder)
	files, err := filepath.Glob(dir + "/*.json")
	if err != nil || len(files) < leastVectors {
		t.Fatalf("%d vectors in %s, want at least %d (%v)", len(files), dir, leastVectors, err)
	}
	for _, file := range files {
		t.Run(folder+"/"+strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { v.run(t, file) })
		})
	}
}

func (v Vectors) run(t *testing.T, file string) {
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var one vector
	dec := json.NewDecoder(bytes.NewReader(have))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(&one); err != nil {
		t.Fatal(err)
	}
	def := one.Connector.definition(t, v.Type)
	script := &script{t: t, show: v.Show}
	p := player{vector: &one, typ: v.Type, def: def, con: v.open(t, def, script)}
	for _, s := range one.Steps {
		script.answers, script.requests = s.Answers, []json.RawMessage{}
		s.Returns = p.do(t, s)
		s.Requests = script.requests
		if len(script.answers) != 0 {
			t.Errorf("%s: %d answers were not asked for", s.Do, len(script.answers))
		}
	}
	now := spectest.Encode(t, one)
	if v.Update {
		if err := os.WriteFile(file, now, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(have), string(now)); diff != "" {
		t.Errorf("vector differs (-file +now); go test -run Vectors -update rewrites it:\n%s", diff)
	}
}

func (v Vectors) open(t *testing.T, def connector.Definition, to http.RoundTripper) connector.Connector {
	t.Helper()
	if v.Wire != nil {
		to = v.Wire(t, def, to)
	}
	client, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"*"}}, to)
	if err != nil {
		t.Fatal(err)
	}
	con, err := v.Type.New(def, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	return con
}

// vector is one file.
type vector struct {
	About     string     `json:"about"`
	Connector definition `json:"connector"`
	SpaceID   string     `json:"space_id"`
	CaseID    string     `json:"case_id,omitempty"` // unless the steps have the case
	Steps     []*step    `json:"steps"`
}

type definition struct {
	ID       string            `json:"id"`
	Config   map[string]any    `json:"config"`
	Secrets  map[string]string `json:"secrets"` // "file:" is a path from the root of the repository
	Delivery map[string]any    `json:"delivery,omitempty"`
	// Warnings are what `casepush validate` says.
	Warnings []string `json:"warnings,omitempty"`
}

// definition is a definition that the type has checked.
func (d *definition) definition(t *testing.T, typ connector.Type) connector.Definition {
	t.Helper()
	def := connector.Definition{ID: d.ID, Type: typ.ID, Config: d.Config, Secrets: map[string]secret.String{}, Delivery: d.Delivery}
	for k, text := range d.Secrets {
		if name, ok := strings.CutPrefix(text, "file:"); ok {
			b, err := os.ReadFile(filepath.Join(spectest.MustRoot(t), name))
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		def.Secrets[k] = secret.New(text)
	}
	d.Warnings = nil
	for _, p := range typ.Check(def) {
		if !p.Warning {
			t.Fatalf("%v: %s", p.Path, p.Message)
		}
		d.Warnings = append(d.Warnings, strings.Join(p.Path, ".")+": "+p.Message)
	}
	return def
}
