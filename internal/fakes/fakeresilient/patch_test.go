package fakeresilient

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/fakes/fakestest"
)

// patched sends one change and returns status and answer.
func patched(t *testing.T, f *Fake, id, body string) (int, map[string]any) {
	t.Helper()
	return fakestest.Call(t, f, "PATCH", org+"/incidents/"+id, body)
}

func TestPatchEveryKind(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	id := made(t, f, sample)
	for _, c := range []struct{ field, old, new string }{
		{`{"name":"name"}`, `{"text":"Beacon"}`, `{"text":"New"}`},
		{`"severity_code"`, `{"id":51}`, `{"id":52}`},
		{`{"name":"severity_code"}`, `{"object":52}`, `{"text":"Low"}`},
		{`{"name":"incident_type_ids"}`, `{"ids":[17]}`, `{"ids":[19,22]}`},
		{`{"name":"description"}`, `{"textarea":{"format":"html","content":"<b>One</b>"}}`, `{"textarea":{"format":"html","content":"Two<br>"}}`},
		{`{"name":"confirmed"}`, `{}`, `{"boolean":true}`},
		{`{"name":"start_date"}`, `{"date":null}`, `{"date":5}`},
		{`{"name":"priority_score"}`, `{}`, `{"object":2.5}`},
		{`{"name":"properties.custom1"}`, `{"text":"x"}`, `{"text":null}`},
	} {
		status, got := patched(t, f, id, fmt.Sprintf(`{"changes":[{"field":%s,"old_value":%s,"new_value":%s}]}`, c.field, c.old, c.new))
		if status != 200 || got["success"] != true {
			t.Errorf("%s: %d %v", c.field, status, got)
		}
	}
	i, _ := f.Incident(id)
	if i.Version != 10 || i.Name() != "New" || i.Fields["severity_code"] != json.Number("50") || i.Text("description").Content != "Two<br />" || i.Properties["custom1"] != nil {
		t.Errorf("%+v", i)
	}
	if diff := cmp.Diff([]any{json.Number("19"), json.Number("22")}, i.Fields["incident_type_ids"]); diff != "" {
		t.Error(diff)
	}
}

func TestPatchRefuses(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	id := made(t, f, sample)
	for change, want := range map[string]string{
		``: "No changes.",
		`{"field":"nosuch","old_value":{},"new_value":{}}`:                                "Unrecognized field nosuch.",
		`{"field":"create_date","old_value":{},"new_value":{"date":1}}`:                   "Unrecognized field create_date.",
		`{"field":"confirmed","old_value":{},"new_value":{"text":"yes"}}`:                 "Invalid value for the field confirmed.",
		`{"field":"severity_code","old_value":{"id":51},"new_value":{"id":7}}`:            "Invalid value for the field severity_code.",
		`{"field":"name","old_value":{"text":"Beacon"},"new_value":{"text":""}}`:          "The field name is required.",
		`{"field":"plan_status","old_value":{"text":"A"},"new_value":{"text":"C"}}`:       "The field resolution_id is required.",
		`{"field":"description","old_value":{},"new_value":{"textarea":{"format":"md"}}}`: "Invalid text for the field description.",
	} {
		status, got := patched(t, f, id, `{"changes":[`+change+`]}`)
		if message, _ := got["message"].(string); status != 400 || message != want {
			t.Errorf("%s: %d %v, want %q", change, status, got, want)
		}
	}
	if status, _ := patched(t, f, "1", `{"changes":[{"field":"city","old_value":{},"new_value":{"text":"x"}}]}`); status != 404 {
		t.Errorf("a patch of nothing: %d", status)
	}
	if i, _ := f.Incident(id); i.Version != 1 {
		t.Errorf("a refused patch has changed it: %+v", i)
	}
}

