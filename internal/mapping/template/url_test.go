package template

import (
	"errors"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

func system(id, title any) Vars {
	return Vars{"external": map[string]any{"system": map[string]any{"id": id, "title": title}}}
}

func TestURL(t *testing.T) {
	const base = "https://t.example/rest/issue/"
	for _, tc := range []struct {
		text string
		id   any
		want string
	}{
		{base + "{{{external.system.id}}}", "10001", base + "10001"},
		{base + "{{{ external.system.id }}}/comment/", "10001", base + "10001/comment"},
		{base + "{{{external.system.id}}}", "../../malicious", base + "..%2F..%2Fmalicious"},
		{base + "{{{external.system.id}}}", "a b?c#d&e=f'(ß)🛰", base + "a%20b%3Fc%23d%26e%3Df'(%C3%9F)%F0%9F%9B%B0"},
		{base + "{{external.system.id}}", "it's", base + "it&#39;s"},
		{"https://t.example//rest///issue/{{{external.system.id}}}/", "1", "https://t.example/rest/issue/1"},
		{" HTTP://t.example/{{{external.system.id}}} ", "1", "HTTP://t.example/1"},
		{base + "{{#external.system}}{{{id}}}{{/external.system}}", "1", base + "1"},
		{base + "{{{external.system.id}}}{{^external.system.title}}/untitled{{/external.system.title}}", "1", base + "1/untitled"},
		{base + "{{{external.system.id}}}", 12, base + "12"},
	} {
		got, err := parsed(t, GetCase, tc.text).RenderURL(system(tc.id, nil))
		if err != nil || got != tc.want {
			t.Errorf("%s: got %q, %v; want %q", tc.text, got, err, tc.want)
		}
	}
}

func TestURLErrors(t *testing.T) {
	for _, tc := range []struct {
		text string
		id   any
		want string
	}{
		{"{{{external.system.id}}}", "1", "Invalid Get case URL: Error: Invalid URL"},
		{"https:///{{{external.system.id}}}", "1", "Invalid Get case URL: Error: Invalid URL"},
		{"ftp://t.example/{{{external.system.id}}}", "1", "Invalid Get case URL: Error: Invalid protocol"},
		{"javascript:{{{external.system.id}}}", "1", "Invalid Get case URL: Error: Invalid protocol"},
		{"https://t.example/{{{external.system.ID}}}", "1", `variable "external.system.ID" has no value`},
		{"https://t.example/{{{external.system.id}}}", "", `variable "external.system.id" has no value`},
		{"https://t.example/{{{external.system.id}}}", nil, `variable "external.system.id" has no value`},
		{"https://t.example/{{{external.system.title}}}", "1", `variable "external.system.title" has no value`},
		{"https://t.example/{{#external}}{{{system.x}}}{{/external}}", "1", `variable "system.x" has no value`},
		{"https://t.example/{{^nothing}}{{{system.id}}}{{/nothing}}", "1", `variable "system.id" has no value`},
		{"https://t.example/{{>part}}", "1", "has no value"},
		{"https://t.example/{{{external.system.id}}}/comment", "..", "is a step in the path"},
	} {
		got, err := parsed(t, GetCase, tc.text).RenderURL(system(tc.id, nil))
		if !errors.Is(err, connector.ErrTemplate) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %q, %v; want %s", tc.text, got, err, tc.want)
		}
	}
}

func TestCleanURL(t *testing.T) {
	got, err := CleanURL(CreateCase, "https://t.example/rest/issue/?next=http://x//y")
	if want := "https://t.example/rest/issue/?next=http://x/y"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, raw := range []string{"", "t.example/x", "https://t.example/{{{case.id}}}", "https://user:hunter2@%zz/", "mailto:x@y"} {
		_, err := CleanURL(CreateCase, raw)
		if !errors.Is(err, connector.ErrTemplate) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, tc := range []struct {
		place Place
		json  bool
		text  string
		want  []string // a part of each warning
	}{
		{CreateCase, true, `{"s":{{{case.title}}},"d":{{{case.description}}}}`, nil},
		{CreateCase, true, `{"s":{{{case.title}}}}`, []string{"{{{case.description}}} is required"}},
		{CreateCase, true, `{"s":{{case.title}},"d":{{{case.description}}}}`, []string{"{{case.title}} escapes for HTML"}},
		{CreateCase, true, `{"s":{{{case.title}}},"d":{{{case.description}}},"x":{{{external.system.id}}}}`, []string{`"external.system.id" is unknown`}},
		{UpdateCase, true, `{"s":{{{case.title}}},"d":{{{case.description}}},"x":{{{external.system.id}}}}`, nil},
		{CreateComment, true, `{"body":{{{case.title}}}}`, []string{"{{{case.comment}}} is required", `"case.title" is unknown`}},
		{GetCase, true, `{"id":{{{external.system.id}}}}`, nil},
		{CreateCase, true, `{ {{#case}}"s":{{{title}}},"d":{{{description}}}{{/case}} }`, nil},
		{UpdateCase, false, "https://t.example/{{{external.system.ID}}}", []string{"{{{external.system.id}}} is required", "write external.system.id"}},
		{GetCase, false, "https://t.example/{{{external.system.id}}}", nil},
		{ViewCase, false, "https://t.example/browse/{{{external.system.title}}}", nil},
		{ViewCase, false, "https://t.example/", nil},
	} {
		tmpl := parsed(t, tc.place, tc.text)
		got := tmpl.WarnURL()
		if tc.json {
			got = tmpl.WarnJSON()
		}
		ok := len(got) == len(tc.want)
		for i := 0; ok && i < len(got); i++ {
			ok = strings.Contains(got[i], tc.want[i])
		}
		if !ok {
			t.Errorf("%v %s: got %q, want %q", tc.place, tc.text, got, tc.want)
		}
	}
}
