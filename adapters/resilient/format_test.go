package resilient

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	fields := map[string]any{
		"additionalFields": `{"z": 1.0, "a": {"b": [ ]}, "z": "last"}`, "severityCode": "51", "incidentTypes": []any{"17", json.Number("19"), 22.0}, "unknown": 1,
	}
	got, err := format(connector.Definition{}, connector.CaseInfo{Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	want := []connector.Field{
		{Name: "incidentTypes", Value: []string{"17", "19", "22"}},
		{Name: "severityCode", Value: "51"},
		{Name: "additionalFields", Value: `{"z":"last","a":{"b":[]}}`},
	}
	if diff := cmp.Diff(want, got.Fields); diff != "" || got.Comments != nil {
		t.Errorf("%s; comments %v", diff, got.Comments)
	}
	for _, none := range []map[string]any{nil, {}, {"incidentTypes": nil, "severityCode": "", "additionalFields": ""}, {"additionalFields": nil}} {
		if got, err := format(connector.Definition{}, connector.CaseInfo{Fields: none}); err != nil || got.Fields != nil {
			t.Errorf("format(%v) = %v, %v, want nothing", none, got, err)
		}
	}
	got, err = format(connector.Definition{}, connector.CaseInfo{Fields: map[string]any{"incidentTypes": []any{}}})
	if err != nil || len(got.Fields) != 1 || len(got.Fields[0].Value.([]string)) != 0 {
		t.Errorf("no types: %v, %v; an empty list is sent, as Kibana does", got, err)
	}
}

func TestFormatRefuses(t *testing.T) {
	t.Parallel()
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprintf(`"f%d":1`, i)
	}
	for name, tc := range map[string]struct {
		field string
		value any
		want  string
	}{
		"a text for types":  {"incidentTypes", "17", `field "incidentTypes": want a list of ids, got string`},
		"no number":         {"incidentTypes", []any{"17", "Malware"}, `field "incidentTypes": want an id, which is a number, got "Malware"`},
		"a fraction":        {"severityCode", 1.5, `field "severityCode": want an id, which is a number, got "1.5"`},
		"a bool":            {"severityCode", true, `field "severityCode": want an id, got bool`},
		"no JSON":           {"additionalFields", `{"a":`, `field "additionalFields": not a JSON object`},
		"a list":            {"additionalFields", `[1]`, `field "additionalFields": not a JSON object`},
		"51 keys":           {"additionalFields", "{" + strings.Join(many, ",") + "}", "A maximum of 50 fields in additionalFields can be defined at a time."},
		"reserved":          {"additionalFields", `{"a":1,"severityCode":1,"name":""}`, "The following properties cannot be defined inside additionalFields: severityCode, name."},
		"reserved, object":  {"additionalFields", map[string]any{"externalId": "1"}, "The following properties cannot be defined inside additionalFields: externalId."},
		"a list of objects": {"additionalFields", []any{}, "want JSON text, got []interface"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := format(connector.Definition{}, connector.CaseInfo{Fields: map[string]any{tc.field: tc.value}})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
	fifty := map[string]any{"additionalFields": "{" + strings.Join(many[:50], ",") + "}"}
	if _, err := format(connector.Definition{}, connector.CaseInfo{Fields: fifty}); err != nil {
		t.Errorf("50 keys: %v", err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"success":false,"title":"Unable to save","message":"No.","hints":["Try again",1],"error_code":"generic"}`:                "Unable to save; No.; Try again",
		`{"success":false,"title":null,"message":"Internal Server Error","hints":[]}`:                                              "Internal Server Error",
		`{"message":"m","field_failures":[{"field":"name","your_original_value":"secret"},{"field":{"name":"city"}},{"field":7}]}`: `m; field "name"; field "city"`,
		`{"message":["odd"],"title":"kept"}`: "kept",
		`<html>`:                             "",
		``:                                   "",
	} {
		if got := words([]byte(body)); got != want {
			t.Errorf("words(%s) = %q, want %q", body, got, want)
		}
	}
}
