package swimlane_test

import (
	"html"
	"net/http"
	"strings"
	"testing"

	"github.com/casepush/casepush/adapters/swimlane"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/connectortest"
	"github.com/casepush/casepush/internal/fakes/fakeswimlane"
	"github.com/casepush/casepush/internal/secret"
)

// tracker shows the suite what a fake Swimlane holds, as people see it.
type tracker struct {
	*fakeswimlane.Fake
	description string // field id
}

// Incidents implements [connectortest.Tracker].
func (f tracker) Incidents() []connectortest.Incident {
	var list []connectortest.Incident
	for _, rec := range f.Records() {
		in := connectortest.Incident{ID: rec.ID, Texts: map[string]string{
			"caseName": rec.Text(fakeswimlane.CaseNameID), "description": html.UnescapeString(rec.Text(f.description)),
		}}
		for _, c := range rec.Comments[fakeswimlane.CommentsID] {
			in.Comments = append(in.Comments, html.UnescapeString(c.Message))
		}
		list = append(list, in)
	}
	return list
}

// field is a field of the fake's application as a connector maps it.
func field(id, fieldType string) map[string]any {
	return map[string]any{"id": id, "key": "key-of-" + id, "name": "Name of " + id, "fieldType": fieldType}
}

// mappings maps every part of a case to the fake's application.
func mappings(description string) map[string]any {
	return map[string]any{
		"ruleNameConfig": nil, "alertIdConfig": nil,
		"caseIdConfig":      field(fakeswimlane.CaseIDID, "text"),
		"caseNameConfig":    field(fakeswimlane.CaseNameID, "text"),
		"commentsConfig":    field(fakeswimlane.CommentsID, "comments"),
		"severityConfig":    field(fakeswimlane.SeverityID, "valuesList"),
		"descriptionConfig": field(description, "text"),
	}
}

// sample has the characters that a field with HTML needs escaped.
func sample() connector.Incident {
	return connector.Incident{Fields: []connector.Field{
		{Name: "caseName", Value: "Beacon to 203.0.113.7"},
		{Name: "description", Value: "Seen <twice> & \"more\" on HMS-PC07."},
		{Name: "caseId", Value: "sent or not"},
		{Name: "severity", Value: "high"},
	}}
}

// limited is the sample application with fields that end somewhere.
func limited() fakeswimlane.App {
	app := fakeswimlane.SampleApp()
	for i := range app.Fields {
		switch app.Fields[i].ID {
		case fakeswimlane.CaseNameID:
			app.Fields[i].MaxLength = 100
		case fakeswimlane.DescriptionID, fakeswimlane.CommentsID:
			app.Fields[i].MaxLength = 2000
		}
	}
	return app
}

func TestContract(t *testing.T) {
	const token = "canary-token+with/odd=chars"
	for name, tc := range map[string]struct {
		prefix, description string
		apps                []fakeswimlane.App
		delivery            map[string]any
	}{
		"plain":   {"/api", fakeswimlane.DescriptionID, []fakeswimlane.App{limited()}, map[string]any{"max_title": 100, "max_text": 2000}},
		"turbine": {fakeswimlane.TurbinePrefix, fakeswimlane.RichID, nil, map[string]any{"api_prefix": fakeswimlane.TurbinePrefix}},
	} {
		t.Run(name, func(t *testing.T) {
			connectortest.Run(t, connectortest.Harness{
				New: func(url string, client *http.Client) (connector.Connector, error) {
					return swimlane.Type().New(connector.Definition{
						ID: "soc-swimlane", Type: swimlane.TypeID,
						Config: map[string]any{
							"apiUrl": url, "appId": fakeswimlane.AppID, "connectorType": "cases", "mappings": mappings(tc.description),
						},
						Secrets:  map[string]secret.String{"apiToken": secret.New(token)},
						Delivery: tc.delivery,
					}, connector.Dependencies{HTTP: client})
				},
				Tracker: func() connectortest.Tracker {
					return tracker{fakeswimlane.New(fakeswimlane.Options{
						Token: secret.New(token), Prefix: tc.prefix, Apps: tc.apps,
					}), tc.description}
				},
				Incident: sample(),
				Secrets:  []string{token},
				Reads: func(r *http.Request) bool {
					return r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/search")
				},
				Targets: []string{"comments"}, // of the default mapping
				Refusal: func(words string) string { return `{"ErrorCode":5008,"Argument":"` + words + `"}` },
			})
		})
	}
}
