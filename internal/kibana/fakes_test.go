package kibana_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/secret"
)

// eachVersion runs a test against a fake Kibana of every line that differs.
func eachVersion(t *testing.T, o fakekibana.Options, test func(t *testing.T, fake *fakekibana.Fake, c *kibana.Client)) {
	for _, version := range []string{"7.17.28", "8.5.3", "8.12.0", "9.1.0"} {
		t.Run(version, func(t *testing.T) {
			o := o
			o.Version, o.APIKeys = version, []secret.String{key()}
			fake := fakekibana.New(o)
			server := httptest.NewServer(fake)
			t.Cleanup(server.Close)
			test(t, fake, newClient(t, kibana.Options{URL: server.URL, APIKey: key()}))
		})
	}
}

// must returns the value of a call on the fake that cannot fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestLifeOfACase(t *testing.T) {
	eachVersion(t, fakekibana.Options{}, func(t *testing.T, fake *fakekibana.Fake, c *kibana.Client) {
		ctx := t.Context()
		made := must(fake.AddCase("soc", kibana.Case{ID: "c-1", Owner: "securitySolution", Title: "T", Tags: []string{"a b"}}))
		for i := range 250 {
			must(fake.AddComment("c-1", kibana.Comment{ID: fmt.Sprint("m", i), Text: fmt.Sprint("text ", i)}))
		}
		must(fake.AddComment("c-1", kibana.Comment{ID: "al", AlertID: kibana.StringList{"x", "y"}}))

		got, err := c.Case(ctx, "soc", "c-1", kibana.What{Comments: true})
		if err != nil {
			t.Fatal(err)
		}
		people := 0
		for i, comment := range got.Comments {
			if comment.IsUser() {
				if want := fmt.Sprint("text ", i); comment.Text != want {
					t.Fatalf("comment %d: %q, want %q", i, comment.Text, want)
				}
				people++
			}
		}
		if people != 250 || got.AlertCount() != 2 || got.Title != "T" || got.AlertsPushed() {
			t.Errorf("%d comments, %d alerts, title %q, alerts pushed %t", people, got.AlertCount(), got.Title, got.AlertsPushed())
		}
		before, _, _ := kibana.ParseVersion(made.Version)
		if now, _, ok := kibana.ParseVersion(got.Version); !ok || now <= before {
			t.Errorf("version %q of the commented case, %q of the one just made", got.Version, made.Version)
		}
		_, err = c.Case(ctx, "default", "c-1", kibana.What{})
		wantKind(t, err, connector.NotFound)
		_, err = c.Case(ctx, "soc", "c-2", kibana.What{Comments: true})
		wantKind(t, err, connector.NotFound)
	})
}

func TestAdoptionForms(t *testing.T) {
	eachVersion(t, fakekibana.Options{}, func(t *testing.T, fake *fakekibana.Fake, c *kibana.Client) {
		ctx := t.Context()
		must(fake.AddCase("soc", kibana.Case{ID: "c-1"}))
		must(fake.AddComment("c-1", kibana.Comment{AlertID: kibana.StringList{"x"}}))
		if got, err := c.Pushed(ctx, "soc", "c-1", "jira", nil); got != nil || err != nil {
			t.Fatalf("never pushed: %+v, %v", got, err)
		}
		start := time.Now().Add(time.Second)
		for i, id := range []string{"jira", "snow", "jira", "snow"} {
			must(fake.RecordPush("c-1", kibana.ExternalService{
				ConnectorID: id, ExternalID: fmt.Sprint(i), ExternalTitle: "T",
				PushedAt: kibana.Time{Time: start.Add(time.Duration(i) * time.Second)},
			}))
		}
		found, err := c.Case(ctx, "soc", "c-1", kibana.What{Comments: true})
		if err != nil {
			t.Fatal(err)
		}
		if !found.AlertsPushed() {
			t.Error("the alerts were pushed")
		}
		for id, want := range map[string]string{"jira": "2", "snow": "3", "other": ""} {
			for name, given := range map[string]*kibana.Case{"case given": found, "case read": nil} {
				got, err := c.Pushed(ctx, "soc", "c-1", id, given)
				if err != nil || (got == nil) != (want == "") || got != nil && got.ExternalID != want {
					t.Errorf("%s, %s: %+v, %v; want %q", id, name, got, err, want)
				}
			}
		}
		if got := kibana.PushedInSnapshot(found, "jira"); got != nil {
			t.Errorf("a snapshot cannot know of the push to jira: %+v", got)
		}
	})
}

