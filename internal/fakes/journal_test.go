package fakes_test

import (
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/fakes/fakestest"
)

func TestJournalHoldsNoCredential(t *testing.T) {
	const canary = "c4n4ry"
	j := fakejira.New(fakejira.Options{})
	fakestest.CallRaw(t, j, "GET", "/rest/api/2/myself?access_token="+canary+"&api%2Dkey="+canary+"&fields=summary", "",
		"Authorization", "Basic "+canary, "Proxy-Authorization", canary, "Cookie", canary, "X-Sn-Apikey", canary,
		"Private-Token", canary, "X-Api-Key", canary, "Idempotency-Key", "visible", "X-Atlassian-Token", "no-check")
	_, b := fakestest.CallRaw(t, j, "GET", "/__requests", "")
	if strings.Contains(string(b), canary) {
		t.Errorf("a credential is in the journal: %s", b)
	}
	for _, shown := range []string{"fields=summary", `"Idempotency-Key":"visible"`, `"X-Atlassian-Token":"no-check"`} {
		if !strings.Contains(string(b), shown) {
			t.Errorf("the journal does not show %s: %s", shown, b)
		}
	}
}

func TestJournalIsBounded(t *testing.T) {
	j := fakejira.New(fakejira.Options{JournalSize: 3})
	for range 5 {
		fakestest.CallRaw(t, j, "GET", "/rest/api/2/myself", "")
	}
	list := j.Journal().Requests()
	if len(list) != 3 || list[0].Seq != 3 || list[2].Seq != 5 || list[2].Status != 200 || j.Journal().Forgotten() != 2 {
		t.Errorf("kept %+v, forgotten %d", list, j.Journal().Forgotten())
	}
	j.Journal().Clear()
	fakestest.CallRaw(t, j, "GET", "/rest/api/2/myself", "")
	if list := j.Journal().Requests(); len(list) != 1 || list[0].Seq != 6 || list[0].Status != 200 {
		t.Errorf("after clearing: %+v", list)
	}
}

func TestJournalCount(t *testing.T) {
	j := fakejira.New(fakejira.Options{})
	fakestest.Call(t, j, "POST", "/rest/api/2/issue", sampleIssue)
	fakestest.Call(t, j, "POST", "/rest/api/2/issue", `{"fields":{}}`)
	created := j.Journal().Count(func(r fakes.Request) bool { return r.Method == "POST" && r.Status == 201 })
	if created != 1 || len(j.Journal().Writes()) != 1 || len(j.Journal().Requests()) != 2 {
		t.Errorf("created %d, journal %+v", created, j.Journal().Requests())
	}
}
