package fakekibana

import (
	"encoding/json"
	"testing"

	"github.com/casepush/casepush/internal/fakes/fakestest"
	"github.com/casepush/casepush/internal/kibana"
)

func TestCloseCase(t *testing.T) {
	k := New(Options{SpuriousConflicts: 1})
	c, err := k.AddCase("", kibana.Case{Title: "Phishing", Comments: []kibana.Comment{{Text: "one"}}})
	if err != nil {
		t.Fatal(err)
	}
	closeBody := func(version string) string {
		return `{"cases":[{"id":"` + c.ID + `","version":"` + version + `","status":"closed"}]}`
	}
	if status, _ := fakestest.CallRaw(t, k, "PATCH", "/api/cases", closeBody(c.Version)); status != 400 {
		t.Errorf("without kbn-xsrf: %d, want 400", status)
	}
	if status, _ := fakestest.CallRaw(t, k, "PATCH", "/api/cases", closeBody(c.Version), "kbn-xsrf", "true"); status != 409 {
		t.Errorf("spurious conflict: %d, want 409", status)
	}
	if status, _ := fakestest.CallRaw(t, k, "PATCH", "/api/cases", closeBody(c.Version), "kbn-xsrf", "true"); status != 409 {
		t.Errorf("old version: %d, want 409", status)
	}
	fresh, _ := k.Case(c.ID)
	if status, b := fakestest.CallRaw(t, k, "PATCH", "/api/cases", closeBody(fresh.Version), "kbn-xsrf", "true"); status != 200 {
		t.Errorf("close: %d %s, want 200", status, b)
	}
	closed, _ := k.Case(c.ID)
	if closed.Status != "closed" || closed.ClosedAt.IsZero() || closed.UpdatedBy.Username != "casepush" {
		t.Errorf("closed case: %+v", closed)
	}
	if status, _ := fakestest.CallRaw(t, k, "PATCH", "/api/cases", closeBody(closed.Version), "kbn-xsrf", "true"); status != 406 {
		t.Errorf("close again: %d, want 406", status)
	}
}

// Where everybody is let in, a name that a request gives is taken for its user.
func TestWritesByBasicUser(t *testing.T) {
	const ann = "Basic YW5uOmFueQ==" // ann:any
	for auth, want := range map[string]string{ann: "ann", "Basic OmFueQ==": "worker", "ApiKey aWQ6a2V5": "worker", "": "worker"} {
		k := New(Options{Username: "worker"})
		create := `{"title":"t","description":"d","tags":[],"connector":{"id":"none","name":"none","type":".none","fields":null},"settings":{"syncAlerts":false},"owner":"cases"}`
		status, b := fakestest.CallRaw(t, k, "POST", "/api/cases", create, xsrf, yes, "Authorization", auth)
		var c kibana.Case
		if err := json.Unmarshal(b, &c); err != nil || status != 200 {
			t.Fatalf("%d %s %v", status, b, err)
		}
		comment := `{"type":"user","comment":"hello","owner":"cases"}`
		if status, b := fakestest.CallRaw(t, k, "POST", "/api/cases/"+c.ID+"/comments", comment, xsrf, yes, "Authorization", auth); status != 200 {
			t.Fatalf("%d %s", status, b)
		}
		got, _ := k.Case(c.ID)
		if got.CreatedBy.Username != want || got.Comments[0].CreatedBy.Username != want {
			t.Errorf("%q: a case by %+v, a comment by %+v, want %s", auth, got.CreatedBy, got.Comments[0].CreatedBy, want)
		}
	}
}
