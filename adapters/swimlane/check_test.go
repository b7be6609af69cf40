package swimlane

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/adaptertest"
	"github.com/casepush/casepush/internal/secret"
)

type m = map[string]any

// mapped is a field of config.mappings.
func mapped(id, fieldType string) m {
	return m{"id": id, "key": "key-" + id, "name": "Name " + id, "fieldType": fieldType}
}

// allMappings maps what a case has.
func allMappings() m {
	return m{
		"ruleNameConfig": nil, "alertIdConfig": nil, "severityConfig": mapped("aasnf", "valuesList"),
		"caseIdConfig": mapped("a3rvw", "text"), "caseNameConfig": mapped("a04rv", "text"),
		"commentsConfig": mapped("a3uau", "comments"), "descriptionConfig": mapped("acl9o", "text"),
	}
}

// valid is a good definition with some keys replaced; nil removes one.
func valid(config, delivery m) connector.Definition {
	def := connector.Definition{
		ID: "soc-swimlane", Type: TypeID, Delivery: delivery,
		Config:  m{"apiUrl": "https://swimlane.hms.example", "appId": "58e4", "connectorType": "cases", "mappings": allMappings()},
		Secrets: map[string]secret.String{"apiToken": secret.New("canary")},
	}
	maps.Copy(def.Config, config)
	maps.DeleteFunc(def.Config, func(_ string, v any) bool { return v == nil })
	return def
}

