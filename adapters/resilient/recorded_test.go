package resilient

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/spectest"
)

// recordings are answers of real servers, recorded by others.
func recordings(t *testing.T) map[string][]byte {
	t.Helper()
	dir, err := spectest.Path("resilient")
	spectest.Need(t, err)
	found := map[string][]byte{}
	for _, pattern := range []string{"*.json", "fixtures/*.json"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found[filepath.Base(file)] = b
		}
	}
	if len(found) < 20 {
		t.Fatalf("%d recorded answers in %s, want at least 20", len(found), dir)
	}
	return found
}

// Every decoder meets every recorded answer: it reads it, or refuses it, and
// takes no list or incident out of what is none.
func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	var orgs, fieldLists, incidents, commentLists int
	for name, body := range recordings(t) {
		if list, err := decodeSession(body); err == nil {
			orgs += len(list)
		}
		if known, err := decodeFields(body); err == nil && strings.Contains(name, "incident_fields") {
			fieldLists += len(known)
		}
		if rec, err := decodeRecord(body); err == nil && strings.Contains(name, "incidents_") {
			incidents++
			for _, field := range []string{fieldName, fieldDescription, fieldTypes, fieldSeverity, "custom1"} {
				if _, err := rec.field(field); err != nil {
					t.Errorf("%s: %q: %v", name, field, err)
				}
			}
		}
		if texts, err := decodeComments(body); err == nil && strings.Contains(name, "notes") {
			commentLists += len(texts)
		}
		if _, err := decodeSearch(body); err == nil && name != "qradar-soar-51.0.9-verified-facts.json" {
			t.Errorf("%s passes for a search", name)
		}
		_ = words(body)
	}
	if orgs < 3 || fieldLists != 43 || incidents != 1 || commentLists != 1 {
		t.Errorf("read %d organizations, %d fields, %d incidents, %d comments with a text", orgs, fieldLists, incidents, commentLists)
	}
}

// What is recorded is read for what it holds.
func TestRecordedValues(t *testing.T) {
	t.Parallel()
	all := recordings(t)
	list, err := decodeSession(all["session.json"])
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Test Organization": "201", "c8165e15-0321-4c09-84f8-4338ac5833f9": "201", "79ad30f7-47cc-4723-b84e-2630cd5f13f7": "202", "Disabled Org": "", "no such": "",
	} {
		if got, err := choose(list, name); got != want || (err == nil) != (want != "") {
			t.Errorf("organization %q: %q, %v, want %q", name, got, err, want)
		}
	}
	rec, err := decodeRecord(all["200_JSON_GET__incidents_2314.json"])
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]any{fieldName: "test", fieldDescription: nil, fieldSeverity: "50", "custom1": "value1", "no_such": nil} {
		if got, err := rec.field(field); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", field, got, err, want)
		}
	}
	known, err := decodeFields(all["200_JSON_GET__types_incident_fields.json"])
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := known.named("", "custom1"); !ok || f.Prefix != "properties" || f.InputType != "text" {
		t.Errorf("custom1: %+v", f)
	}
	body, err := patchBody(rec, []value{{name: "custom1", json: []byte(`"new"`)}, {name: "severity_code", json: []byte(`51`)}, {name: "data_encrypted", json: []byte(`true`)}}, known)
	const want = `{"version":7,"changes":[{"field":{"name":"custom1"},"old_value":{"text":"value1"},"new_value":{"text":"new"}},` +
		`{"field":{"name":"severity_code"},"old_value":{"id":50},"new_value":{"id":51}},` +
		`{"field":{"name":"data_encrypted"},"old_value":{},"new_value":{"boolean":true}}]}`
	if err != nil || string(body) != want {
		t.Errorf("patch %s (%v), want %s", body, err, want)
	}
	texts, err := decodeComments(all["demisto-get_incident_notes_response.json"])
	if err != nil {
		t.Fatal(err)
	}
	if counts := count(texts, []connector.Comment{{Digest: connector.Digest("note1\nnote2\nnote3")}, {Digest: connector.Digest("")}}); counts[0] != 1 || counts[1] != 0 {
		t.Errorf("counts %v: the comment without a text is none", counts)
	}
	var facts struct {
		Row json.RawMessage `json:"comment_row_always_text_names"`
	}
	if err := json.Unmarshal(all["qradar-soar-51.0.9-verified-facts.json"], &facts); err != nil {
		t.Fatal(err)
	}
	if texts, err := decodeComments([]byte("[" + string(facts.Row) + "]")); err != nil || len(texts) != 1 || texts[0].Content != "str" {
		t.Errorf("a row with a plain text: %+v, %v", texts, err)
	}
}
