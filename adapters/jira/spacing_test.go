package jira_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/adapters/jira"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

// always answers every request alike.
type always string

// RoundTrip implements http.RoundTripper.
func (a always) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a))), Request: req}, nil
}

// Updates and comments of one issue count together on Cloud; Data Center has
// no such limit.
func TestWritesAreSpaced(t *testing.T) {
	t.Parallel()
	for address, spec := range map[string]*specification{"https://hms.atlassian.net": cloudSpec, "https://jira.hms.example": dataCenterSpec} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			checked := validate(t, spec.router(t), "", always(`{}`))
			synctest.Test(t, func(t *testing.T) {
				client, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"*"}}, checked)
				if err != nil {
					t.Fatal(err)
				}
				con, err := jira.Type().New(connector.Definition{
					ID: "soc-jira", Config: map[string]any{"apiUrl": address, "projectKey": "HMS"},
					Secrets: map[string]secret.String{"email": secret.New("a"), "apiToken": secret.New("b")},
				}, connector.Dependencies{HTTP: client})
				if err != nil {
					t.Fatal(err)
				}
				took := func(write func() error) time.Duration {
					t.Helper()
					start := time.Now()
					if err := write(); err != nil {
						t.Fatal(err)
					}
					return time.Since(start)
				}
				update := func() error {
					return con.UpdateIncident(t.Context(), connector.CorrelationID{}, connector.Ref{ID: "1"},
						connector.Incident{Fields: []connector.Field{{Name: "summary", Value: "S"}}})
				}
				comment := func() error {
					return con.AddComment(t.Context(), connector.Ref{ID: "1"}, connector.Comment{ID: "c", Text: "T"})
				}
				for range 5 {
					if d := took(update) + took(comment); d != 0 {
						t.Fatalf("a burst of 10 waits %v", d)
					}
				}
				limited := spec == cloudSpec
				for name, write := range map[string]func() error{"update": update, "comment": comment} {
					if d := took(write); (d > 0) != limited {
						t.Errorf("%s after the burst waits %v", name, d)
					}
				}
			})
		})
	}
}
