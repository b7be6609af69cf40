package fakejira

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	jira "github.com/andygrunwald/go-jira"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/secret"
)

// go-jira is a client that knows nothing of these fakes: an independent check
// that they answer as Jira does.
func TestGoJiraAsSecondClient(t *testing.T) {
	for _, flavour := range flavours() {
		t.Run(flavour.String(), func(t *testing.T) {
			j := New(Options{Flavour: flavour, Email: "a@b.example", Token: secret.New("t0ken"), PAT: secret.New("pat")})
			client := goJira(t, j)
			created := new(jira.Issue)
			goJiraDo(t, client, "POST", "rest/api/2/issue", json.RawMessage(sampleIssue), created)
			if created.ID == "" || created.Key != "HMS-1" {
				t.Fatalf("created issue: %+v", created)
			}
			goJiraDo(t, client, "POST", "rest/api/2/issue/HMS-1/comment", map[string]string{"body": "one"}, nil)

			issue, resp, err := client.Issue.GetWithContext(t.Context(), created.Key, nil)
			if err != nil {
				t.Fatalf("get issue: %v", jira.NewJiraError(resp, err))
			}
			if issue.Fields.Summary != "Phishing" || issue.Fields.Type.Name != "Task" || issue.Fields.Project.Key != "HMS" {
				t.Errorf("issue: %+v", issue.Fields)
			}
			if got := time.Time(issue.Fields.Created); time.Since(got) > time.Minute || time.Since(got) < 0 {
				t.Errorf("created %v", got)
			}
			if len(issue.Fields.Comments.Comments) != 1 || issue.Fields.Comments.Comments[0].Body != "one" {
				t.Errorf("comments of the issue: %+v", issue.Fields.Comments)
			}
			var list struct {
				Total int
				jira.Comments
			}
			goJiraDo(t, client, "GET", "rest/api/2/issue/HMS-1/comment", nil, &list)
			if list.Total != 1 || list.Comments.Comments[0].Body != "one" {
				t.Errorf("comments: %+v", list)
			}
			if _, _, err := client.Issue.AddCommentWithContext(t.Context(), "HMS-1", &jira.Comment{Body: "two"}); err != nil {
				t.Errorf("add comment as go-jira does: %v", err)
			}
			goJiraSearch(t, client, flavour)
		})
	}
}

func goJira(t *testing.T, j *Fake) *jira.Client {
	t.Helper()
	var auth http.RoundTripper = &jira.BasicAuthTransport{Username: "a@b.example", Password: "t0ken", Transport: fakes.Transport{Handler: j}}
	if j.opts.Flavour == DataCenter {
		auth = &jira.BearerAuthTransport{Token: "pat", Transport: fakes.Transport{Handler: j}}
	}
	client, err := jira.NewClient(&http.Client{Transport: auth}, "http://jira.test/")
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func goJiraDo(t *testing.T, client *jira.Client, method, path string, body, into any) {
	t.Helper()
	req, err := client.NewRequestWithContext(t.Context(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req, into)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, jira.NewJiraError(resp, err))
	}
	_ = resp.Body.Close()
}

func goJiraSearch(t *testing.T, client *jira.Client, flavour Flavour) {
	t.Helper()
	const query = `project = "HMS" AND labels = "kibana-case-1" ORDER BY created DESC`
	var issues []jira.Issue
	var err error
	if flavour == Cloud {
		issues, _, err = client.Issue.SearchV2JQLWithContext(t.Context(), query, &jira.SearchOptionsV2{Fields: []string{"labels"}})
		if _, resp, gone := client.Issue.SearchWithContext(t.Context(), query, nil); gone == nil || resp.StatusCode != http.StatusGone {
			t.Errorf("the removed search: %v, want 410", gone)
		}
	} else {
		issues, _, err = client.Issue.SearchWithContext(t.Context(), query, &jira.SearchOptions{Fields: []string{"labels"}})
	}
	if err != nil || len(issues) != 1 || issues[0].Fields.Labels[0] != "kibana-case-1" {
		t.Errorf("search: %+v, %v", issues, err)
	}
}
