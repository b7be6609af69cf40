package adapters_test

import (
	"testing"

	"github.com/casepush/casepush/adapters"
)

func TestTypes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, typ := range adapters.Types() {
		if typ.ID == "" || typ.ID[0] != '.' || typ.Name == "" || seen[typ.ID] {
			t.Errorf("type %q (%q): no id, no name, or there twice", typ.ID, typ.Name)
		}
		seen[typ.ID] = true
		if typ.Format == nil || typ.Check == nil || typ.New == nil {
			t.Errorf("type %q lacks a function", typ.ID)
		}
	}
	if !seen[".jira"] {
		t.Error("no .jira")
	}
}
