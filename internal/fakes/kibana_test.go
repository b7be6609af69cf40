package fakes

import (
	"testing"

	"github.com/casepush/casepush/internal/kibana"
)

func TestKibanaCloseCase(t *testing.T) {
	k := NewKibana(KibanaOptions{SpuriousConflicts: 1})
	c, err := k.AddCase("", kibana.Case{Title: "Phishing", Comments: []kibana.Comment{{Text: "one"}}})
	if err != nil {
		t.Fatal(err)
	}
	closeBody := func(version string) string {
		return `{"cases":[{"id":"` + c.ID + `","version":"` + version + `","status":"closed"}]}`
	}
	if status, _ := callRaw(t, k, "PATCH", "/api/cases", closeBody(c.Version)); status != 400 {
		t.Errorf("without kbn-xsrf: %d, want 400", status)
	}
	if status, _ := callRaw(t, k, "PATCH", "/api/cases", closeBody(c.Version), "kbn-xsrf", "true"); status != 409 {
		t.Errorf("spurious conflict: %d, want 409", status)
	}
	if status, _ := callRaw(t, k, "PATCH", "/api/cases", closeBody(c.Version), "kbn-xsrf", "true"); status != 409 {
		t.Errorf("old version: %d, want 409", status)
	}
	fresh, _ := k.Case(c.ID)
	if status, b := callRaw(t, k, "PATCH", "/api/cases", closeBody(fresh.Version), "kbn-xsrf", "true"); status != 200 {
		t.Errorf("close: %d %s, want 200", status, b)
	}
	closed, _ := k.Case(c.ID)
	if closed.Status != "closed" || closed.ClosedAt.IsZero() || closed.UpdatedBy.Username != "casepush" {
		t.Errorf("closed case: %+v", closed)
	}
	if status, _ := callRaw(t, k, "PATCH", "/api/cases", closeBody(closed.Version), "kbn-xsrf", "true"); status != 406 {
		t.Errorf("close again: %d, want 406", status)
	}
}
