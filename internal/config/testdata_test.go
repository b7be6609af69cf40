package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFiles reads every configuration in testdata and compares the problems
// with the .want file beside it. The environment of a file may be extended by
// lines "# env: NAME=value" at its top.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 40 {
		t.Fatalf("%d configurations in %s, want at least 40", len(files), testdata)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			_, problems := Load(name, optionsOf(t, name))
			if good := strings.HasPrefix(name, "good-"); good && problems.HasErrors() {
				t.Errorf("a good configuration has errors:\n%s", text(problems))
			} else if !good && len(problems) == 0 && name != "empty.yaml" {
				t.Error("no problem was found")
			}
			compareWant(t, strings.TrimSuffix(file, ".yaml")+".want", problems)
		})
	}
}

func optionsOf(t *testing.T, name string) Options {
	t.Helper()
	opts := testOptions()
	data, err := inTestdata(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if kv, ok := strings.CutPrefix(line, "# env: "); ok {
			opts.Environ = append(opts.Environ, strings.TrimSpace(kv))
		}
	}
	return opts
}

func compareWant(t *testing.T, file string, problems Problems) {
	t.Helper()
	got := text(problems)
	if got != "" {
		got += "\n"
	}
	if update() {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\nrun: go test ./internal/config -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

var updateFlag = flag.Bool("update", false, "rewrite the .want files in testdata/config")

func update() bool { return *updateFlag }
