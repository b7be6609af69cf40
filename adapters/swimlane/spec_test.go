package swimlane

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/spectest"
)

// recorded are the answers of a real Swimlane that swimlane-python is tested
// with, by file name.
func recorded(t *testing.T) map[string][]byte {
	t.Helper()
	dir, err := spectest.Path("swimlane")
	spectest.Need(t, err)
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) < 7 {
		t.Fatalf("%d recorded answers in %s, want at least 7 (%v)", len(files), dir, err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = b
	}
	return all
}

// Each decoder takes what it is for, whole, and refuses the rest.
func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	for name, body := range recorded(t) {
		app, err := decodeApplication(body)
		isApp := strings.HasPrefix(name, "mock_app")
		if (err == nil) != isApp {
			t.Errorf("%s as an application: %v", name, err)
		}
		if isApp && err == nil {
			checkApplication(t, name, app, body)
		}
		_, err = decodeRecord(body)
		if isRecord := strings.HasPrefix(name, "mock_record"); (err == nil) != isRecord {
			t.Errorf("%s as a record: %v", name, err)
		}
		if _, err := decodeSearch(body, "58e4bb4407637a0e4c4f9873"); err == nil {
			t.Errorf("%s passed for the answer to a search", name)
		}
		if words := readRefusal(body).Error(); words != "" {
			t.Errorf("%s as a refusal: %q", name, words)
		}
	}
}

// checkApplication compares the fields with the document's.
func checkApplication(t *testing.T, name string, app *application, body []byte) {
	t.Helper()
	var doc struct {
		ID, Acronym string
		Fields      []struct {
			ID, FieldType string
			Values        []json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	if app.ID != doc.ID || app.Acronym != doc.Acronym || len(app.Fields) != len(doc.Fields) || len(doc.Fields) < 30 {
		t.Errorf("%s: decoded %q %q with %d fields, the document has %q %q with %d", name, app.ID, app.Acronym, len(app.Fields), doc.ID, doc.Acronym, len(doc.Fields))
	}
	for _, want := range doc.Fields {
		got, ok := app.field(want.ID)
		if !ok || got.FieldType != want.FieldType || len(got.Values) != len(want.Values) {
			t.Errorf("%s: field %q: %+v, want type %q and %d values", name, want.ID, got, want.FieldType, len(want.Values))
		}
	}
}

// mock_app and mock_record belong together.
func TestRecordedRecord(t *testing.T) {
	t.Parallel()
	all := recorded(t)
	app, err := decodeApplication(all["mock_app.json"])
	if err != nil {
		t.Fatal(err)
	}
	rec, err := decodeRecord(all["mock_record.json"])
	if err != nil {
		t.Fatal(err)
	}
	def := mapping(m{
		"severityConfig": mapped("aasnf", "valuesList"), "descriptionConfig": mapped("aag0z", "text"), "caseIdConfig": mapped("a990o", "text"),
		"caseNameConfig": mapped("a0g40", "text"),
	})
	settings, r := parse(def)
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	s := &swimlane{settings: settings}
	if ref := s.ref(rec, app); ref.ID != "58ebb22807637a02d4a14bd6" || ref.Title != "RA-7" || ref.URL != "https://swimlane.hms.example/record/58e4/58ebb22807637a02d4a14bd6" {
		t.Errorf("ref %+v", ref)
	}
	for name, want := range map[string]any{"severity": "High", "caseName": "Alert Action", "alertId": nil} {
		if got, err := s.decodeField(app, rec, name); err != nil || got != want {
			t.Errorf("field %q: %v, %v; want %v", name, got, err, want)
		}
	}
	rich, err := s.decodeField(app, rec, "description")
	if text, _ := rich.(string); err != nil || strings.Contains(text, "<") || !strings.Contains(text, "contabo") {
		t.Errorf("rich text: %.200q, %v", text, err)
	}
	messages, err := rec.messages("a3uau")
	if err != nil || !slices.Equal(messages, []string{"Example comment"}) {
		t.Errorf("comments %q, %v", messages, err)
	}
	if got := count(messages, []connector.Comment{{Digest: connector.Digest("Example comment")}}); got[0] != 1 {
		t.Errorf("counted %v", got)
	}
	if ok, err := rec.marked(mappedField{id: "a990o"}, "7"); !ok || err != nil {
		t.Errorf("marked: %t, %v", ok, err)
	}
	checkSelection(t, app, rec)
}

// checkSelection makes the recorded value again, byte for byte.
func checkSelection(t *testing.T, app *application, rec record) {
	t.Helper()
	made, err := value(app, mappedField{id: "aasnf", fieldType: typeValuesList}, "high")
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	if err := json.Unmarshal(rec.Values["aasnf"], &want); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.Marshal(want)
	if err != nil || string(got) != string(sorted) {
		t.Errorf("selection %s, recorded %s (%v)", got, sorted, err)
	}
}

// The report that a search sends has the parts of the recorded one, but for
// who made it and when.
func TestRecordedReport(t *testing.T) {
	t.Parallel()
	var want, got map[string]any
	if err := json.Unmarshal(recorded(t)["mock_report.json"], &want); err != nil {
		t.Fatal(err)
	}
	settings, _ := parse(valid(nil, nil))
	s := &swimlane{settings: settings}
	body, err := s.searchBody(mappedField{id: "a3rvw"}, "c-81", 0)
	if err == nil {
		err = json.Unmarshal(body, &got)
	}
	if err != nil {
		t.Fatal(err)
	}
	for key := range want {
		switch _, there := got[key]; {
		case strings.HasPrefix(key, "created"), strings.HasPrefix(key, "modified"):
		case !there:
			t.Errorf("the recorded report has %q, ours has not", key)
		}
	}
	for key := range got {
		if _, there := want[key]; !there {
			t.Errorf("ours has %q, the recorded report has not", key)
		}
	}
}
