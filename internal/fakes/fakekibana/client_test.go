package fakekibana

import (
	"net/http"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/secret"
)

// The client of package kibana works with each generation that the fake plays.
func TestClientOnEveryGeneration(t *testing.T) {
	for _, version := range []string{"7.13.4", "7.14.0", "7.17.28", "8.5.3", "8.7.0", "8.17.0", "9.0.0", "9.1.0"} {
		t.Run(version, func(t *testing.T) {
			k := New(Options{Version: version, APIKeys: []secret.String{secret.New("id:key")}, SpuriousConflicts: 2})
			client, err := kibana.New(kibana.Options{URL: "http://kibana.test", APIKey: secret.New("id:key"), HTTP: &http.Client{Transport: fakes.Transport{Handler: k}}})
			if err != nil {
				t.Fatal(err)
			}
			c := addCase(t, k, "soc", kibana.Case{Owner: "securitySolution"})
			for range 120 {
				addComment(t, k, c.ID, kibana.Comment{Text: "words"})
			}
			addComment(t, k, c.ID, kibana.Comment{AlertID: kibana.StringList{"a-1", "a-2"}})
			k.SetConfiguration("soc", kibana.Configuration{Owner: "securitySolution", ClosureType: "close-by-pushing", Connector: kibana.CaseConnector{ID: "jira-1", Name: "Jira", Type: ".jira"}})

			got, err := client.Case(t.Context(), "soc", c.ID, kibana.What{Comments: true})
			if err != nil {
				t.Fatal(err)
			}
			users := 0
			for _, a := range got.Comments {
				if a.IsUser() && a.Text == "words" {
					users++
				}
			}
			if users != 120 || got.Title != "Untitled" {
				t.Errorf("read %d comments of %q", users, got.Title)
			}
			conf, err := client.Configuration(t.Context(), "soc", "securitySolution")
			if err != nil || conf == nil || conf.ClosureType != "close-by-pushing" || conf.Connector.ID != "jira-1" {
				t.Errorf("configuration %+v, %v", conf, err)
			}
			checkPushAndClose(t, k, client, c.ID)
		})
	}
}

func checkPushAndClose(t *testing.T, k *Fake, client *kibana.Client, id string) {
	t.Helper()
	if push, err := client.Pushed(t.Context(), "soc", id, "jira-1", nil); err != nil || push != nil {
		t.Errorf("pushed before any push: %+v, %v", push, err)
	}
	for _, s := range []kibana.ExternalService{{ConnectorID: "jira-1", ExternalID: "10001"}, {ConnectorID: "other", ExternalID: "7"}} {
		if _, err := k.RecordPush(id, s); err != nil {
			t.Fatal(err)
		}
	}
	if push, err := client.Pushed(t.Context(), "soc", id, "jira-1", nil); err != nil || push == nil || push.ExternalID != "10001" {
		t.Errorf("pushed: %+v, %v", push, err)
	}
	reopened, err := k.Reopen(id)
	if err != nil || reopened.Status != "open" || !reopened.ClosedAt.IsZero() {
		t.Fatalf("reopened: %+v, %v", reopened, err)
	}
	result, err := client.Close(t.Context(), "soc", id, kibana.CloseOptions{})
	if err != nil || !result.Closed || result.AlreadyClosed {
		t.Errorf("close: %+v, %v", result, err)
	}
	if closed, known, err := client.ClosedSince(t.Context(), "soc", id, reopened.UpdatedAt.Time); err != nil || !known || closed.IsZero() {
		t.Errorf("closed since: %v %v %v", closed, known, err)
	}
	if c, _ := k.Case(id); c.Status != "closed" || c.UpdatedBy.Username != "casepush" || time.Since(c.ClosedAt.Time) > time.Minute {
		t.Errorf("closed case: %+v", c)
	}
}

func addCase(t *testing.T, k *Fake, space string, in kibana.Case) kibana.Case {
	t.Helper()
	c, err := k.AddCase(space, in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func addComment(t *testing.T, k *Fake, id string, in kibana.Comment) kibana.Comment {
	t.Helper()
	a, err := k.AddComment(id, in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
