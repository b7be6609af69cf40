package template

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

func parsed(t *testing.T, p Place, text string) *Template {
	t.Helper()
	tmpl, err := Parse(p, text)
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

func caseVars(title string) Vars {
	return Vars{"case": map[string]any{
		"title": title, "description": nil, "tags": []string{"c2", "red team"}, "id": "c-1", "severity": "high", "status": nil,
	}}
}

func TestJSON(t *testing.T) {
	for _, tc := range []struct {
		text string
		vars Vars
		want string
	}{
		{`{"fields":{"summary":{{{case.title}}}}}`, caseVars("a \"b\" \\ </b>\n\u2028\x01"), "{\"fields\":{\"summary\":\"a \\\"b\\\" \\\\ </b>\\n\u2028\\u0001\"}}"},
		{`{"d":{{{case.description}}},"s":{{{case.status}}}}`, caseVars("t"), `{"d":"","s":""}`},
		{`{"labels": {{{case.tags}}} }`, caseVars("t"), `{"labels": ["c2","red team"] }`},
		{`{"labels":{{{case.tags}}}}`, Vars{"case": map[string]any{"tags": nil}}, `{"labels":[]}`},
		{`{"id":{{{external.system.id}}}}`, Vars{"external": map[string]any{"system": map[string]any{"id": json.Number("12345678901234567890")}}}, `{"id":12345678901234567890}`},
		{`{"id":{{{external.system.id}}}}`, Vars{"external": map[string]any{"system": map[string]any{"id": "7"}}}, `{"id":"7"}`},
		{`{"a":{{{case.x}}}}`, Vars{"case": map[string]any{"x": []any{map[string]any{"b": nil, "a": json.Number("1.50")}, true}}}, `{"a":[{"a":1.50,"b":null},true]}`},
		{`[{{#case.description}}1{{/case.description}}]`, caseVars("t"), `[1]`}, // "" is JSON of two characters: as in Kibana
		{`{"a":{{{case.title}}}}`, caseVars("{{{case.id}}}"), `{"a":"{{{case.id}}}"}`},
		{`{"a":{{{case.nothing}}}1}`, caseVars("t"), `{"a":1}`},
		{`{"a":1{{>partial}}}`, caseVars("t"), `{"a":1}`},
	} {
		got, err := parsed(t, CreateCase, tc.text).RenderJSON(tc.vars)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s\ngot  %s, %v\nwant %s", tc.text, got, err, tc.want)
		}
	}
}

func TestJSONErrorsAreKibanas(t *testing.T) {
	for place, want := range map[Place]string{
		CreateCase:    "template: JSON Error: Create case JSON body must be valid JSON",
		UpdateCase:    "template: JSON Error: Update case JSON body must be valid JSON",
		GetCase:       "template: JSON Error: Get case JSON body must be valid JSON",
		CreateComment: "template: JSON Error: Create comment JSON body must be valid JSON",
	} {
		_, err := parsed(t, place, `{"a":"{{{case.title}}}"}`).RenderJSON(caseVars("secret"))
		if !errors.Is(err, connector.ErrTemplate) || err.Error() != want {
			t.Errorf("%v: %v, want %s", place, err, want)
		}
	}
}

