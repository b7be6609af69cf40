package faketracker

import (
	"html"
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakeswimlane"
	"github.com/casepush/casepush/internal/secret"
)

// Swimlane is an application whose records carry the case's id.
func Swimlane() Kind {
	return Kind{
		Name: "swimlane",
		New: func(o Options) Tracker {
			return swimlane{fakeswimlane.New(fakeswimlane.Options{SearchDelay: o.SearchDelay, Seed: o.Seed, JournalSize: o.JournalSize})}
		},
		Definition:   swimlaneDefinition,
		Can:          Abilities{Find: true, Count: true, Read: true, Retire: true},
		Create:       fakes.Rule{Method: http.MethodPost, Path: "**/record"},
		Comment:      fakes.Rule{Method: http.MethodPost, Path: "**/comment"},
		Reads:        func(r *http.Request) bool { return byMethod(r) || strings.HasSuffix(r.URL.Path, "/search") },
		Unrepeatable: swimlaneAdds,
		Asides:       true,
		Titles:       Targets{Title: "caseName", Description: "description", Comments: "comments"},
	}
}

func swimlaneDefinition(url string, t Times) connector.Definition {
	mappings := map[string]any{}
	for config, field := range map[string][2]string{
		"caseIdConfig": {fakeswimlane.CaseIDID, "text"}, "caseNameConfig": {fakeswimlane.CaseNameID, "text"},
		"commentsConfig": {fakeswimlane.CommentsID, "comments"}, "severityConfig": {fakeswimlane.SeverityID, "valuesList"},
		"descriptionConfig": {fakeswimlane.DescriptionID, "text"},
	} {
		mappings[config] = map[string]any{"id": field[0], "key": "key-of-" + field[0], "name": "Name of " + field[0], "fieldType": field[1]}
	}
	return connector.Definition{
		Name: "SOC Swimlane", Type: ".swimlane",
		Config:   map[string]any{"apiUrl": url, "appId": fakeswimlane.AppID, "connectorType": "cases", "mappings": mappings},
		Secrets:  map[string]secret.String{"apiToken": secret.New("t")},
		Delivery: map[string]any{"find_delay": t.FindDelay.String(), "settle_time": t.SettleTime.String()},
	}
}

func swimlaneAdds(method, path, _ string) bool {
	return method == http.MethodPost && (strings.HasSuffix(path, "/record") || strings.HasSuffix(path, "/comment"))
}

type swimlane struct{ *fakeswimlane.Fake }

// Incidents implements [Tracker].
func (s swimlane) Incidents() []Incident {
	records := s.Records()
	list := make([]Incident, len(records))
	for i, r := range records {
		in := Incident{
			ID: r.ID, Name: r.Name, Title: r.Text(fakeswimlane.CaseNameID),
			Description: html.UnescapeString(r.Text(fakeswimlane.DescriptionID)),
			Case:        r.Text(fakeswimlane.CaseIDID), Updated: r.Modified,
		}
		if in.Case != "" {
			in.Marks = []string{in.Case}
		}
		for _, c := range r.Comments[fakeswimlane.CommentsID] {
			in.Comments = append(in.Comments, html.UnescapeString(c.Message))
		}
		list[i] = in
	}
	return list
}
