package spectest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Vectors is a folder of vectors: JSON files with an input and the answer to
// it. V is their shape; a key that it does not have is an error.
type Vectors[V any] struct {
	Folder string // relative to the repository's root: testdata/events
	Least  int    // fewer files than this are an error: a moved folder must not pass
	Update bool   // the answers are written instead of compared
}

// Run gives each vector to answer, which returns it with the answer of the
// program in the place of the expected one.
func (f Vectors[V]) Run(t *testing.T, answer func(*testing.T, V) V) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(MustRoot(t), filepath.FromSlash(f.Folder), "*.json"))
	if err != nil || len(files) < f.Least {
		t.Fatalf("%s: %d vectors, want at least %d (%v)", f.Folder, len(files), f.Least, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			vector := readVector[V](t, file)
			want := string(Encode(t, vector)) // answer may change the vector
			got := Encode(t, answer(t, vector))
			if f.Update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func readVector[V any](t *testing.T, file string) V {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v V
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Encode writes JSON as the files have it.
func Encode(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
