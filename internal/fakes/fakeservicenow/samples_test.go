package fakeservicenow

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/casepush/casepush/internal/fakes/fakestest"
	"github.com/casepush/casepush/internal/secret"
	"github.com/casepush/casepush/internal/spectest"
	"github.com/google/go-cmp/cmp"
)

// load reads samples that ServiceNow or others have published.
func load(t *testing.T, name string, v any) {
	t.Helper()
	path, err := spectest.Path("servicenow/" + name)
	spectest.Need(t, err)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

// documented is one sample of ServiceNow's documentation.
type documented struct {
	Operation string          `json:"operation"`
	Curl      string          `json:"curl"`
	Response  json.RawMessage `json:"response"`
}

// data is the body that the sample sends. The documentation has single quotes.
func (d documented) data() string {
	m := regexp.MustCompile(`--data "(\{.*\})"`).FindStringSubmatch(d.Curl)
	if m == nil {
		return ""
	}
	return strings.ReplaceAll(m[1], "'", `"`)
}

// keys are those of an object.
func keys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// The record of each documented answer of the Table API for an incident has
// the columns of ours, and what refers to a record there does so here, to the
// same table.
func TestIncidentsLookAsDocumented(t *testing.T) {
	var all []documented
	load(t, "docs-samples.json", &all)
	seen := 0
	for _, d := range all {
		if !strings.HasPrefix(d.Operation, "Table - ") || !strings.Contains(d.Curl, "/table/incident") {
			continue
		}
		var sampled struct {
			Result map[string]any `json:"result"`
		}
		if err := json.Unmarshal(d.Response, &sampled); err != nil {
			continue // DELETE
		}
		seen++
		t.Run(d.Operation, func(t *testing.T) {
			f := New(Options{})
			method := strings.Fields(d.Operation)[2]
			target := "/api/now/table/incident"
			if method != "POST" {
				target += "/" + made(t, f, TableIncident, sample)
			}
			_, v := fakestest.Call(t, f, method, target, d.data())
			got := result(t, v)
			if diff := cmp.Diff(keys(sampled.Result), keys(got)); diff != "" {
				t.Errorf("columns (-documented +ours):\n%s", diff)
			}
			for name, value := range sampled.Result {
				compareField(t, f, name, value)
			}
		})
	}
	if seen < 4 {
		t.Errorf("%d samples of incidents, want at least 4", seen)
	}
}

func compareField(t *testing.T, f *Fake, name string, value any) {
	t.Helper()
	reference, is := value.(map[string]any)
	c := f.schemas[TableIncident][name]
	if is && (c.kind != kindReference || !strings.Contains(reference["link"].(string), "/api/now/table/"+c.refers+"/")) {
		t.Errorf("%s: documented as %v, ours is %q to %q", name, reference["link"], c.kind, c.refers)
	}
	if value != "" && !is && c.kind == kindReference {
		t.Errorf("%s: documented as text %q, ours is a reference", name, value)
	}
}

// What a documented create sends is what its answer has.
func TestDocumentedCreate(t *testing.T) {
	var all []documented
	load(t, "docs-samples.json", &all)
	i := slices.IndexFunc(all, func(d documented) bool { return d.Operation == "Table - POST /now/table/{tableName}" })
	f := New(Options{})
	_, v := fakestest.Call(t, f, "POST", "/api/now/table/incident", all[i].data())
	var sampled map[string]any
	if err := json.Unmarshal(all[i].Response, &sampled); err != nil {
		t.Fatal(err)
	}
	want, got := result(t, sampled), result(t, v)
	differ := []string{}
	for name := range want {
		if !cmp.Equal(want[name], got[name]) {
			differ = append(differ, name)
		}
	}
	slices.Sort(differ)
	// Who, when and where; the group is a link to another host.
	expected := []string{
		"assignment_group", "number", "opened_at", "opened_by", "sys_created_by", "sys_created_on", "sys_domain", "sys_id", "sys_updated_by", "sys_updated_on",
	}
	if diff := cmp.Diff(expected, differ); diff != "" {
		t.Errorf("values that differ (-expected +found):\n%s", diff)
	}
}

func TestImportLooksAsDocumented(t *testing.T) {
	var all []documented
	load(t, "docs-samples.json", &all)
	seen := 0
	for _, d := range all {
		var sampled struct {
			ImportSet string           `json:"import_set"`
			Staging   string           `json:"staging_table"`
			Result    []map[string]any `json:"result"`
		}
		if d.Operation != "Import Set - POST /now/import/{stagingTableName}" || json.Unmarshal(d.Response, &sampled) != nil {
			continue
		}
		seen++
		_, v := fakestest.Call(t, New(Options{}), "POST", importITSM, `{"u_short_description":"s"}`)
		if diff := cmp.Diff(keys(sampled.Result[0]), keys(results(t, v)[0])); diff != "" || v["import_set"] != sampled.ImportSet {
			t.Errorf("item, in set %v (-documented +ours):\n%s", v["import_set"], diff)
		}
	}
	if seen == 0 {
		t.Error("no sample of an import")
	}
}

// recorded is an answer of a real instance.
type recorded struct {
	Status int            `json:"status"`
	Body   map[string]any `json:"body"`
}

// Every recorded refusal can be had from the fake, word by word.
func TestRefusalsAsRecorded(t *testing.T) {
	synctest.Test(t, refusalsAsRecorded) // within one hour of its clock
}

func refusalsAsRecorded(t *testing.T) {
	var all map[string]json.RawMessage
	load(t, "error-and-journal-samples.json", &all)
	locked := Options{Users: map[string]secret.String{"a": secret.New("b")}}
	limited := New(Options{RequestsPerHour: 100})
	for range 100 {
		fakestest.Call(t, limited, "GET", incidents, "")
	}
	for name, tc := range map[string]struct {
		f                    *Fake
		without              string
		method, target, body string
	}{
		"401":               {New(locked), "", "GET", incidents, ""},
		"400_invalid_table": {New(Options{}), "", "GET", "/api/now/table/sys_nonexistent", ""},
		"403_null_detail":   {New(Options{}), RightDictionary, "GET", "/api/now/table/sys_dictionary", ""},
		"403_update_acl":    {New(Options{}), RightWrite, "PATCH", incidents + "/{id}", `{"impact":"1"}`},
		"403_journal":       {New(Options{}), RightJournal, "GET", "/api/now/table/sys_journal_field", ""},
		"404":               {New(Options{}), "", "GET", incidents + "/none", ""},
		"429":               {limited, "", "GET", incidents, ""},
	} {
		var want recorded
		if err := json.Unmarshal(all[name], &want); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if strings.Contains(tc.target, "{id}") {
			tc.target = strings.ReplaceAll(tc.target, "{id}", made(t, tc.f, TableIncident, sample))
		}
		if tc.without != "" {
			if err := tc.f.Permit(map[string]bool{tc.without: false}); err != nil {
				t.Fatal(err)
			}
		}
		status, v := fakestest.Call(t, tc.f, tc.method, tc.target, tc.body)
		if diff := cmp.Diff(want, recorded{status, v}); diff != "" {
			t.Errorf("%s (-recorded +ours):\n%s", name, diff)
		}
	}
}

// The rows of a journal, the text that it reads as, the item of an import that
// failed and the page of an instance that hibernates are as recorded.
func TestAnswersAsRecorded(t *testing.T) {
	var all map[string]struct {
		Body json.RawMessage `json:"body"`
	}
	raw := map[string]json.RawMessage{}
	load(t, "error-and-journal-samples.json", &raw)
	delete(raw, "_source")
	b, err := json.Marshal(raw)
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	f := New(Options{})
	id := made(t, f, TableIncident, `{"work_notes":"Team is actively looking into it."}`)

	var rows struct {
		Result []map[string]any `json:"result"`
	}
	if err := json.Unmarshal(all["sys_journal_field"].Body, &rows); err != nil {
		t.Fatal(err)
	}
	_, v := fakestest.Call(t, f, "GET", "/api/now/table/sys_journal_field", "")
	if diff := cmp.Diff(keys(rows.Result[0]), keys(results(t, v)[0])); diff != "" {
		t.Errorf("journal (-recorded +ours):\n%s", diff)
	}

	var shown struct {
		Result map[string]string `json:"result"`
	}
	if err := json.Unmarshal(all["record_journal_display_value"].Body, &shown); err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - [^\n]+ \(Work notes\)\n[^\n]+\n\n$`)
	_, v = fakestest.Call(t, f, "GET", incidents+"/"+id+"?sysparm_display_value=true", "")
	if got, _ := result(t, v)["work_notes"].(string); !form.MatchString(shown.Result["work_notes"]) || !form.MatchString(got) {
		t.Errorf("display value: recorded %q, ours %q", shown.Result["work_notes"], got)
	}

	var failed struct {
		Result []map[string]any `json:"result"`
	}
	if err := json.Unmarshal(all["201_import_set_error"].Body, &failed); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(keys(failed.Result[0]), keys(item(t, f, importITSM, `{"elastic_incident_id":"none"}`))); diff != "" {
		t.Errorf("import error (-recorded +ours):\n%s", diff)
	}

	var asleep string
	if err := json.Unmarshal(all["200_hibernating_html"].Body, &asleep); err != nil {
		t.Fatal(err)
	}
	f.SetHibernating(true)
	if _, b := fakestest.CallRaw(t, f, "GET", incidents, ""); string(b) != asleep {
		t.Errorf("hibernating: %s, want %s", b, asleep)
	}
}