func TestPatchConflicts(t *testing.T) {
	t.Parallel()
	f := New(Options{Conflicts: 1})
	id := made(t, f, sample)
	const good = `{"version":1,"changes":[{"field":"city","old_value":{"text":null},"new_value":{"text":"Vienna"}}]}`
	for name, tc := range map[string]struct {
		body   string
		fields int
	}{
		"by option":    {good, 1},
		"by old value": {`{"version":1,"changes":[{"field":"city","old_value":{"text":"Graz"},"new_value":{"text":"Vienna"}},{"field":"name","old_value":{"text":"Beacon"},"new_value":{"text":"x"}}]}`, 1},
		"by version":   {`{"version":0,"changes":[{"field":"city","old_value":{},"new_value":{"text":"Vienna"}}]}`, 0},
	} {
		f.Conflict(strings.Count(name, "option"))
		status, got := patched(t, f, id, tc.body)
		failures, _ := got["field_failures"].([]any)
		if status != 200 || got["success"] != false || got["message"] == nil || len(failures) != tc.fields {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	if i, _ := f.Incident(id); i.Version != 1 || len(f.Journal().Writes()) != 1 {
		t.Errorf("%+v, %d writes", i, len(f.Journal().Writes()))
	}
	if _, got := patched(t, f, id, good); got["success"] != true {
		t.Errorf("afterwards: %v", got)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	id := made(t, f, sample)
	const closing = `{"changes":[{"field":"plan_status","old_value":{"text":"A"},"new_value":{"text":"C"}},` +
		`{"field":"resolution_id","old_value":{},"new_value":{"id":54}},{"field":"resolution_summary","old_value":{"textarea":null},"new_value":{"textarea":{"format":"text","content":"Done"}}}]}`
	if _, got := patched(t, f, id, closing); got["success"] != true {
		t.Fatalf("close: %v", got)
	}
	if i, _ := f.Incident(id); !i.Closed() || i.Fields["end_date"] == nil {
		t.Errorf("%+v", i)
	}
	if _, got := patched(t, f, id, `{"changes":[{"field":"name","old_value":{"text":"Beacon"},"new_value":{"text":"x"}}]}`); got["success"] != true {
		t.Errorf("a closed incident can be edited: %v", got)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	var all []string
	for n := range 5 {
		all = append(all, made(t, f, fmt.Sprintf(`{"name":"Incident %d","discovered_date":1,"description":{"format":"html","content":"<b>mark-%d</b>"},"properties":{"kibana_case_id":"case-%d"}}`, n, n%2, n)))
	}
	for name, tc := range map[string]struct {
		body string
		want []string
	}{
		"all":             {`{}`, all},
		"a page":          {`{"start":1,"length":2,"sorts":[{"field_name":"id","type":"asc"}]}`, all[1:3]},
		"newest first":    {`{"sorts":[{"field_name":"id","type":"desc"}],"length":1}`, all[4:]},
		"past the end":    {`{"start":9}`, nil},
		"property":        {`{"filters":[{"conditions":[{"field_name":"properties.kibana_case_id","method":"equals","value":"case-3"}]}]}`, all[3:4]},
		"no part of it":   {`{"filters":[{"conditions":[{"field_name":"properties.kibana_case_id","method":"equals","value":"case-"}]}]}`, nil},
		"contains":        {`{"filters":[{"conditions":[{"field_name":"description","method":"contains","value":"MARK-1"}]}]}`, []string{all[1], all[3]}},
		"not markup":      {`{"filters":[{"conditions":[{"field_name":"description","method":"contains","value":"<b>"}]}]}`, nil},
		"all conditions":  {`{"filters":[{"conditions":[{"field_name":"description","method":"contains","value":"mark-1"},{"field_name":"name","method":"equals","value":"Incident 3"}]}]}`, all[3:4]},
		"any filter":      {`{"filters":[{"conditions":[{"field_name":"name","method":"equals","value":"Incident 0"}]},{"conditions":[{"field_name":"name","method":"equals","value":"Incident 4"}]}]}`, []string{all[0], all[4]}},
		"none by two":     {`{"logic_type":"ALL","filters":[{"conditions":[{"field_name":"name","method":"equals","value":"Incident 0"}]},{"conditions":[{"field_name":"name","method":"equals","value":"Incident 4"}]}]}`, nil},
		"any condition":   {`{"filters":[{"logic_type":"ANY","conditions":[{"field_name":"name","method":"equals","value":"Incident 0"},{"field_name":"name","method":"equals","value":"Incident 4"}]}]}`, []string{all[0], all[4]}},
		"not that":        {`{"filters":[{"conditions":[{"field_name":"description","method":"not_contains","value":"mark-1"}]}]}`, []string{all[0], all[2], all[4]}},
		"greater, number": {fmt.Sprintf(`{"filters":[{"conditions":[{"field_name":"id","method":"gte","value":%s}]}]}`, all[3]), all[3:]},
	} {
		status, got := fakestest.Call(t, f, "POST", org+"/incidents/query_paged?return_level=normal", tc.body)
		var ids []string
		for _, row := range got["data"].([]any) {
			ids = append(ids, fmt.Sprint(row.(map[string]any)["id"]))
		}
		if diff := cmp.Diff(tc.want, ids); status != 200 || diff != "" || got["recordsTotal"] != 5.0 {
			t.Errorf("%s: %d %v %s", name, status, got["recordsTotal"], diff)
		}
	}
	for _, body := range []string{
		`{"filters":[{"conditions":[{"field_name":"properties.nosuch","method":"equals","value":"x"}]}]}`,
		`{"filters":[{"conditions":[{"field_name":"name","method":"matches","value":"x"}]}]}`,
		`{"sorts":[{"field_name":"name","type":"up"}]}`, `{"start":-1}`, `{"length":-1}`, `{"page":1}`,
	} {
		if status, got := fakestest.Call(t, f, "POST", org+"/incidents/query_paged", body); status != 400 {
			t.Errorf("%s: %d %v", body, status, got)
		}
	}
	_, got := fakestest.Call(t, f, "POST", org+"/incidents/query_paged?return_level=partial", `{"length":1}`)
	if row := got["data"].([]any)[0].(map[string]any); row["description"] != nil || row["properties"] != nil || row["name"] == nil {
		t.Errorf("partial: %v", row)
	}
	if len(f.Journal().Writes()) != 5 {
		t.Errorf("a query is said to have changed something")
	}
}
