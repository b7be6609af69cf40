package jira_test

import (
	"flag"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/casepush/casepush/adapters/jira"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/adaptertest"
)

var update = flag.Bool("update", false, "rewrite what the vectors expect")

// Each request is held against Atlassian's specification as well.
func TestVectors(t *testing.T) {
	t.Parallel()
	adaptertest.Vectors{Type: jira.Type(), Update: *update, Show: adaptertest.Parts, Wire: validatedWire}.Run(t)
}

func validatedWire(t *testing.T, def connector.Definition, to http.RoundTripper) http.RoundTripper {
	t.Helper()
	base, err := url.Parse(def.Config["apiUrl"].(string))
	if err != nil {
		t.Fatal(err)
	}
	spec := dataCenterSpec
	if strings.HasSuffix(base.Host, ".atlassian.net") || base.Host == "api.atlassian.com" || def.Delivery["deployment"] == "cloud" {
		spec = cloudSpec
	}
	sent := &counter{to: to}
	validated := validate(t, spec.router(t), strings.TrimRight(base.Path, "/"), sent)
	t.Cleanup(func() {
		if n := validated.seen.Load(); n != sent.requests {
			t.Errorf("%d requests sent, %d came by the validator", sent.requests, n)
		}
	})
	return validated
}

// counter counts the requests of one goroutine.
type counter struct {
	to       http.RoundTripper
	requests int64
}

// RoundTrip implements http.RoundTripper.
func (c *counter) RoundTrip(req *http.Request) (*http.Response, error) {
	c.requests++
	return c.to.RoundTrip(req)
}
