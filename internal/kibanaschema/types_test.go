package kibanaschema_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/kibanaschema"
)

func TestTypes(t *testing.T) {
	want := []string{
		".cases-webhook|Webhook - Case Management|gold|cases",
		".index|Index|basic|alerting uptime siem",
		".jira|Jira|gold|alerting cases uptime siem",
		".opsgenie|Opsgenie|platinum|alerting uptime siem",
		".resilient|IBM Resilient|platinum|alerting cases siem",
		".server-log|Server log|basic|alerting uptime siem",
		".servicenow|ServiceNow ITSM|platinum|alerting cases uptime siem",
		".servicenow-itom|ServiceNow ITOM|platinum|alerting siem",
		".servicenow-sir|ServiceNow SecOps|platinum|alerting cases siem",
		".swimlane|Swimlane|gold|alerting cases siem",
		".thehive|TheHive|platinum|alerting siem uptime cases",
	}
	var got []string
	for _, info := range kibanaschema.Types() {
		got = append(got, strings.Join([]string{info.ID, info.Name, info.MinimumLicenseRequired, strings.Join(info.SupportedFeatureIDs, " ")}, "|"))
		accepted(t, good(t, info.ID))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	changed := kibanaschema.Types()
	changed[0].SupportedFeatureIDs[0] = "x"
	text, err := json.Marshal(kibanaschema.Types()[0])
	const wantJSON = `{"id":".cases-webhook","name":"Webhook - Case Management","enabled":true,"enabled_in_config":true,"enabled_in_license":true,` +
		`"minimum_license_required":"gold","supported_feature_ids":["cases"],"is_system_action_type":false}`
	if err != nil || string(text) != wantJSON {
		t.Errorf("%s, %v\nwant %s", text, err, wantJSON)
	}
}

func TestDeprecated(t *testing.T) {
	for _, c := range []struct {
		typeID string
		config m
		want   bool
	}{
		{".servicenow", nil, true},
		{".servicenow", m{"usesTableApi": nil}, true},
		{".servicenow", m{"usesTableApi": true}, true},
		{".servicenow", m{"usesTableApi": "true"}, true},
		{".servicenow", m{"usesTableApi": false}, false},
		{".servicenow", m{"usesTableApi": "False"}, false},
		{".servicenow-sir", m{}, true},
		{".servicenow-sir", m{"usesTableApi": false}, false},
		{".servicenow-itom", m{}, false},
		{".jira", m{"usesTableApi": true}, false},
	} {
		if got := kibanaschema.Deprecated(c.typeID, c.config); got != c.want {
			t.Errorf("%s %v: %t", c.typeID, c.config, got)
		}
	}
}
