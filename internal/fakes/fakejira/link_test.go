package fakejira

import (
	"fmt"
	"testing"

	jira "github.com/andygrunwald/go-jira"

	"github.com/casepush/casepush/internal/fakes/fakestest"
	"github.com/casepush/casepush/internal/secret"
)

const duplicateLink = `{"type":{"name":"Duplicate"},"inwardIssue":{"key":"HMS-2"},"outwardIssue":{"id":"10001"}}`

// What Atlassian writes of issueLink (Cloud's description of its API): 201
// without a body, the same for a link that is there already, 404 where linking
// is not possible.
func TestLinks(t *testing.T) {
	for _, flavour := range flavours() {
		t.Run(flavour.String(), func(t *testing.T) {
			j := sampleJira(t, Options{Flavour: flavour, NoLinkTypes: []string{"Cloners"}})
			fakestest.Call(t, j, "POST", "/rest/api/2/issue", sampleIssue)
			for range 2 {
				if status, b := fakestest.CallRaw(t, j, "POST", "/rest/api/2/issueLink", duplicateLink); status != 201 || len(b) != 0 {
					t.Errorf("link: %d %q", status, b)
				}
			}
			for body, want := range map[string]int{
				`{"type":{"name":"Cloners"},"inwardIssue":{"key":"HMS-2"},"outwardIssue":{"key":"HMS-1"}}`:   404,
				`{"type":{"name":"duplicate"},"inwardIssue":{"key":"HMS-2"},"outwardIssue":{"key":"HMS-1"}}`: 404,
				`{"type":{"name":"Relates"},"inwardIssue":{"key":"HMS-9"},"outwardIssue":{"key":"HMS-1"}}`:   404,
				`{"type":{"name":"Relates"},"inwardIssue":{"key":"HMS-1"}}`:                                  404,
				`{"typ":{"name":"Relates"}}`: 400,
				`{"type":"Relates"}`:         400,
				`{"type":{"name":"Relates"},"inwardIssue":{"key":"HMS-2"},"outwardIssue":{"key":"HMS-1"},"comment":{"body":"b"}}`: 400,
			} {
				if status, b := fakestest.CallRaw(t, j, "POST", "/rest/api/2/issueLink", body); status != want {
					t.Errorf("%s: %d %s, want %d", body, status, b, want)
				}
			}
			one, two := j.Issues()[0], j.Issues()[1]
			if fmt.Sprint(one.Links) != fmt.Sprint(two.Links) || len(one.Links) != 1 || one.Links[0].Inward != two.Key || one.Links[0].Outward != one.Key {
				t.Errorf("links %v and %v", one.Links, two.Links)
			}
			if err := j.Permit(map[string]bool{"LINK_ISSUES": false}); err != nil {
				t.Fatal(err)
			}
			if status, _ := fakestest.CallRaw(t, j, "POST", "/rest/api/2/issueLink", duplicateLink); status != 404 {
				t.Errorf("without the permission: %d", status)
			}
			j.Delete("HMS-2")
			if one, _ := j.Issue("HMS-1"); len(one.Links) != 0 {
				t.Errorf("links after the other end is gone: %v", one.Links)
			}
		})
	}
}

// go-jira links and moves issues, and reads back what both are.
func TestGoJiraLinksAndMoves(t *testing.T) {
	for _, flavour := range flavours() {
		t.Run(flavour.String(), func(t *testing.T) {
			j := sampleJira(t, Options{Flavour: flavour})
			fakestest.Call(t, j, "POST", "/rest/api/2/issue", sampleIssue)
			j.opts.Email, j.opts.Token, j.opts.PAT = "a@b.example", secret.New("t0ken"), secret.New("pat")
			client := goJira(t, j)
			if _, err := client.Issue.AddLinkWithContext(t.Context(), &jira.IssueLink{
				Type: jira.IssueLinkType{Name: "Duplicate"}, InwardIssue: &jira.Issue{Key: "HMS-2"}, OutwardIssue: &jira.Issue{Key: "HMS-1"},
			}); err != nil {
				t.Fatalf("link: %v", err)
			}
			moves, _, err := client.Issue.GetTransitionsWithContext(t.Context(), "HMS-2")
			if err != nil || len(moves) != 2 || moves[1].Name != "Done" || moves[1].To.StatusCategory.Key != "done" {
				t.Fatalf("transitions %+v, %v", moves, err)
			}
			if _, err := client.Issue.DoTransitionWithContext(t.Context(), "HMS-2", moves[1].ID); err != nil {
				t.Fatalf("transition: %v", err)
			}
			issue, _, err := client.Issue.GetWithContext(t.Context(), "HMS-2", nil)
			if err != nil {
				t.Fatal(err)
			}
			links := issue.Fields.IssueLinks
			if issue.Fields.Status.Name != "Done" || len(links) != 1 || links[0].Type.Outward != "duplicates" || links[0].OutwardIssue.Key != "HMS-1" {
				t.Errorf("status %+v, links %+v", issue.Fields.Status, links)
			}
		})
	}
}

func TestTransitions(t *testing.T) {
	for _, flavour := range flavours() {
		j := sampleJira(t, Options{Flavour: flavour})
		unknown := map[Flavour]int{Cloud: 400, DataCenter: 500}[flavour]
		for _, tc := range []struct {
			target, body string
			want         int
		}{
			{"HMS-9", `{"transition":{"id":"31"}}`, 404},
			{"HMS-1", `{"transition":{"id":"99"}}`, unknown},
			{"HMS-1", `{"transition":{"name":"Done"}}`, 400},
			{"HMS-1", `{}`, 400},
			{"HMS-1", `{"transition":{"id":"31"},"fields":{"resolution":{"name":"Done"}}}`, 400},
			{"HMS-1", `{"transition":{"id":"31"}}`, 204},
			{"HMS-1", `{"transition":{"id":"31"}}`, unknown}, // it is there already
			{"HMS-1", `{"transition":{"id":"11"}}`, 204},
		} {
			if status, b := fakestest.CallRaw(t, j, "POST", "/rest/api/2/issue/"+tc.target+"/transitions", tc.body); status != tc.want {
				t.Errorf("%s: %s %s: %d %s, want %d", flavour, tc.target, tc.body, status, b, tc.want)
			}
		}
		if err := j.Permit(map[string]bool{"TRANSITION_ISSUES": false}); err != nil {
			t.Fatal(err)
		}
		if _, v := fakestest.Call(t, j, "GET", "/rest/api/2/issue/HMS-1/transitions", ""); len(v["transitions"].([]any)) != 0 {
			t.Errorf("%s: offered without the permission: %v", flavour, v)
		}
	}
}
