package template

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

// Whatever the template and the values: no panic, errors of one kind, JSON that
// is valid, and URLs that are absolute.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		`{"a":{{{case.title}}}}`, `{{#case}}{{title}}{{/case}}`, `{{^x}}{{>y}}{{/x}}`, `{{=<% %>=}}<%case.title%>`, `{{{a}}`, `{{! c }}`,
		`https://t.example/{{{external.system.id}}}`, `{{#case.tags}}{{.}}{{/case.tags}}`, `{{a.b.c..d}}`, "\r\n {{#a}}\r\n{{/a}}",
	} {
		f.Add(seed, "x")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		tmpl, err := Parse(CreateCase, text)
		if err != nil {
			kind(t, err)
			return
		}
		vars := Vars{
			"case":     map[string]any{"title": value, "tags": []string{value, value}, "description": nil},
			"external": map[string]any{"system": map[string]any{"id": value}},
		}
		if _, err := tmpl.RenderText(vars); err != nil {
			kind(t, err)
		}
		if out, err := tmpl.RenderJSON(vars); err != nil {
			kind(t, err)
		} else if !json.Valid(out) {
			t.Fatalf("invalid JSON %q", out)
		}
		if out, err := tmpl.RenderURL(vars); err != nil {
			kind(t, err)
		} else if u, err := url.Parse(out); err != nil || u.Host == "" {
			t.Fatalf("URL %q: %v", out, err)
		}
		tmpl.WarnJSON()
		tmpl.WarnURL()
	})
}

func kind(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, connector.ErrTemplate) {
		t.Fatalf("error %v does not say that it is the template's", err)
	}
}

// A value never leaves its place: between quotes of its own in JSON, within one
// segment of a URL.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{`x","priority":{"name":"Highest"},"y":"`, "../..", "a/b?c#d", "\x00\xff\u2028", `\u0022`, "{{{case.id}}}"} {
		f.Add(seed)
	}
	body, err := Parse(CreateCase, `{"a":{{{case.title}}},"b":1}`)
	if err != nil {
		f.Fatal(err)
	}
	link, err := Parse(GetCase, "https://t.example/issue/{{{external.system.id}}}/x")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		out, err := body.RenderJSON(Vars{"case": map[string]any{"title": value}})
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(out, &got); err != nil || len(got) != 2 || got["a"] != string([]rune(value)) {
			t.Fatalf("%q became %v, %v", value, got, err)
		}
		rendered, err := link.RenderURL(system(value, nil))
		if err != nil {
			if value != "" && value != "." && value != ".." {
				t.Fatal(err)
			}
			return
		}
		u, err := url.Parse(rendered)
		if err != nil || u.Host != "t.example" || strings.Count(u.EscapedPath(), "/") != 3 || u.RawQuery != "" || u.Fragment != "" {
			t.Fatalf("%q became %q, %v", value, rendered, err)
		}
	})
}
