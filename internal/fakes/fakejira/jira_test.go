package fakejira

import (
	"testing"

	"github.com/casepush/casepush/internal/fakes/fakestest"
)

const sampleIssue = `{"fields":{"summary":"Phishing","project":{"key":"HMS"},"issuetype":{"id":"10001"},"labels":["kibana-case-1"]}}`

func TestCreateReadUpdate(t *testing.T) {
	for _, flavour := range []Flavour{Cloud, DataCenter} {
		t.Run(flavour.String(), func(t *testing.T) {
			j := New(Options{Flavour: flavour})
			status, created := fakestest.Call(t, j, "POST", "/rest/api/2/issue", sampleIssue)
			if status != 201 || created["key"] != "HMS-1" {
				t.Fatalf("create: %d %v", status, created)
			}
			if status, _ := fakestest.Call(t, j, "PUT", "/rest/api/2/issue/HMS-1", `{"fields":{"summary":"Phishing, again"}}`); status != 204 {
				t.Fatalf("update: %d", status)
			}
			status, issue := fakestest.Call(t, j, "GET", "/rest/api/2/issue/"+created["id"].(string)+"?fields=summary,labels", "")
			fields := issue["fields"].(map[string]any)
			if status != 200 || fields["summary"] != "Phishing, again" || len(fields) != 2 {
				t.Fatalf("read: %d %v", status, issue)
			}
			if got := len(j.Journal().Writes()); got != 2 {
				t.Errorf("writes in the journal: %d, want 2", got)
			}
		})
	}
}
