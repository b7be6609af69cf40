package faketracker

import (
	"net/http"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/secret"
)

// Jira is Jira Cloud.
func Jira() Kind {
	return Kind{
		Name: "jira",
		New: func(o Options) Tracker {
			return jira{fakejira.New(fakejira.Options{
				Flavour: fakejira.Cloud, SearchDelay: o.SearchDelay, Seed: o.Seed, JournalSize: o.JournalSize,
			})}
		},
		Definition:   jiraDefinition,
		Can:          Abilities{Find: true, Count: true, Read: true, Retire: true},
		Create:       fakes.Rule{Method: http.MethodPost, Path: "**/issue"},
		Comment:      fakes.Rule{Method: http.MethodPost, Path: "**/comment"},
		Reads:        byMethod,
		Unrepeatable: jiraAdds,
		Titles:       Targets{Title: "summary", Description: "description", Comments: "comments"},
		Pushed:       jiraPushed,
	}
}

func jiraDefinition(url string, t Times) connector.Definition {
	return connector.Definition{
		Name: "SOC Jira", Type: ".jira",
		Config:  map[string]any{"apiUrl": url, "projectKey": "HMS"},
		Secrets: map[string]secret.String{"email": secret.New("a@hms.example"), "apiToken": secret.New("t")},
		Delivery: map[string]any{
			"deployment": "cloud", "find_delay": t.FindDelay.String(), "settle_time": t.SettleTime.String(),
		},
	}
}

func jiraAdds(method, path, _ string) bool {
	return method == http.MethodPost && (strings.HasSuffix(path, "/issue") || strings.HasSuffix(path, "/comment"))
}

type jira struct{ *fakejira.Fake }

// Incidents implements [Tracker].
func (j jira) Incidents() []Incident {
	issues := j.Issues()
	list := make([]Incident, len(issues))
	for i, issue := range issues {
		in := Incident{
			ID: issue.ID, Name: issue.Key, Title: issue.Text("summary"), Description: issue.Text("description"), Updated: issue.Updated,
		}
		for _, label := range issue.Labels() {
			if strings.HasPrefix(label, markPrefix) {
				in.Marks, in.Case = append(in.Marks, label), caseOfMark(label)
			} else {
				in.Tags = append(in.Tags, label)
			}
		}
		for _, c := range issue.Comments {
			in.Comments = append(in.Comments, c.Body)
		}
		list[i] = in
	}
	return list
}

// jiraPushed makes an issue without the label, which Kibana does not set.
func jiraPushed(t Tracker, p Push) error {
	fields := map[string]any{
		"summary": p.Title, "description": p.Description, "labels": p.Tags,
		"project": map[string]string{"key": "HMS"}, "issuetype": map[string]string{"id": "10001"},
	}
	before := ids(t)
	if err := send(t, http.MethodPost, "/rest/api/2/issue", map[string]any{"fields": fields}); err != nil {
		return err
	}
	made := slices.DeleteFunc(ids(t), func(id string) bool { return slices.Contains(before, id) })
	for _, text := range p.Comments {
		if err := send(t, http.MethodPost, "/rest/api/2/issue/"+made[0]+"/comment", map[string]string{"body": text}); err != nil {
			return err
		}
	}
	return nil
}
