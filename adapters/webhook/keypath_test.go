package webhook

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/spectest"
)

// The parts are those of lodash's toPath, and of its get for a path that is
// one key.
func TestParts(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][]string{
		"id": {"id"}, "a.b": {"a", "b"}, "a[0].b": {"a", "0", "b"}, "a.0.b": {"a", "0", "b"}, "[0].id": {"0", "id"}, "a[0][1]": {"a", "0", "1"},
		`a["b.c"].d`: {"a", "b.c", "d"}, `a['b"c']`: {"a", `b"c`}, `["x\"]y"]`: {`x"]y`}, `a["b\\c"]`: {"a", `b\c`},
		"a[b].c": {"a", "b", "c"}, "a[b.c]": {"a", "b", "c"}, "a[-1]": {"a", "-1"}, "a[0.5]": {"a", "0.5"},
		"a..b": {"a", "", "b"}, ".a": {"", "a"}, "a.": {"a", ""}, "a[]": {"a", ""}, "a[].b": {"a", "", "b"}, ".": {"", ""}, "..a": {"", "", "a"},
		"a b-c": {"a b-c"}, "a[": {"a["}, "a]": {"a]"}, "[": {"["}, `a["b`: {`a["b`},
	} {
		if diff := cmp.Diff(want, keyPath(path).parts()); diff != "" {
			t.Errorf("%s:\n%s", path, diff)
		}
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ path, answer, want, err string }{
		{"id", `{"id":"1001"}`, "1001", ""},
		{"id", `{"id":1001}`, "1001", ""},
		{"id", `{"id":12345678901234567890123}`, "12345678901234567890123", ""},
		{"id", `{"id":-5}`, "-5", ""},
		{"id", `{"id":1.50}`, "1.5", ""},
		{"id", `{"id":1e3}`, "1000", ""},
		{"id", `{"id":1e400}`, "", "a number that is no id"},
		{"id", `{"id":1e30}`, "", "a number that is no id"},
		{"result.0.sys_id", `{"result":[{"sys_id":"a"},{"sys_id":"b"}]}`, "a", ""},
		{"result[1].sys_id", `{"result":[{"sys_id":"a"},{"sys_id":"b"}]}`, "b", ""},
		{"result[2].sys_id", `{"result":[{"sys_id":"a"},{"sys_id":"b"}]}`, "", "Response is missing the expected field: result[2].sys_id"},
		{"result[01]", `{"result":["a","b"]}`, "", "Response is missing"},
		{"[0]", `["a"]`, "a", ""},
		{"data.id", `{"data.id":"own key","data":{"id":"inner"}}`, "own key", ""},
		{"a.data.id", `{"a":{"data.id":"1"}}`, "", "Response is missing"}, // own keys win outermost only
		{"id.length", `{"id":"abc"}`, "", "Response is missing"},
		{"id", `{"id":""}`, "", `key "id": is empty`},
		{"id", `{"id":null}`, "", `key "id": want a text or a number, got null`},
		{"id", `{"id":true}`, "", `key "id": want a text or a number, got true or false`},
		{"id", `{"id":["1"]}`, "", `key "id": want a text or a number, got a list`},
		{"id", `{"id":{}}`, "", `key "id": want a text or a number, got an object`},
		{"id", `{"ID":"1"}`, "", "Response is missing the expected field: id"},
		{"id", `{"id":"` + strings.Repeat("x", 1025) + `"}`, "", `key "id": is longer than 1024 bytes`},
		{"id", `"id"`, "", "Response is missing"},
		{"id", `null`, "", "Response is missing"},
		{"id", ``, "", "Response is missing"},
		{"id", `{"id":"1"`, "", "not the JSON that the tracker sends"},
	} {
		got, err := keyPath(tc.path).identity([]byte(tc.answer))
		if got != tc.want || (err == nil) != (tc.err == "") || err != nil && !strings.HasPrefix(err.Error(), tc.err) {
			t.Errorf("%s of %.60s: %q, %v; want %q, %s", tc.path, tc.answer, got, err, tc.want, tc.err)
		}
	}
}

// Every answer that is on record of some tracker can be read with any path,
// and its id is found wherever it has one.
func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	root, err := spectest.Path(".")
	spectest.Need(t, err)
	files, found := 0, 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" || strings.Contains(path, "openapi") {
			return err
		}
		answer, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		var whole any
		if err := wire.Decode(answer, &whole); err != nil {
			return nil // a fixture with more than one value
		}
		_ = words(answer)
		for _, path := range []keyPath{"id", "result.sys_id", "[0].id", "a[0]..b"} {
			_, _ = path.text(answer)
		}
		o, _ := whole.(map[string]any)
		id, there := o["id"].(json.Number)
		if !there {
			return nil
		}
		found++
		if got, err := keyPath("id").identity(answer); err != nil || got != id.String() {
			t.Errorf("%s: id %q, %v; want %s", path, got, err, id)
		}
		return nil
	})
	if err != nil || files < 20 || found == 0 {
		t.Errorf("%d files, %d with an id: %v", files, found, err)
	}
}

func FuzzAnswers(f *testing.F) {
	for _, seed := range [][2]string{
		{"id", `{"id":"1"}`},
		{"a[0].b", `{"a":[{"b":1.5}]}`},
		{`["a.b"]['c']`, `{"a.b":{"c":null}}`},
		{"..[]", `[]`},
		{"", `{"":1}`},
		{"x", `{"error":{"message":["a",{"error":"b"}]},"errors":{"f":"g"}}`},
		{"[", `{"[":true}`},
		{"id", `<html>`},
	} {
		f.Add(seed[0], []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, path string, answer []byte) {
		if id, err := keyPath(path).identity(answer); err == nil && (id == "" || len(id) > maxIdentity) {
			t.Errorf("an id of %d bytes passed", len(id))
		}
		if len(keyPath(path).parts()) == 0 {
			t.Errorf("path %q has no parts", path)
		}
		_ = words(answer)
	})
}
