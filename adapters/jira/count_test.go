package jira_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/casepush/casepush/adapters/jira"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/connectortest"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

// countingTransport notes how many comments each request asks for.
type countingTransport struct {
	base  http.RoundTripper
	pages []string
}

func (c *countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		c.pages = append(c.pages, r.URL.Query().Get("startAt")+"+"+r.URL.Query().Get("maxResults"))
	}
	return c.base.RoundTrip(r)
}

// overFake makes a connector to an empty fake Jira Cloud.
func overFake(t *testing.T, maxAnswer int64) (connector.Connector, *countingTransport) {
	t.Helper()
	fake := fakejira.New(fakejira.Options{Flavour: fakejira.Cloud, Email: "a@hms.example", Token: secret.New("canary")})
	wire := &countingTransport{base: connectortest.InProcess(fake)}
	client, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"*"}, MaxResponseBytes: maxAnswer}, wire)
	if err != nil {
		t.Fatal(err)
	}
	con, err := jira.Type().New(connector.Definition{
		ID: "soc-jira", Type: jira.TypeID,
		Config:   map[string]any{"apiUrl": "http://jira.test", "projectKey": "HMS"},
		Secrets:  map[string]secret.String{"email": secret.New("a@hms.example"), "apiToken": secret.New("canary")},
		Delivery: map[string]any{"deployment": "cloud"},
	}, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	return con, wire
}

// sized is a comment of that many characters.
func sized(n, size int) connector.Comment {
	text := fmt.Sprintf("comment %d %s", n, strings.Repeat("x", size))
	return connector.Comment{ID: fmt.Sprint("c", n), Source: "s", Digest: connector.Digest(text), Text: text}
}

func TestCountPages(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		comments, size int
		maxAnswer      int64
		pages          []string
		fails          bool
	}{
		"one page":                 {19, 10, 1 << 20, []string{"0+100"}, false},
		"too large":                {10, 12_000, 100_000, []string{"0+100", "0+25", "0+6", "6+6"}, false},
		"one comment is too large": {1, 12_000, 10_000, []string{"0+100", "0+25", "0+6", "0+1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			con, wire := overFake(t, tc.maxAnswer)
			in := connector.Incident{Fields: []connector.Field{{Name: "summary", Value: "x"}, {Name: "issueType", Value: "10001"}}}
			ref, err := con.CreateIncident(t.Context(), connector.CorrelationID{ConnectorID: "soc-jira", SpaceID: "default", CaseID: "c"}, in)
			if err != nil {
				t.Fatal(err)
			}
			var all []connector.Comment
			var want []int
			for n := range tc.comments {
				all, want = append(all, sized(n, tc.size)), append(want, 1)
				err := con.AddComment(t.Context(), ref, all[n])
				if err != nil && !(tc.fails && errors.Is(err, connector.ErrAnswerTooLarge)) {
					t.Fatal(err)
				}
			}
			got, err := con.CountComments(t.Context(), ref, all)
			if tc.fails {
				if !errors.Is(err, connector.ErrAnswerTooLarge) || got != nil {
					t.Errorf("counts %v, error %v, want that the answer is too large", got, err)
				}
			} else if err != nil || !slices.Equal(got, want) {
				t.Errorf("counts %v, error %v, want %v", got, err, want)
			}
			if !slices.Equal(wire.pages, tc.pages) {
				t.Errorf("pages %q, want %q", wire.pages, tc.pages)
			}
		})
	}
}
