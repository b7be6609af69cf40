package jira

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/adaptertest"
	"github.com/casepush/casepush/internal/secret"
)

// valid is a good definition with some keys replaced; nil removes one.
func valid(config map[string]any, secrets map[string]string, delivery map[string]any) connector.Definition {
	def := connector.Definition{
		ID: "soc-jira", Type: TypeID, Delivery: delivery,
		Config:  map[string]any{"apiUrl": "https://hms.atlassian.net", "projectKey": "HMS"},
		Secrets: map[string]secret.String{"email": secret.New("a@hms.example"), "apiToken": secret.New("canary")},
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
		"good":              {valid(nil, nil, nil), nil},
		"of 7.x":            {valid(m{"casesConfiguration": m{"mapping": []any{}}}, nil, nil), nil},
		"all delivery keys": {valid(nil, nil, m{"deployment": "data_center", "browse_url": "http://jira/x", "find_delay": "1m", "settle_time": "0s", "internal_comments": true, "duplicate_transition": " Done ", "max_in_flight": uint64(4), "max_text": json.Number("1000")}), nil},
		"nothing": {connector.Definition{}, []string{
			"config.apiUrl: is required", "config.projectKey: is required", "secrets.email: is required", "secrets.apiToken: is required",
		}},
		"wrong kinds":        {valid(m{"apiUrl": 1, "projectKey": " "}, nil, nil), []string{"config.apiUrl: want a text, got int", "config.projectKey: is empty"}},
		"unknown keys":       {valid(m{"projectkey": "x"}, map[string]string{"token": "canary"}, m{"finddelay": "1s", "on_uncertain": "create_again"}), []string{"config.projectkey: is not a key", "secrets.token: is not a key", "delivery.finddelay: is not a key", "delivery.on_uncertain: is not a key"}},
		"no scheme":          {valid(m{"apiUrl": "hms.atlassian.net"}, nil, nil), []string{"config.apiUrl: want a URL with http"}},
		"no host":            {valid(m{"apiUrl": "https:///x"}, nil, nil), []string{"config.apiUrl: has no host"}},
		"credentials in URL": {valid(m{"apiUrl": "https://u:canary@h"}, nil, nil), []string{"config.apiUrl: must not hold credentials"}},
		"query in URL":       {valid(m{"apiUrl": "https://h/?a=canary"}, nil, nil), []string{"config.apiUrl: must not have a query"}},
		"no URL":             {valid(m{"apiUrl": "https://h:port/canary"}, nil, nil), []string{"config.apiUrl: is not a URL"}},
		"empty token":        {valid(nil, map[string]string{"apiToken": ""}, nil), []string{"secrets.apiToken: is empty"}},
		"two ways in":        {valid(m{"apiUrl": "https://jira.hms.example"}, map[string]string{"personalAccessToken": "canary"}, nil), []string{"secrets.email: must not stand beside", "secrets.apiToken: must not stand beside"}},
		"PAT":                {valid(m{"apiUrl": "https://jira.hms.example"}, map[string]string{"personalAccessToken": "canary", "email": "-", "apiToken": "-"}, nil), nil},
		"PAT on Cloud":       {valid(nil, map[string]string{"personalAccessToken": "canary", "email": "-", "apiToken": "-"}, nil), []string{"(warning) secrets.personalAccessToken: Jira Cloud has no"}},
		"durations":          {valid(nil, nil, m{"find_delay": "2", "settle_time": "-1s"}), []string{"delivery.find_delay: want a duration", "delivery.settle_time: want a duration"}},
		"numbers":            {valid(nil, nil, m{"max_text": 1.5, "max_in_flight": "4"}), []string{"delivery.max_text: want a whole number", "delivery.max_in_flight: want a whole number"}},
		"no transition":      {valid(nil, nil, m{"duplicate_transition": " "}), []string{"delivery.duplicate_transition: is empty"}},
		"other kinds":        {valid(nil, nil, m{"internal_comments": "yes", "deployment": "server"}), []string{"delivery.deployment: want", "delivery.internal_comments: want a bool, got string"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.CheckDefinition(t, Type(), tc.def, tc.want)
		})
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	of := func(def connector.Definition) connector.Capabilities { return adaptertest.Capabilities(t, Type(), def) }
	text := func(n int) map[string]connector.Limit {
		return map[string]connector.Limit{"summary": {Max: 254, Unit: connector.UTF16}, "description": {Max: n, Unit: connector.UTF16}, "comment": {Max: n, Unit: connector.UTF16}}
	}
	want := connector.Capabilities{
		Address: "https://hms.atlassian.net", FindIncident: true, CountComments: true, ReadIncident: true,
		SettleTime: 20 * time.Second, FindDelay: 2 * time.Minute, Limits: text(32767),
	}
	if diff := cmp.Diff(want, of(valid(nil, nil, nil))); diff != "" {
		t.Errorf("cloud: %s", diff)
	}
	want.FindDelay, want.Address = 30*time.Second, "https://jira.hms.example"
	if diff := cmp.Diff(want, of(valid(map[string]any{"apiUrl": "https://jira.hms.example"}, nil, nil))); diff != "" {
		t.Errorf("data center: %s", diff)
	}
	want.Address = "https://hms.atlassian.net"
	want.FindDelay, want.SettleTime, want.MaxInFlight, want.Limits = time.Second, time.Minute, 3, text(500)
	delivery := map[string]any{"find_delay": "1s", "settle_time": "1m", "max_in_flight": 3, "max_text": 500}
	if diff := cmp.Diff(want, of(valid(nil, nil, delivery))); diff != "" {
		t.Errorf("settings: %s", diff)
	}
}

func TestGuessDeployment(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]deployment{
		"https://hms.atlassian.net":                       cloud,
		"https://HMS.Atlassian.Net:443/x":                 cloud,
		"https://api.atlassian.com/ex/jira/1":             cloud,
		"https://jira.hms.example":                        dataCenter,
		"https://atlassian.net.hms.example":               dataCenter,
		"http://127.0.0.1:8080/ex/jira/hms.atlassian.net": dataCenter,
		"": dataCenter,
	} {
		if got := guessDeployment(address); got != want {
			t.Errorf("guessDeployment(%q) = %q, want %q", address, got, want)
		}
	}
}