func TestCloseAndReopen(t *testing.T) {
	o := fakekibana.Options{SpuriousConflicts: 2, Username: "robot"}
	eachVersion(t, o, func(t *testing.T, fake *fakekibana.Fake, c *kibana.Client) {
		ctx := t.Context()
		made := must(fake.AddCase("soc", kibana.Case{ID: "c-1"}))
		since := made.CreatedAt.Time
		if closed, known, err := c.ClosedSince(ctx, "soc", "c-1", since); !closed.IsZero() || !known || err != nil {
			t.Fatalf("before: %s, %t, %v", closed, known, err)
		}
		got, err := c.Close(ctx, "soc", "c-1", kibana.CloseOptions{Version: made.Version})
		if err != nil || !got.Closed || got.AlreadyClosed {
			t.Fatalf("close: %+v, %v", got, err)
		}
		if c.OwnUser() != "robot" {
			t.Errorf("own user %q, want robot", c.OwnUser())
		}
		now := must(c.Case(ctx, "soc", "c-1", kibana.What{}))
		if got.At.IsZero() || !got.At.Equal(now.ClosedAt.Time) {
			t.Errorf("closed at %s, Kibana says %s", got.At, now.ClosedAt)
		}
		if last := kibana.LastUser(now.UpdatedBy, now.CreatedBy, c.OwnUser()); last == nil || last.Username != "analyst" {
			t.Errorf("a footer would name %q", last.Name())
		}
		got, err = c.Close(ctx, "soc", "c-1", kibana.CloseOptions{Version: made.Version})
		if err != nil || !got.AlreadyClosed || !got.At.Equal(now.ClosedAt.Time) {
			t.Errorf("close again: %+v, %v", got, err)
		}
		must(fake.Reopen("c-1"))
		if closed, known, err := c.ClosedSince(ctx, "soc", "c-1", since); !closed.Equal(now.ClosedAt.Time) || !known || err != nil {
			t.Errorf("reopened since: %s, %t, %v", closed, known, err)
		}
		if closed, _, err := c.ClosedSince(ctx, "soc", "c-1", since.Add(time.Hour)); !closed.IsZero() || err != nil {
			t.Errorf("an hour later: %s, %v", closed, err)
		}
		_, err = c.Close(ctx, "other", "c-1", kibana.CloseOptions{})
		wantKind(t, err, connector.NotFound)
		_, err = c.Close(ctx, "other", "c-1", kibana.CloseOptions{Version: now.Version})
		wantKind(t, err, connector.NotFound)
	})
}

func TestCloseLostOnTheWire(t *testing.T) {
	eachVersion(t, fakekibana.Options{}, func(t *testing.T, fake *fakekibana.Fake, c *kibana.Client) {
		must(fake.AddCase("", kibana.Case{ID: "c-1"}))
		must(fake.Faults().Add(fakes.Rule{Method: "PATCH", Path: "/api/cases", Times: 1, DropAnswer: true}))
		_, err := c.Close(t.Context(), "default", "c-1", kibana.CloseOptions{})
		if e := wantKind(t, err, connector.Transient); e.Effect != connector.EffectUnknown {
			t.Errorf("effect %v", e.Effect)
		}
		got, err := c.Close(t.Context(), "default", "c-1", kibana.CloseOptions{})
		if err != nil || !got.AlreadyClosed {
			t.Errorf("again: %+v, %v", got, err)
		}
	})
}

func TestConfigurations(t *testing.T) {
	eachVersion(t, fakekibana.Options{}, func(t *testing.T, fake *fakekibana.Fake, c *kibana.Client) {
		fake.SetConfiguration("soc", kibana.Configuration{Owner: "cases", ClosureType: "close-by-user"})
		fake.SetConfiguration("soc", kibana.Configuration{
			Owner: "observability", ClosureType: "close-by-pushing",
			Connector: kibana.CaseConnector{ID: "jira", Type: ".jira"},
			Mappings:  []kibana.Mapping{{Source: "title", Target: "summary", ActionType: "append"}},
		})
		got, err := c.Configuration(t.Context(), "soc", "observability")
		if err != nil || got == nil || got.ClosureType != "close-by-pushing" || got.Connector.ID != "jira" || len(got.Mappings) != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		for space, owner := range map[string]string{"soc": "securitySolution", "default": "observability"} {
			if got, err := c.Configuration(t.Context(), space, owner); got != nil || err != nil {
				t.Errorf("%s, %s: %+v, %v", space, owner, got, err)
			}
		}
	})
}

func TestWrongKey(t *testing.T) {
	fake := fakekibana.New(fakekibana.Options{APIKeys: []secret.String{secret.New("other")}})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	must(fake.Faults().Add(fakes.Rule{Path: "/api/cases/c-2", Status: 401, Body: `{"statusCode":401,"message":"no such key ` + canary + `"}`}))
	c := newClient(t, kibana.Options{URL: server.URL, APIKey: key()})
	for _, id := range []string{"c-1", "c-2"} {
		_, err := c.Case(t.Context(), "default", id, kibana.What{})
		wantKind(t, err, connector.Unauthenticated)
	}
}

func TestConcurrentUse(t *testing.T) {
	eachVersion(t, fakekibana.Options{}, func(t *testing.T, fake *fakekibana.Fake, c *kibana.Client) {
		for i := range 8 {
			must(fake.AddCase("", kibana.Case{ID: fmt.Sprint("c-", i)}))
		}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				id := fmt.Sprint("c-", i)
				got, err := c.Case(t.Context(), "", id, kibana.What{Comments: true})
				if err != nil || got.ID != id {
					t.Errorf("%s: %+v, %v", id, got, err)
				}
				if _, err := c.Close(t.Context(), "", id, kibana.CloseOptions{}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if removed := fake.Journal().Count(func(r fakes.Request) bool {
			return strings.Contains(r.Query, "includeComments") && strings.Contains(t.Name(), "9.1")
		}); removed != 0 {
			t.Errorf("%d requests with a query key that 9 has not", removed)
		}
	})
}

// TestPushedForeignCase: of a snapshot whose case is not in this Kibana nothing
// is known, which is no reason to ask again and again.
func TestPushedForeignCase(t *testing.T) {
	eachVersion(t, fakekibana.Options{}, func(t *testing.T, _ *fakekibana.Fake, c *kibana.Client) {
		_, err := c.Pushed(t.Context(), "default", "c-404", "soc-jira", &kibana.Case{ID: "c-404"})
		if connector.AsError("", err).Kind != connector.NotFound {
			t.Errorf("%v, want kind %s", err, connector.NotFound)
		}
	})
}
