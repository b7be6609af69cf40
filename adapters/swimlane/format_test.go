package swimlane

import (
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fields m
		want   string // "" is no field
		err    string
	}{
		"no fields":     {nil, "c-81", ""},
		"absent":        {m{"other": 1}, "c-81", ""},
		"given":         {m{"caseId": "SOC-1"}, "SOC-1", ""},
		"explicit null": {m{"caseId": nil}, "", ""},
		"empty":         {m{"caseId": ""}, "", ""},
		"a number":      {m{"caseId": 7.0}, "", `case connector field "caseId": want a text or null, got float64`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := format(connector.Definition{}, connector.CaseInfo{ID: "c-81", Fields: tc.fields, Severity: "high"})
			if tc.err != "" {
				if err == nil || err.Error() != tc.err {
					t.Errorf("error %v, want %s", err, tc.err)
				}
				return
			}
			switch {
			case err != nil:
				t.Error(err)
			case tc.want == "" && len(got.Fields) != 0, len(got.Comments) != 0:
				t.Errorf("formatted %+v, want nothing", got)
			case tc.want != "" && (len(got.Fields) != 1 || got.Fields[0].Name != "caseId" || got.Fields[0].Value != tc.want || got.Fields[0].Source != connector.Digest(tc.want)):
				t.Errorf("formatted %+v, want the case id %q alone", got, tc.want)
			}
		})
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"ErrorCode":5010,"Argument":"Owner"}`:       "RequiredFieldMissing: Owner (5010)",
		`{"ErrorCode":3002,"Argument":null}`:          "RecordNotFound (3002)",
		`{"ErrorCode":"3002"}`:                        "RecordNotFound (3002)",
		`{"ErrorCode":9999,"Argument":"x"}`:           "x (9999)",
		`{"ErrorCode":9999}`:                          "(9999)",
		`{"ErrorCode":5013,"Argument":{"Field":"x"}}`: `WrongType: {"Field":"x"} (5013)`,
		`{"ErrorCode":1.5}`:                           "",
		`{"errorMessages":["x"]}`:                     "",
		`[]`:                                          "",
		`<html>`:                                      "",
		``:                                            "",
	} {
		if got := readRefusal([]byte(body)).Error(); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"17": 17, " 17.50 ": 17.5, "-3e2": -300, "0": 0, "none": 0, "1,5": 0, "": 0, "Infinity": 0, "NaN": 0, "1e999": 0, "1_0": 0, "0x1p4": 0, "--1": 0,
	} {
		if got := number(text); got != want {
			t.Errorf("number(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestUnknownValue(t *testing.T) {
	t.Parallel()
	list := appField{Name: "Severity", FieldType: "valuesList"}
	for range 25 {
		list.Values = append(list.Values, listValue{ID: "1", Name: strings.Repeat("v", 80)})
	}
	_, err := selected(list, []string{"x"})
	if err == nil || !strings.HasPrefix(err.Error(), `"x" is no value of "Severity"; it has "vvv`) || !strings.HasSuffix(err.Error(), "and 5 more") || len(err.Error()) > 1500 {
		t.Errorf("error %v", err)
	}
	list.Values = []listValue{{"1", "High"}, {"2", "high"}}
	if v, ok := list.value("high"); !ok || v.ID != "2" {
		t.Errorf("the value of the same name goes first: %v", v)
	}
	if v, ok := list.value("HIGH"); !ok || v.ID != "1" {
		t.Errorf("a value in another case: %v, %t", v, ok)
	}
	if _, err := selected(list, []string{"High", "high"}); err == nil || err.Error() != `field "Severity" of the application takes one value, got 2` {
		t.Errorf("two values: %v", err)
	}
	list.SelectionType = "multi"
	if got, err := selected(list, []string{"High", "high"}); err != nil || len(got.([]selection)) != 2 {
		t.Errorf("two of several: %v, %v", got, err)
	}
}
