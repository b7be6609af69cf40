package spectest_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/spectest"
)

// checkout makes a repository with specifications beside it, and goes to a
// folder in it.
func checkout(t *testing.T, files map[string]string) {
	t.Helper()
	top := t.TempDir()
	files["repo/go.mod"], files["repo/internal/a/a.go"] = "module m\n", "package a\n"
	for name, text := range files {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(top, "repo", "internal", "a"))
}

const api = `{
  "openapi": "3.0.1", "info": {"title": "t", "version": "1"},
  "paths": {"/notes/{id}": {"put": {
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
    "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {"text": {"type": "string"}}}}}},
    "responses": {"204": {"description": "done"}}
  }}}
}`

func TestOpenAPI(t *testing.T) {
	checkout(t, map[string]string{"shared/specs/notes.json": api})
	s, err := spectest.LoadOpenAPI("notes.json", "/v1")
	if err != nil {
		t.Fatal(err)
	}
	if routes := s.Routes(); len(routes) != 1 || !routes[spectest.Route("PUT", "/v1/notes/{number}")] {
		t.Errorf("routes %v", routes)
	}
	for _, tt := range []struct {
		name, method, target, body string
		taken                      bool
	}{
		{"as described", "PUT", "/base/v1/notes/1", `{"text":"a"}`, true},
		{"a key that is not described", "PUT", "/base/v1/notes/1", `{"test":"a"}`, false},
		{"a value of a wrong type", "PUT", "/base/v1/notes/1", `{"text":1}`, false},
		{"a path of a wrong type", "PUT", "/base/v1/notes/one", `{"text":"a"}`, false},
		{"another method", "POST", "/base/v1/notes/1", `{"text":"a"}`, false},
		{"another route", "PUT", "/base/v1/note/1", `{"text":"a"}`, false},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, tt.target, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if err := s.Check(req, "/base"); (err == nil) != tt.taken {
			t.Errorf("%s: %v", tt.name, err)
		}
		if b, err := io.ReadAll(req.Body); err != nil || string(b) != tt.body {
			t.Errorf("%s: afterwards the body is %q, %v", tt.name, b, err)
		}
	}
}

// judge is a test that notes how it was ended.
type judge struct {
	testing.TB
	skipped, failed bool
}

func (*judge) Helper() {}

func (j *judge) Skip(...any) { j.skipped = true; runtime.Goexit() }

func (j *judge) Fatal(...any) { j.failed = true; runtime.Goexit() }

func ended(by func(*judge)) judge {
	var j judge
	done := make(chan struct{})
	go func() { defer close(done); by(&j) }()
	<-done
	return j
}

func TestWithoutSpecifications(t *testing.T) {
	checkout(t, map[string]string{"shared/specs/broken.json": "{"})
	_, absent := spectest.LoadOpenAPI("notes.json", "")
	_, broken := spectest.LoadOpenAPI("broken.json", "")
	if !errors.Is(absent, fs.ErrNotExist) || broken == nil || errors.Is(broken, fs.ErrNotExist) {
		t.Fatalf("absent: %v, broken: %v", absent, broken)
	}
	for _, tt := range []struct {
		name, ci        string
		err             error
		skipped, failed bool
	}{
		{"there", "true", nil, false, false},
		{"absent", "", absent, true, false},
		{"absent in CI", "true", absent, false, true},
		{"broken", "", broken, false, true},
	} {
		t.Setenv("CI", tt.ci)
		if j := ended(func(j *judge) { spectest.Need(j, tt.err) }); j.skipped != tt.skipped || j.failed != tt.failed {
			t.Errorf("%s: skipped %t, failed %t", tt.name, j.skipped, j.failed)
		}
	}
}

func TestNoRepository(t *testing.T) {
	t.Chdir(t.TempDir())
	if root, err := spectest.Root(); err == nil {
		t.Errorf("root %q, want an error", root)
	}
}

type double struct{ In, Out int }

func TestVectors(t *testing.T) {
	checkout(t, map[string]string{
		"repo/testdata/a.json": "{\n  \"In\": 2,\n  \"Out\": 4\n}\n", "repo/testdata/b.json": `{"In": 3, "Out": 5}`,
	})
	seen := 0
	answer := func(_ *testing.T, v double) double { seen++; return double{v.In, 2 * v.In} }
	spectest.Vectors[double]{Folder: "testdata", Least: 2, Update: true}.Run(t, answer)
	for _, name := range []string{"a", "b"} {
		b, err := os.ReadFile("../../testdata/" + name + ".json")
		if want := map[string]string{"a": "{\n  \"In\": 2,\n  \"Out\": 4\n}\n", "b": "{\n  \"In\": 3,\n  \"Out\": 6\n}\n"}[name]; err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	spectest.Vectors[double]{Folder: "testdata", Least: 2}.Run(t, answer)
	if seen != 4 {
		t.Errorf("%d answers, want 4", seen)
	}
}
