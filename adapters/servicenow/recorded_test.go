package servicenow

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/spectest"
)

func recorded(t *testing.T, name string, v any) {
	t.Helper()
	dir, err := spectest.Path("servicenow")
	spectest.Need(t, err)
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

// Every answer of ServiceNow's documentation meets the decoders: records are
// read with each of their columns, whatever refers to others or to nothing.
func TestDocumentedAnswers(t *testing.T) {
	t.Parallel()
	var samples []struct {
		Operation string          `json:"operation"`
		Response  json.RawMessage `json:"response"`
	}
	recorded(t, "docs-samples.json", &samples)
	n := &serviceNow{settings: settings{product: itsm(), host: "h"}}
	records, lists, imports := 0, 0, 0
	for _, s := range samples {
		var one record
		var many []record
		var rows []imported
		oneErr, manyErr := n.result(s.Response, &one), n.result(s.Response, &many)
		table := strings.HasPrefix(s.Operation, "Table - ")
		switch {
		case table && oneErr == nil:
			records++
			checkColumns(t, s.Response, one)
		case table && manyErr == nil:
			lists++
			if _, err := marked(many, "7349772f-421a-4de3-b8bb-2d9b22ccee30"); err == nil && len(many) > 0 {
				t.Errorf("%s: strangers pass for an answer", s.Operation)
			}
		case strings.HasPrefix(s.Operation, "Import Set - ") && n.result(s.Response, &rows) == nil && len(rows) > 0:
			imports++
			if rows[0].SysID == "" || rows[0].Status == "" {
				t.Errorf("%s: %+v", s.Operation, rows[0])
			}
		}
		_, _ = n.settings.refusal(s.Response), tokenWords(s.Response)
	}
	if records < 3 || lists < 1 || imports < 1 {
		t.Errorf("read %d records, %d lists, %d imports of %d samples", records, lists, imports, len(samples))
	}
}

// checkColumns compares a record with its JSON.
func checkColumns(t *testing.T, response json.RawMessage, have record) {
	t.Helper()
	var raw struct {
		Result map[string]any `json:"result"`
	}
	if err := json.Unmarshal(response, &raw); err != nil {
		t.Fatal(err)
	}
	want := record{}
	for name, v := range raw.Result {
		if ref, ok := v.(map[string]any); ok {
			v = ref["value"]
		}
		text, _ := v.(string)
		want[name] = value(text)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-JSON +record):\n%s", diff)
	}
}

// What is recorded of errors, journals, imports and tokens is read for what it
// holds.
func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	var all map[string]json.RawMessage
	recorded(t, "error-and-journal-samples.json", &all)
	body := func(name string) []byte {
		var sample struct {
			Body json.RawMessage `json:"body"`
		}
		if err := json.Unmarshal(all[name], &sample); err != nil || len(sample.Body) == 0 {
			t.Fatalf("sample %q: %v", name, err)
		}
		return sample.Body
	}
	for name, want := range map[string]string{
		"401":               "User Not Authenticated: Required to provide Auth information",
		"400_invalid_table": "Invalid table sys_nonexistent: Table sys_nonexistent does not exist",
		"403_null_detail":   "Insufficient rights to query records",
		"403_update_acl":    "Operation Failed: ACL Exception Update Failed due to security constraints",
		"404":               "No Record found: Record doesn't exist or ACL restricts the record retrieval",
		"429":               "Rate limit exceeded: Rate limit of 100 requests per hour for Table API exceeded",
	} {
		if got := words(body(name)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	n := &serviceNow{settings: settings{product: itsm(), host: "h"}}
	var rows []imported
	if err := n.result(body("201_import_set_error"), &rows); err != nil || rows[0].Status != statusError || rows[0].ErrorMessage != "Invalid table" {
		t.Errorf("import: %v, %+v", err, rows)
	}
	var entries []record
	if err := n.result(body("sys_journal_field"), &entries); err != nil {
		t.Fatal(err)
	}
	entries, err := journal(entries, "j1")
	counts := count(entries, []connector.Comment{{Digest: connector.Digest("This is Sev1 incident.")}, {Digest: connector.Digest("else")}})
	if err != nil || !cmp.Equal(counts, []int{1, 0}) {
		t.Errorf("journal: %v, counts %v", err, counts)
	}
	var shown record
	if err := n.result(body("record_journal_display_value"), &shown); err != nil || !strings.HasPrefix(string(shown["work_notes"]), "2026-09-04 09:11:02") {
		t.Errorf("journals as people see them: %v, %v", err, shown)
	}
	got, err := readToken(body("oauth_token"), time.Unix(0, 0))
	if err != nil || got.header != "Bearer ..." || !got.expires.Equal(time.Unix(1799-60, 0)) {
		t.Errorf("token: %v, %v", got, err)
	}
}
