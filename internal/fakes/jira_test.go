package fakes

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// call sends one request to a handler and decodes the answer, which may be
// empty.
func call(t *testing.T, h http.Handler, method, target, body string, header ...string) (int, map[string]any) {
	t.Helper()
	status, b := callRaw(t, h, method, target, body, header...)
	var v map[string]any
	if len(bytes.TrimSpace(b)) > 0 {
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatalf("%s %s: answer %d %q: %v", method, target, status, b, err)
		}
	}
	return status, v
}

func callRaw(t *testing.T, h http.Handler, method, target, body string, header ...string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://fake"+target, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := Transport{Handler: h}.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: read answer: %v", method, target, err)
	}
	return resp.StatusCode, b
}

const sampleIssue = `{"fields":{"summary":"Phishing","project":{"key":"HMS"},"issuetype":{"id":"10001"},"labels":["kibana-case-1"]}}`

func TestJiraCreateReadUpdate(t *testing.T) {
	for _, flavour := range []Flavour{Cloud, DataCenter} {
		t.Run(flavour.String(), func(t *testing.T) {
			j := NewJira(JiraOptions{Flavour: flavour})
			status, created := call(t, j, "POST", "/rest/api/2/issue", sampleIssue)
			if status != 201 || created["key"] != "HMS-1" {
				t.Fatalf("create: %d %v", status, created)
			}
			if status, _ := call(t, j, "PUT", "/rest/api/2/issue/HMS-1", `{"fields":{"summary":"Phishing, again"}}`); status != 204 {
				t.Fatalf("update: %d", status)
			}
			status, issue := call(t, j, "GET", "/rest/api/2/issue/"+created["id"].(string)+"?fields=summary,labels", "")
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