func TestDoubleBracesEscapeAsMustacheJS(t *testing.T) {
	got, err := parsed(t, CreateCase, "{{x}} {{{x}}} {{&x}}").RenderText(Vars{"x": "<a href=\"/'`&"})
	want := "&lt;a href&#x3D;&quot;&#x2F;&#39;&#x60;&amp; <a href=\"/'`& <a href=\"/'`&"
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestTextOfEveryKind(t *testing.T) {
	vars := Vars{"n": nil, "i": 7, "big": json.Number("1234567"), "f": 1234567.5, "l": []any{"a", nil, json.Number("2")}, "m": map[string]any{"k": "v"}, "b": false, "z": json.Number("0")}
	got, err := parsed(t, CreateCase, "{{{n}}}|{{i}}|{{big}}|{{f}}|{{{l}}}|{{{m}}}|{{b}}|{{z}}{{#z}}!{{/z}}|{{m.k}}").RenderText(vars)
	if want := `|7|1234567|1234567.5|["a","","2"]|{"k":"v"}|false|0|v`; err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestOnlyPlainData(t *testing.T) {
	for name, v := range map[string]any{
		"struct": time.Time{}, "function": func(string, func(string) (string, error)) (string, error) { return "", nil },
		"pointer": new(string), "inside": []any{time.Second}, "deeper": map[string]any{"a": []any{struct{}{}}},
	} {
		got, err := parsed(t, CreateCase, "{{x.Weekday}}{{#x}}{{/x}}").RenderText(Vars{"x": v})
		if !errors.Is(err, connector.ErrTemplate) {
			t.Errorf("%s: rendered %q, %v", name, got, err)
		}
	}
}

func TestMethodsAreNotCalled(t *testing.T) {
	vars := Vars{"n": json.Number("5"), "l": []any{"a"}, "m": map[string]any{}}
	got, err := parsed(t, CreateCase, "{{n.String}}{{n.Int64}}{{l.Format}}{{m.Format}}{{m.String}}").RenderText(vars)
	if err != nil || got != "" {
		t.Errorf("got %q, %v; want nothing", got, err)
	}
}

func TestPartialsReadNoFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret.mustache")
	if err := os.WriteFile(file, []byte("from a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, strings.TrimSuffix(file, ".mustache"), "../template/template.go", "template.go", "/etc/hostname"} {
		got, err := parsed(t, CreateCase, "[{{>"+name+"}}{{#a}}{{>"+name+"}}{{/a}}]").RenderText(Vars{"a": "x"})
		if err != nil || got != "[]" {
			t.Errorf("partial %q: got %q, %v", name, got, err)
		}
	}
}

func TestBounds(t *testing.T) {
	if _, err := Parse(CreateCase, strings.Repeat("x", maxTemplateBytes+1)); !errors.Is(err, connector.ErrTemplate) {
		t.Errorf("long template: %v", err)
	}
	nested := func(n int) string { return strings.Repeat("{{#a}}", n) + strings.Repeat("{{/a}}", n) }
	if _, err := Parse(CreateCase, nested(maxDepth+1)); !errors.Is(err, connector.ErrTemplate) {
		t.Errorf("deep template: %v", err)
	}
	var items []any
	for range 50 {
		items = append(items, "x")
	}
	// 50^10 turns that print nothing.
	if _, err := parsed(t, CreateCase, nested(10)).RenderText(Vars{"a": items}); !errors.Is(err, errTooMuch) {
		t.Errorf("loops: %v", err)
	}
	long := strings.Repeat("x", 1<<20)
	if _, err := parsed(t, CreateCase, strings.Repeat("{{{a}}}", 9)).RenderText(Vars{"a": long}); !errors.Is(err, errTooMuch) {
		t.Errorf("output: %v", err)
	}
	var deep any = "x"
	for range maxDepth + 1 {
		deep = []any{deep}
	}
	if _, err := parsed(t, CreateCase, "{{a}}").RenderText(Vars{"a": deep}); !errors.Is(err, connector.ErrTemplate) {
		t.Errorf("deep data: %v", err)
	}
}

func TestBrokenTemplatesNameThePlace(t *testing.T) {
	for _, text := range []string{"{{#a}}", "{{/a}}", "{{", "{{}}", "{{#a}}{{/b}}"} {
		_, err := Parse(GetCase, text)
		if !errors.Is(err, connector.ErrTemplate) || !strings.HasPrefix(err.Error(), "template: Get case: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestMayUse(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a":{{{case.title}}}}`: true, `{"a":{{case.title}}}`: true, `{{{case}}}`: true, `{{{.}}}`: true,
		`{{#case}}{{{x}}}{{/case}}`: true, `{{^case}}{{/case}}`: true,
		`{"a":{{{case.titles}}}}`: false, `{"a":{{{cas}}}}`: false, `{"a":1}`: false, `{{!case.title}}{{>case.title}}`: false,
	} {
		if got := parsed(t, UpdateCase, text).MayUse("case.title"); got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
}
