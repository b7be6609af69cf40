package jira

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	fields := map[string]any{
		"otherFields": `{"z": 1.0, "a": {"b": [ ]}, "z": "last"}`, "priority": "High", "parent": nil, "issueType": "10002", "unknown": 1,
	}
	got, err := format(connector.Definition{}, connector.CaseInfo{Fields: fields, Tags: []string{"by the mapping"}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range got.Fields {
		names = append(names, fmt.Sprintf("%s=%v", f.Name, f.Value))
		if f.Source != connector.Digest(f.Value.(string)) {
			t.Errorf("%s: source %q does not follow the value", f.Name, f.Source)
		}
	}
	if diff := cmp.Diff([]string{"issueType=10002", "priority=High", `otherFields={"z":"last","a":{"b":[]}}`}, names); diff != "" {
		t.Error(diff)
	}
	for _, none := range []map[string]any{nil, {}, {"issueType": "", "otherFields": ""}, {"otherFields": nil}} {
		if got, err := format(connector.Definition{}, connector.CaseInfo{Fields: none}); err != nil || got.Fields != nil || got.Comments != nil {
			t.Errorf("format(%v) = %v, %v, want nothing", none, got, err)
		}
	}
}

func TestFormatRefuses(t *testing.T) {
	t.Parallel()
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprintf(`"f%d":1`, i)
	}
	for name, tc := range map[string]struct {
		field string
		value any
		want  string
	}{
		"a number":        {"priority", 3.0, `field "priority": want a text or null, got float64`},
		"no JSON":         {"otherFields", `{"a":`, `field "otherFields": not a JSON object`},
		"text after":      {"otherFields", `{} {}`, `field "otherFields": not a JSON object`},
		"a list":          {"otherFields", `[1]`, `field "otherFields": not a JSON object`},
		"null":            {"otherFields", `null`, `field "otherFields": not a JSON object`},
		"21 keys":         {"otherFields", "{" + strings.Join(many, ",") + "}", "A maximum of 20 fields in otherFields can be defined at a time."},
		"reserved":        {"otherFields", `{"a":1,"labels":[],"summary":""}`, "The following properties cannot be defined inside otherFields: labels, summary."},
		"reserved object": {"otherFields", map[string]any{"externalId": "1"}, "The following properties cannot be defined inside otherFields: externalId."},
		"a bool":          {"otherFields", true, "want JSON text, got bool"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := format(connector.Definition{}, connector.CaseInfo{Fields: map[string]any{tc.field: tc.value}})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
	if _, err := format(connector.Definition{}, connector.CaseInfo{Fields: map[string]any{"otherFields": "{" + strings.Join(many[:20], ",") + "}"}}); err != nil {
		t.Errorf("20 keys: %v", err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"errorMessages":["One.","Two."],"errors":{"b":"x","a":"y"}}`: `One.; Two.; field "a": y; field "b": x`,
		`{"errorMessages":[],"errors":{"summary":{"why":1}}}`:          `field "summary": {"why":1}`,
		`{"errorMessages":"odd","errors":{"a":"kept"}}`:                `field "a": kept`,
		`{"message":"Client must be authenticated","code":401}`:        `Client must be authenticated`,
		`{"errorMessages":null,"errors":null}`:                         ``,
		`<html>`:                                                       ``,
		``:                                                             ``,
	} {
		if got := words([]byte(body)); got != want {
			t.Errorf("words(%s) = %q, want %q", body, got, want)
		}
	}
}
