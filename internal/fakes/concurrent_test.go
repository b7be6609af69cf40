package fakes_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/kibana"
)

// Under concurrent use, faults included, no effect is lost or done twice.
func TestConcurrentUse(t *testing.T) {
	j, k := fakejira.New(fakejira.Options{}), fakekibana.New(fakekibana.Options{})
	addRule(t, j, fakes.Rule{Method: "POST", Path: "/rest/api/2/issue", DropAnswer: true, Probability: 0.3}, fakes.Rule{Method: "GET", Status: 500, Times: 5})
	c, err := k.AddCase("", kibana.Case{})
	if err != nil {
		t.Fatal(err)
	}
	const workers, each = 8, 20
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for n := range each {
				label := fmt.Sprintf("case-%d-%d", w, n)
				send(j, "POST", "/rest/api/2/issue", strings.ReplaceAll(sampleIssue, "kibana-case-1", label))
				send(j, "GET", "/rest/api/2/search/jql?jql=labels%3D"+label, "")
				send(k, "POST", "/api/cases/"+c.ID+"/comments", `{"type":"user","comment":"one","owner":"cases"}`)
				j.Issues()
				j.Faults().List()
				j.Journal().Requests()
				k.Cases()
				send(k, "GET", "/__state", "")
			}
		})
	}
	wg.Wait()
	labels := map[string]int{}
	for _, i := range j.Issues() {
		labels[i.Labels()[0]]++
	}
	if len(labels) != workers*each || len(j.Issues()) != workers*each {
		t.Errorf("%d issues with %d labels, want %d", len(j.Issues()), len(labels), workers*each)
	}
	if got, _ := k.Case(c.ID); got.TotalComment != workers*each {
		t.Errorf("%d comments, want %d", got.TotalComment, workers*each)
	}
	if n := len(j.Journal().Writes()); n != workers*each {
		t.Errorf("%d writes in the journal", n)
	}
}

// send does not look at the answer: some are lost on purpose.
func send(h http.Handler, method, target, body string) {
	req, err := http.NewRequest(method, "http://fake"+target, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("kbn-xsrf", "true")
	if resp, err := (fakes.Transport{Handler: h}).RoundTrip(req); err == nil {
		_ = resp.Body.Close()
	}
}
