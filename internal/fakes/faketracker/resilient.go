package faketracker

import (
	"encoding/json"
	"html"
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakeresilient"
	"github.com/casepush/casepush/internal/secret"
)

// Resilient has the mark in a line of the description.
func Resilient() Kind { return resilientKind("resilient", "") }

// ResilientProperty has the mark in a custom field.
func ResilientProperty() Kind { return resilientKind("resilient-property", "kibana_case_id") }

func resilientKind(name, property string) Kind {
	return Kind{
		Name: name,
		New: func(o Options) Tracker {
			return resilient{fakeresilient.New(fakeresilient.Options{
				SearchDelay: o.SearchDelay, Seed: o.Seed, JournalSize: o.JournalSize, Conflicts: o.Conflicts,
			}), property}
		},
		Definition: func(url string, t Times) connector.Definition {
			d := connector.Definition{
				Name: "SOC SOAR", Type: ".resilient", Config: map[string]any{"apiUrl": url, "orgId": "201"},
				Secrets:  map[string]secret.String{"apiKeyId": secret.New("k"), "apiKeySecret": secret.New("s")},
				Delivery: map[string]any{"find_delay": t.FindDelay.String(), "settle_time": t.SettleTime.String()},
			}
			if property != "" {
				d.Delivery["correlation_property"] = property
			}
			return d
		},
		CaseFields:   json.RawMessage(`{"incidentTypes":["17"],"severityCode":"51"}`),
		Can:          Abilities{Find: true, Count: true, Read: true, Retire: true},
		Create:       fakes.Rule{Method: http.MethodPost, Path: "**/incidents"},
		Comment:      fakes.Rule{Method: http.MethodPost, Path: "**/comments"},
		Reads:        func(r *http.Request) bool { return byMethod(r) || strings.HasSuffix(r.URL.Path, "/query_paged") },
		Unrepeatable: webhookAdds, // the same addresses
		Titles:       Targets{Title: "name", Description: "description", Comments: "comments"},
	}
}

type resilient struct {
	*fakeresilient.Fake
	property string // "": the mark is a line
}

// markLine begins the line that carries the mark.
const markLine = "Elastic Case: "

// Incidents implements [Tracker]: texts are as people read them, and the mark's
// line is no part of the description.
func (s resilient) Incidents() []Incident {
	all := s.Fake.Incidents()
	list := make([]Incident, len(all))
	for i, have := range all {
		text, mark, _ := strings.Cut(read(have.Text("description")), markLine)
		if s.property != "" {
			mark, _ = have.Properties[s.property].(string)
		}
		in := Incident{
			ID: have.ID, Name: have.ID, Title: have.Name(), Description: strings.TrimRight(text, "\n"), Updated: have.Updated,
		}
		if mark = strings.TrimSpace(mark); mark != "" {
			in.Marks, in.Case = []string{mark}, caseOfMark(mark)
		}
		for _, c := range have.Comments {
			if c.Text != nil && !c.Deleted {
				in.Comments = append(in.Comments, read(*c.Text))
			}
		}
		list[i] = in
	}
	return list
}

// read is what people read of a text.
func read(t fakeresilient.Text) string {
	if t.Format != "html" {
		return t.Content
	}
	return html.UnescapeString(strings.ReplaceAll(t.Content, "<br />", "\n"))
}
