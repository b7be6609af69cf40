package fakewebhook

import (
	"encoding/json"
	"strings"

	"github.com/casepush/casepush/internal/secret"
)

// incidentJSON is the body of a create and of an update.
const incidentJSON = `{
  "title": {{{case.title}}},
  "description": {{{case.description}}},
  "tags": {{{case.tags}}},
  "severity": {{{case.severity}}},
  "status": {{{case.status}}},
  "case_id": {{{case.id}}}
}`

// Definition is the config of a .cases-webhook connector for a fake with these
// options whose address is base, by Kibana's names.
func (o Options) Definition(base string) map[string]any {
	incidents := strings.TrimSuffix(base, "/") + "/api/incidents"
	one, at := incidents+"/{{{external.system.id}}}", ""
	if o.Nested {
		at = "data.incidents[0]."
	}
	return map[string]any{
		"createIncidentUrl": incidents, "createIncidentMethod": "post", "createIncidentJson": incidentJSON,
		"createIncidentResponseKey":           at + "id",
		"getIncidentUrl":                      one,
		"getIncidentResponseExternalTitleKey": at + "reference",
		"viewIncidentUrl":                     strings.TrimSuffix(base, "/") + "/incidents/{{{external.system.title}}}",
		"updateIncidentUrl":                   one, "updateIncidentMethod": "put", "updateIncidentJson": incidentJSON,
		"createCommentUrl": one + "/comments", "createCommentMethod": "post", "createCommentJson": `{"text": {{{case.comment}}}}`,
		"hasAuth": o.Password.IsSet(),
	}
}

// Secrets are those of the connector.
func (o Options) Secrets() map[string]secret.String {
	out := map[string]secret.String{}
	if o.Password.IsSet() {
		out["user"], out["password"] = secret.New(o.User), o.Password
	}
	if o.Header != "" {
		if b, err := json.Marshal(map[string]string{o.Header: o.Value.Reveal()}); err == nil {
			out["secretHeaders"] = secret.New(string(b))
		}
	}
	return out
}
