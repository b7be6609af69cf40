package connector_test

import (
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

func TestIncidentGet(t *testing.T) {
	in := connector.Incident{Fields: []connector.Field{{Name: "summary", Value: "S"}, {Name: "labels", Value: []string{"a"}}, {Name: "none", Value: nil}}}
	if v, ok := in.Get("none"); v != nil || !ok {
		t.Errorf("a field with nil: %v, %t", v, ok)
	}
	if v, ok := in.Get("absent"); v != nil || ok {
		t.Errorf("an absent field: %v, %t", v, ok)
	}
	for name, want := range map[string]string{"summary": "S", "labels": "", "none": "", "absent": ""} {
		if got := in.Text(name); got != want {
			t.Errorf("Text(%q): %q, want %q", name, got, want)
		}
	}
	if !(connector.Ref{Title: "T", URL: "U"}).IsZero() || (connector.Ref{ID: "1"}).IsZero() {
		t.Error("a ref without an id names nothing, one with an id something")
	}
	if got := (connector.MappingRow{Source: connector.Title, Target: "summary", ActionType: connector.Overwrite}).String(); got != "title → summary (overwrite)" {
		t.Errorf("row %q", got)
	}
}
