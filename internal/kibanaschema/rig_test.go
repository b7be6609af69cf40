package kibanaschema_test

import (
	"maps"
	"testing"

	"github.com/casepush/casepush/internal/kibanaschema"
)

type m = map[string]any

// anywhere allows every host.
func anywhere() kibanaschema.Options { return kibanaschema.Options{AllowedHosts: []string{"*"}} }

// good returns a definition of the type that is right, as short as it may be.
func good(t testing.TB, typeID string) kibanaschema.Definition {
	t.Helper()
	d := kibanaschema.Definition{Name: "a name", TypeID: typeID}
	switch typeID {
	case ".jira":
		d.Config, d.Secrets = m{"apiUrl": "https://jira.example", "projectKey": "ES"}, m{"email": "e", "apiToken": "canary"}
	case ".servicenow", ".servicenow-sir", ".servicenow-itom":
		d.Config, d.Secrets = m{"apiUrl": "https://sn.example"}, m{"username": "u", "password": "canary"}
	case ".resilient":
		d.Config, d.Secrets = m{"apiUrl": "https://soar.example", "orgId": "201"}, m{"apiKeyId": "i", "apiKeySecret": "canary"}
	case ".swimlane":
		d.Config, d.Secrets = m{"apiUrl": "https://swim.example", "appId": "a", "connectorType": "all"}, m{"apiToken": "canary"}
	case ".cases-webhook":
		d.Config, d.Secrets = webhookConfig(), m{"user": "u", "password": "canary"}
	case ".index":
		d.Config = m{"index": "i"}
	case ".opsgenie":
		d.Config, d.Secrets = m{"apiUrl": "https://og.example"}, m{"apiKey": "canary"}
	case ".thehive":
		d.Config, d.Secrets = m{"url": "https://hive.example"}, m{"apiKey": "canary"}
	case ".server-log":
	default:
		t.Fatalf("no good definition of %q", typeID)
	}
	return d
}

func webhookConfig() m {
	return m{
		"createIncidentUrl": "https://hook.example/issue", "createIncidentJson": `{"t":{{{case.title}}}}`, "createIncidentResponseKey": "id",
		"getIncidentUrl": "https://hook.example/issue/{{{external.system.id}}}", "getIncidentResponseExternalTitleKey": "key",
		"viewIncidentUrl":   "https://hook.example/browse/{{{external.system.title}}}",
		"updateIncidentUrl": "https://hook.example/issue/{{{external.system.id}}}", "updateIncidentJson": `{"t":{{{case.title}}}}`,
	}
}

// oauth returns a good ServiceNow definition that uses OAuth.
func oauth(t testing.TB) kibanaschema.Definition {
	d := good(t, ".servicenow")
	d.Config = m{"apiUrl": "https://sn.example", "isOAuth": true, "userIdentifierValue": "u", "clientId": "c", "jwtKeyId": "k"}
	d.Secrets = m{"clientSecret": "canary", "privateKey": "canary"}
	return d
}

// gone takes a key away.
type gone struct{}

// edited returns values with changes.
func edited(values, changes m) m {
	out := maps.Clone(values)
	if out == nil {
		out = m{}
	}
	for k, v := range changes {
		if _, drop := v.(gone); drop {
			delete(out, k)
			continue
		}
		out[k] = v
	}
	return out
}
