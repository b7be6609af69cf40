package resilient

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/adaptertest"
	"github.com/casepush/casepush/internal/secret"
)

// valid is a good definition with some keys replaced; nil, and "-" of a secret,
// removes one.
func valid(config map[string]any, secrets map[string]string, delivery map[string]any) connector.Definition {
	def := connector.Definition{
		ID: "soc-soar", Type: TypeID, Delivery: delivery,
		Config:  map[string]any{"apiUrl": "https://soar.hms.example/", "orgId": "201"},
		Secrets: map[string]secret.String{"apiKeyId": secret.New("canary-id"), "apiKeySecret": secret.New("canary")},
	}
	maps.Copy(def.Config, config)
	maps.DeleteFunc(def.Config, func(_ string, v any) bool { return v == nil })
	for k, v := range secrets {
		def.Secrets[k] = secret.New(v)
		if v == "-" {
			delete(def.Secrets, k)
		}
	}
	return def
}

func TestCheck(t *testing.T) {
	t.Parallel()
	type m = map[string]any
	for name, tc := range map[string]struct {
		def  connector.Definition
		want []string // path: beginning of the message
	}{
		"good":    {valid(nil, nil, nil), nil},
		"by name": {valid(m{"orgId": "HMS Security"}, nil, nil), nil},
		"of 7.x":  {valid(m{"casesConfiguration": m{"mapping": []any{}}}, nil, nil), nil},
		"all delivery keys": {valid(nil, nil, m{
			"correlation_property": "kibana_case_id", "description_format": "text", "duplicate_resolution": uint64(54), "find_delay": "1m",
			"settle_time": "0s", "max_in_flight": 4, "max_name": json.Number("1000"), "max_text": 5000,
		}), nil},
		"nothing": {connector.Definition{}, []string{
			"config.apiUrl: is required", "config.orgId: is required", "secrets.apiKeyId: is required", "secrets.apiKeySecret: is required",
		}},
		"wrong kinds":        {valid(m{"apiUrl": 1, "orgId": 201}, nil, nil), []string{"config.apiUrl: want a text, got int", "config.orgId: want a text, got int"}},
		"unknown keys":       {valid(m{"orgid": "x"}, map[string]string{"token": "canary"}, m{"finddelay": "1s"}), []string{"config.orgid: is not a key", "secrets.token: is not a key", "delivery.finddelay: is not a key"}},
		"credentials in URL": {valid(m{"apiUrl": "https://u:canary@h"}, nil, nil), []string{"config.apiUrl: must not hold credentials"}},
		"blank":              {valid(m{"orgId": " "}, map[string]string{"apiKeySecret": ""}, nil), []string{"config.orgId: is empty", "secrets.apiKeySecret: is empty"}},
		"colon in the id":    {valid(nil, map[string]string{"apiKeyId": "canary:canary"}, nil), []string{"secrets.apiKeyId: must not hold a colon"}},
		"property":           {valid(nil, nil, m{"correlation_property": "properties.kibana_case_id"}), []string{"delivery.correlation_property: want the API name"}},
		"format":             {valid(nil, nil, m{"description_format": "markdown"}), []string{"delivery.description_format: want"}},
		"numbers":            {valid(nil, nil, m{"duplicate_resolution": 0, "max_text": 1, "max_name": "x", "max_in_flight": 0}), []string{"delivery.duplicate_resolution: want a whole number", "delivery.max_name: want", "delivery.max_text: want", "delivery.max_in_flight: want"}},
		"durations":          {valid(nil, nil, m{"find_delay": "2", "settle_time": "-1s"}), []string{"delivery.find_delay: want a duration", "delivery.settle_time: want a duration"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.CheckDefinition(t, Type(), tc.def, tc.want)
		})
	}
}

func TestNewNeedsClient(t *testing.T) {
	t.Parallel()
	if _, err := newConnector(valid(nil, nil, nil), connector.Dependencies{}); err == nil || !strings.Contains(err.Error(), "no HTTP client") {
		t.Errorf("error %v", err)
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	of := func(def connector.Definition) connector.Capabilities { return adaptertest.Capabilities(t, Type(), def) }
	want := connector.Capabilities{
		Address: "https://soar.hms.example/rest/orgs/201", FindIncident: true, CountComments: true, ReadIncident: true,
		SettleTime: 30 * time.Second, FindDelay: 30 * time.Second, Limits: map[string]connector.Limit{},
	}
	if diff := cmp.Diff(want, of(valid(nil, nil, nil))); diff != "" {
		t.Error(diff)
	}
	want.FindDelay, want.SettleTime, want.MaxInFlight = time.Second, time.Minute, 3
	want.Limits = map[string]connector.Limit{
		"name": {Max: 200, Unit: connector.UTF16}, "description": {Max: 500, Unit: connector.UTF16}, "comment": {Max: 500, Unit: connector.UTF16},
	}
	delivery := map[string]any{"find_delay": "1s", "settle_time": "1m", "max_in_flight": 3, "max_text": 500, "max_name": 200}
	if diff := cmp.Diff(want, of(valid(nil, nil, delivery))); diff != "" {
		t.Errorf("settings: %s", diff)
	}
}
