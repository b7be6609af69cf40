package template

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/casepush/casepush/internal/spectest"
)

// differs lists the tests of the Mustache specification that we fail on
// purpose, by file and name, with what they ask for. All are about the text of
// partials, which is always empty: the library would read them from files, and
// Kibana has none to give either.
var differs = map[string]string{
	"delimiters.json: Partial Inheritence":            "asks what a partial does with delimiters",
	"delimiters.json: Post-Partial Behavior":          "asks what a partial's delimiters do afterwards",
	"partials.json: Basic Behavior":                   "prints a partial",
	"partials.json: Context":                          "prints a variable in a partial",
	"partials.json: Recursion":                        "a partial that calls itself: with empty ones there is no recursion to bound",
	"partials.json: Nested":                           "partials in partials",
	"partials.json: Surrounding Whitespace":           "white space around a partial's text",
	"partials.json: Inline Indentation":               "a partial's lines in the middle of a line",
	"partials.json: Standalone Line Endings":          "a partial after \\r\\n",
	"partials.json: Standalone Without Previous Line": "indents a partial on the first line",
	"partials.json: Standalone Without Newline":       "indents a partial on the last line",
	"partials.json: Standalone Indentation":           "indents every line of a partial",
	"partials.json: Padding Whitespace":               "white space in a partial's tag",
}

func TestMustacheSpecification(t *testing.T) {
	folder, err := spectest.Path("mustache")
	spectest.Need(t, err)
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no specification: %v", err)
	}
	ran := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var spec struct {
			Tests []specTest `json:"tests"`
		}
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.UseNumber()
		if err := dec.Decode(&spec); err != nil {
			t.Fatal(err)
		}
		for _, test := range spec.Tests {
			ran++
			name := filepath.Base(file) + ": " + test.Name
			t.Run(name, func(t *testing.T) { test.check(t, differs[name]) })
		}
	}
	if ran != 136 {
		t.Errorf("%d tests, the required modules have 136", ran)
	}
}

type specTest struct {
	Name, Desc, Template, Expected string
	Data                           any
}

func (s specTest) check(t *testing.T, reason string) {
	got, err := s.render()
	passes := err == nil && got == s.Expected
	switch {
	case passes && reason != "":
		t.Errorf("passes now: take it off the list (%s)", reason)
	case !passes && reason == "":
		t.Errorf("%s\ntemplate %q\ngot      %q, %v\nwant     %q", s.Desc, s.Template, got, err, s.Expected)
	}
}

// render takes data that are no object too, which cases never are.
func (s specTest) render() (string, error) {
	tmpl, err := Parse(CreateCase, s.Template)
	if err != nil {
		return "", err
	}
	data, err := normalize(s.Data, "", asText, maxDepth)
	if err != nil {
		return "", err
	}
	return tmpl.execute(data)
}