// mapping is a good definition with some mappings replaced.
func mapping(changes m) connector.Definition {
	all := allMappings()
	maps.Copy(all, changes)
	return valid(m{"mappings": all}, nil)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	noToken := valid(nil, nil)
	noToken.Secrets = map[string]secret.String{"token": secret.New("canary")}
	for name, tc := range map[string]struct {
		def  connector.Definition
		want []string // path: beginning of the message
	}{
		"good":              {valid(nil, nil), nil},
		"all delivery keys": {valid(nil, m{"api_prefix": "/api/account/a-1/tenant/t_2/", "browse_url": "https://people/x", "find_delay": "1m", "settle_time": "0s", "max_in_flight": uint64(4), "max_text": 1000, "max_title": 100}), nil},
		"nothing": {connector.Definition{}, []string{
			"config.apiUrl: is required", "config.appId: is required", "config.connectorType: is required",
			"(warning) config.mappings: caseIdConfig is missing: a record cannot be found by its case, so a lost answer will wait for a person",
			"(warning) config.mappings: caseNameConfig is missing", "(warning) config.mappings: commentsConfig is missing", "(warning) config.mappings: descriptionConfig is missing",
			"secrets.apiToken: is required",
		}},
		"as the documents have it": {valid(m{"connectorType": "all", "mappings": m{"ruleNameConfig": m{"id": "b6fst", "name": "Alert Name", "key": "alert-name", "fieldType": "text"}}}, nil), []string{
			"(warning) config.mappings: caseIdConfig", "(warning) config.mappings: caseNameConfig", "(warning) config.mappings: commentsConfig", "(warning) config.mappings: descriptionConfig",
		}},
		"unknown keys":          {valid(m{"appID": "x"}, m{"finddelay": "1s"}), []string{"config.appID: is not a key", "delivery.finddelay: is not a key"}},
		"secrets":               {noToken, []string{"secrets.token: is not a key", "secrets.apiToken: is required"}},
		"wrong kinds":           {valid(m{"apiUrl": 1, "appId": " ", "connectorType": "case", "mappings": "x"}, nil), []string{"config.apiUrl: want a text", "config.appId: is empty", `config.connectorType: want "all" or "alerts" or "cases", got "case"`, "config.mappings: want an object, got string", "(warning)", "(warning)", "(warning)", "(warning)"}},
		"an id that leads away": {valid(m{"appId": ".."}, nil), []string{"config.appId: is no id"}},
		"mapping of a kind":     {mapping(m{"severityConfig": "x", "other": m{}}), []string{`config.mappings: "severityConfig": want id, key, name and fieldType, or null, got string`, `config.mappings: "other": is not a key of mappings`}},
		"mapping with holes":    {mapping(m{"severityConfig": m{"id": "", "key": 1, "name": "n", "fieldType": "text", "type": "x"}}), []string{`config.mappings: "severityConfig": id: want a text`, `config.mappings: "severityConfig": key: want a text`, `config.mappings: "severityConfig": "type" is not a key`}},
		"numeric case id":       {mapping(m{"caseIdConfig": mapped("a3rvw", "numeric")}), []string{`config.mappings: "caseIdConfig": a field of type "numeric" cannot hold a case id`}},
		"case id twice":         {mapping(m{"caseNameConfig": mapped("a3rvw", "text")}), []string{`config.mappings: "caseNameConfig": the field "a3rvw" holds the case id already`}},
		"numeric title":         {mapping(m{"caseNameConfig": mapped("aqkg3", "numeric")}), []string{"(warning) config.mappings: caseNameConfig is a numeric field"}},
		"comments of a kind":    {mapping(m{"commentsConfig": mapped("a3uau", "text")}), []string{"(warning) config.mappings: commentsConfig is no field of type comments"}},
		"address of the API":    {valid(m{"apiUrl": "https://h/api/"}, nil), []string{"(warning) config.apiUrl: ends with /api"}},
		"… with a place":        {valid(m{"apiUrl": "https://h/api"}, m{"browse_url": "https://h"}), nil},
		"prefixes":              {valid(nil, m{"api_prefix": "api/x"}), []string{"delivery.api_prefix: want a path"}},
		"prefix with dots":      {valid(nil, m{"api_prefix": "/api/../x"}), []string{"delivery.api_prefix: want a path"}},
		"prefix with query":     {valid(nil, m{"api_prefix": "/api?canary=1"}), []string{"delivery.api_prefix: want a path"}},
		"prefix with host":      {valid(nil, m{"api_prefix": "//host/api"}), []string{"delivery.api_prefix: want a path"}},
		"numbers":               {valid(nil, m{"max_text": 1.5, "max_title": 2, "max_in_flight": "4", "find_delay": "2"}), []string{"delivery.max_title: want a whole number", "delivery.max_text: want a whole number", "delivery.max_in_flight: want a whole number", "delivery.find_delay: want a duration"}},
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
	want := connector.Capabilities{
		Address: "https://swimlane.hms.example/api/app/58e4", FindIncident: true, CountComments: true, ReadIncident: true,
		SettleTime: 20 * time.Second, FindDelay: 30 * time.Second, Limits: map[string]connector.Limit{},
	}
	if diff := cmp.Diff(want, of(valid(nil, nil))); diff != "" {
		t.Error(diff)
	}
	want.FindIncident, want.CountComments, want.NoComments = false, false, true
	if diff := cmp.Diff(want, of(valid(m{"mappings": nil}, nil))); diff != "" {
		t.Errorf("without mappings: %s", diff)
	}
	got := of(valid(nil, m{"find_delay": "1s", "settle_time": "1m", "max_in_flight": 3, "max_text": 500, "max_title": 50}))
	limits := map[string]connector.Limit{"caseName": {Max: 50, Unit: connector.UTF16}, "description": {Max: 500, Unit: connector.UTF16}, "comment": {Max: 500, Unit: connector.UTF16}}
	if diff := cmp.Diff(limits, got.Limits); diff != "" || got.FindDelay != time.Second || got.SettleTime != time.Minute || got.MaxInFlight != 3 {
		t.Errorf("settings: %+v %s", got, diff)
	}
}

// TestAddresses are Kibana's rule for the API and the places of the others.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ apiURL, prefix, api, browse string }{
		{"https://h", "", "https://h/api", "https://h"},
		{"https://h/", "", "https://h/api", "https://h"},
		{"https://h/api", "", "https://h/api", "https://h/api"},
		{"https://h/sw/api/", "", "https://h/sw/api", "https://h/sw/api"},
		{"https://h/sw", "/api/account/a/tenant/t", "https://h/sw/api/account/a/tenant/t", "https://h/sw"},
		{"https://h/api", "/api/account/a/tenant/t/", "https://h/api/account/a/tenant/t", "https://h/api"},
	} {
		s, r := parse(valid(m{"apiUrl": tc.apiURL}, m{"api_prefix": nil, "max_text": nil}))
		if tc.prefix != "" {
			s, r = parse(valid(m{"apiUrl": tc.apiURL}, m{"api_prefix": tc.prefix}))
		}
		if s.api != tc.api || s.browseURL != tc.browse || r.Err() != nil {
			t.Errorf("%s, %s: API %q, links %q, %v; want %q and %q", tc.apiURL, tc.prefix, s.api, s.browseURL, r.Err(), tc.api, tc.browse)
		}
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	if got := place(valid(nil, nil)); got != "https://swimlane.hms.example/api/app/58e4/a3rvw" {
		t.Errorf("place %q", got)
	}
	if got := place(mapping(m{"caseIdConfig": nil})); got != "" {
		t.Errorf("place without a mark: %q", got)
	}
}
