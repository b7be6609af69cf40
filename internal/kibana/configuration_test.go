package kibana_test

import (
	"testing"

	"github.com/casepush/casepush/internal/connector"
)

func TestConfiguration(t *testing.T) {
	two := `[{"owner":"cases","closure_type":"close-by-user","connector":{"id":"a"}},
		{"owner":"observability","closure_type":"close-by-pushing","version":"WzEsMV0=","connector":{"id":"b","type":".jira","fields":null},
		 "mappings":[{"source":"title","target":"summary","action_type":"overwrite"}],"error":null,"customFields":[],"future":{"x":1}}]`
	one := `{"closure_type":"close-by-pushing","connector":{"id":"old","name":"o","type":".jira","fields":null},"mappings":null}`
	for _, tt := range []struct{ name, body, owner, want string }{
		{"of this owner", two, "observability", "b"},
		{"of another", two, "cases", "a"},
		{"of none", two, "securitySolution", ""},
		{"no owner, several", two, "", ""},
		{"no owner, one", `[` + one + `]`, "", "old"},
		{"empty list", `[]`, "cases", ""},
		{"old form", one, "securitySolution", "old"},
		{"old form, nothing", `{}`, "securitySolution", ""},
		{"null", `null`, "cases", ""},
		{"null in a list", `[null]`, "cases", ""},
	} {
		w := newWire(t, "8.12.0")
		w.json("GET /s/soc/api/cases/configure", tt.body)
		got, err := w.client(t).Configuration(t.Context(), "soc", tt.owner)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		id := ""
		if got != nil {
			id = got.Connector.ID
		}
		if id != tt.want {
			t.Errorf("%s: connector %q, want %q", tt.name, id, tt.want)
		}
	}
}

func TestConfigurationRefused(t *testing.T) {
	w := newWire(t, "8.12.0") // no such route: a wrong base path, not a case that is gone
	_, err := w.client(t).Configuration(t.Context(), "default", "cases")
	wantKind(t, err, connector.Transient)
	w.json("GET /api/cases/configure", `"text"`)
	_, err = w.client(t).Configuration(t.Context(), "default", "cases")
	wantKind(t, err, connector.Transient)
}
