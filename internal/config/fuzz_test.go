package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzParse: no text makes Parse panic, every problem says where it is, and
// what has no errors is read the same way again.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(testdata, "*.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range []string{"a: &a [*a, *a]", "<<: 1", "<<: {<<: {}}", "? {a: b}\n: c", "\ufeffnats:", "a: !!binary x", "%YAML 1.2\n---\nnats: {}", "nats: \x00", "- - - -", "{{}: {}}", "a.b.c: 1\na: {b: {c: 2}}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 16<<10 {
			t.Skip("the parser's time grows with the square of the size")
		}
		opts := testOptions()
		opts.ReadFile = func(name string) ([]byte, error) {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		cfg, problems := Parse("fuzz.yaml", data, opts)
		if cfg == nil {
			t.Fatal("no configuration")
		}
		lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + 1
		for _, p := range problems {
			if p.File != "fuzz.yaml" || p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Errorf("problem without a place: %+v", p)
			}
			if p.Line > lines {
				t.Errorf("problem in line %d of %d: %+v", p.Line, lines, p)
			}
		}
		if _, again := Parse("fuzz.yaml", data, opts); text(again) != text(problems) {
			t.Errorf("problems differ:\n%v\nand then:\n%v", problems, again)
		}
	})
}
