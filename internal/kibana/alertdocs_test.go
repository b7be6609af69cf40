package kibana_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/secret"
)

func alertClient(t *testing.T, k *fakekibana.Fake) *kibana.Client {
	t.Helper()
	hc, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"*"}}, fakes.Transport{Handler: k})
	if err != nil {
		t.Fatal(err)
	}
	c, err := kibana.New(kibana.Options{URL: "http://kibana.example", APIKey: secret.New("aWQ6a2V5"), HTTP: hc})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Documents come in the order of the case, each once, with the fields that were
// asked for, in whatever form the document has them.
func TestAlertDocuments(t *testing.T) {
	t.Parallel()
	k := fakekibana.New(fakekibana.Options{})
	var ids kibana.StringList
	for i := range 230 {
		id := fmt.Sprintf("alert-%03d", 229-i)
		ids = append(ids, id)
		k.AddAlert("soc", id, map[string]any{"source": map[string]any{"ip": id, "port": 1}, "url.full": "https://a.example/", "host": map[string]any{"name": "h"}})
	}
	ids = append(ids, "alert-007", "alert-gone")
	c, err := k.AddCase("soc", kibana.Case{Title: "t", Comments: []kibana.Comment{{Type: "alert", AlertID: ids}}})
	if err != nil {
		t.Fatal(err)
	}
	docs, err := alertClient(t, k).Alerts(t.Context(), "soc", c.ID, []string{"source.ip", "url.full"})
	if err != nil || len(docs) != 230 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	for i, doc := range docs {
		want := map[string]any{"source": map[string]any{"ip": string(ids[i])}, "url.full": "https://a.example/"}
		if diff := cmp.Diff(want, doc); diff != "" {
			t.Fatalf("document %d: %s", i, diff)
		}
	}
	if n := len(k.Journal().Writes()); n != 0 {
		t.Errorf("%d writes", n)
	}
}

// A failed search of documents is a read: it has changed nothing.
func TestAlertDocumentsFail(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rule fakes.Rule
		kind connector.Kind
	}{
		"no detection rules": {fakes.Rule{Path: "/api/detection_engine/**", Status: http.StatusNotFound, Body: `{"statusCode":404,"error":"Not Found","message":"Not Found"}`}, connector.NotFound},
		"no right":           {fakes.Rule{Path: "/api/detection_engine/**", Status: http.StatusForbidden, Body: `{"statusCode":403,"error":"Forbidden","message":"no"}`}, connector.Forbidden},
		"an outage":          {fakes.Rule{Path: "/api/detection_engine/**", Status: http.StatusBadGateway}, connector.Transient},
		"no hits":            {fakes.Rule{Path: "/api/detection_engine/**", Status: http.StatusOK, Body: `{}`}, connector.Transient},
		"no answer":          {fakes.Rule{Path: "/api/detection_engine/**", Reset: true}, connector.Transient},
	} {
		k := fakekibana.New(fakekibana.Options{})
		c, err := k.AddCase("", kibana.Case{Title: "t", Comments: []kibana.Comment{{Type: "alert", AlertID: kibana.StringList{"a"}}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Faults().Add(tt.rule); err != nil {
			t.Fatal(err)
		}
		_, err = alertClient(t, k).Alerts(t.Context(), "", c.ID, nil)
		if e := connector.AsError("", err); e == nil || e.Kind != tt.kind || e.Effect != connector.NotApplied {
			t.Errorf("%s: %v", name, err)
		}
	}
}
