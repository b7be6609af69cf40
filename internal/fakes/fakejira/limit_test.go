package fakejira

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakestest"
)

func TestWriteLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := sampleJira(t, Options{WriteLimits: CloudWriteLimits()})
		fakestest.Call(t, j, "POST", "/rest/api/2/issue", sampleIssue)
		<-time.After(time.Minute)
		comment := func(issue string) *http.Response {
			req, err := http.NewRequestWithContext(t.Context(), "POST", "http://fake/rest/api/2/issue/"+issue+"/comment", strings.NewReader(`{"body":"b"}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			resp, err := fakes.Transport{Handler: j}.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			return resp
		}
		fill := func(n int) {
			t.Helper()
			for range n {
				if resp := comment("HMS-1"); resp.StatusCode != 201 {
					t.Fatalf("comment: %d", resp.StatusCode)
				}
			}
		}
		refused := func(retryAfter string) {
			t.Helper()
			resp := comment("HMS-1")
			if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != retryAfter || resp.Header.Get("RateLimit-Reason") != "jira-per-issue-on-write" {
				t.Errorf("over the limit: %d %v, want Retry-After %s", resp.StatusCode, resp.Header, retryAfter)
			}
		}
		fill(20)
		refused("2")
		if resp := comment("HMS-2"); resp.StatusCode != 201 {
			t.Errorf("another issue: %d", resp.StatusCode)
		}
		for range 4 {
			<-time.After(2 * time.Second)
			fill(20)
		}
		<-time.After(2 * time.Second)
		refused("20") // 100 in 10 s: the first leaves the window at 30 s
		<-time.After(20 * time.Second)
		fill(20)
		if n := len(j.Issues()[0].Comments); n != 121 {
			t.Errorf("%d comments, want 121", n)
		}
	})
}
