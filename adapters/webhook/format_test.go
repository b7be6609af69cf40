package webhook

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	c := connector.CaseInfo{
		ID: "c-1", Title: "T", Description: "D", Tags: []string{"a b", "c"}, Severity: "high", Status: "in-progress",
		Fields: map[string]any{"anything": 1},
	}
	got, err := format(valid(nil, nil, nil), c)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	for _, f := range got.Fields {
		values[f.Name] = f.Value
		if f.Source == "" || f.Source != got.Fields[0].Source || f.Append {
			t.Errorf("%s: source %q, append %t; want the source of all", f.Name, f.Source, f.Append)
		}
	}
	want := map[string]any{"title": "T", "description": "D", "tags": []string{"a b", "c"}, "id": "c-1", "severity": "high", "status": "in-progress"}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Error(diff)
	}
	if got.Comments != nil {
		t.Errorf("comments %v", got.Comments)
	}
	if err := complete(connector.Incident{Fields: got.Fields}); err != nil {
		t.Error(err)
	}
}

// The source of all fields changes with each value that the update's template
// may use, and with no other.
func TestFormatSource(t *testing.T) {
	t.Parallel()
	source := func(template any, change func(*connector.CaseInfo)) string {
		t.Helper()
		c := connector.CaseInfo{ID: "c-1", Title: "T", Description: "D", Tags: []string{"a"}, Severity: "high", Status: "open"}
		if change != nil {
			change(&c)
		}
		got, err := format(valid(m{"updateIncidentJson": template}, nil, nil), c)
		if err != nil {
			t.Fatal(err)
		}
		return got.Fields[0].Source
	}
	changes := map[string]func(*connector.CaseInfo){
		"title":       func(c *connector.CaseInfo) { c.Title = "D" },
		"description": func(c *connector.CaseInfo) { c.Description = "T" },
		"tags":        func(c *connector.CaseInfo) { c.Tags = []string{"a", ""} },
		"id":          func(c *connector.CaseInfo) { c.ID = "c-2" },
		"severity":    func(c *connector.CaseInfo) { c.Severity = "open" },
		"status":      func(c *connector.CaseInfo) { c.Status = "high" },
	}
	for template, uses := range map[string][]string{
		body:                           {"title", "description"},
		`{"s":{{{case.status}}}}`:      {"status"},
		`{{#case}}{{{tags}}}{{/case}}`: {"title", "description", "tags", "id", "severity", "status"},
		`{{{`:                          {"title", "description", "tags", "id", "severity", "status"},
		`{}`:                           nil,
	} {
		before := source(template, nil)
		if again := source(template, nil); again != before {
			t.Errorf("%s: source %q, then %q", template, before, again)
		}
		for name, change := range changes {
			used := false
			for _, u := range uses {
				used = used || u == name
			}
			if after := source(template, change); (after != before) != used {
				t.Errorf("%s: %s changed: source %q, then %q", template, name, before, after)
			}
		}
	}
	none, empty := source(body, func(c *connector.CaseInfo) { c.Tags = nil }), source(body, func(c *connector.CaseInfo) { c.Tags = []string{} })
	if none != empty {
		t.Errorf("no tags: %q, and an empty list: %q", none, empty)
	}
}

func TestIncomplete(t *testing.T) {
	t.Parallel()
	w := &webhook{}
	err := w.UpdateIncident(t.Context(), connector.CorrelationID{}, connector.Ref{ID: "1"}, connector.Incident{Fields: []connector.Field{{Name: "title", Value: "T"}}})
	e := connector.AsError("", err)
	if e == nil || e.Kind != connector.Rejected || e.Effect != connector.NotApplied {
		t.Fatalf("an update of the title alone: %v", err)
	}
	if err := w.UpdateIncident(t.Context(), connector.CorrelationID{}, connector.Ref{ID: "1"}, connector.Incident{}); err != nil {
		t.Errorf("an update of nothing: %v", err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"message":"One.","error":"Two."}`:                            `One.; Two.`,
		`{"error":{"message":"One.","detail":"Two.","input":"no"}}`:    `One.; Two.`,
		`{"message":"Same.","error":"Same."}`:                          `Same.`,
		`{"errorMessages":["One.","Two."],"errors":{"b":"x","a":"y"}}`: `One.; Two.; field "a": y; field "b": x`,
		`{"errors":[{"message":"One."},{"message":"Two."}]}`:           `One.; Two.`,
		`{"errors":{"title":["a","b"],"x":{"y":1}}}`:                   `field "title": a, b`,
		`[{"errorCode":"X","message":"One."}]`:                         `One.`,
		`["the case's own text"]`:                                      ``,
		`{"title":"the case's","description":"own text"}`:              ``,
		`{"message":null,"error":5}`:                                   ``,
		`"text"`:                                                       ``,
		`<html>`:                                                       ``,
		``:                                                             ``,
	} {
		if got := words([]byte(body)); got != want {
			t.Errorf("words(%s) = %q, want %q", body, got, want)
		}
	}
}
