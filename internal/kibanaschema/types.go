package kibanaschema

import (
	"slices"
	"strings"
)

// connectorType is what Kibana requires of one connector type. The functions
// get valid values with their defaults and return Kibana's text, "" if all is
// well; nil requires nothing.
type connectorType struct {
	id, name string
	licence  string   // the least that Kibana wants
	features []string // supported_feature_ids, in Kibana's order

	config, secrets object

	checkBeforeHosts func(config map[string]any) string
	hosts            hosts
	checkConfig      func(config map[string]any) string
	checkSecrets     func(secrets map[string]any) string
	checkBoth        func(config, secrets map[string]any) string
}

// Licences and features, as Kibana names them.
const (
	basic    = "basic"
	gold     = "gold"
	platinum = "platinum"

	alerting = "alerting"
	cases    = "cases"
	uptime   = "uptime"
	security = "siem"
)

// types are all types that we know, in the order of their names.
func types() []connectorType {
	return []connectorType{
		ibmResilient(), index(), jira(), opsgenie(), serverLog(), serviceNowITOM(), serviceNowITSM(), serviceNowSecOps(),
		swimlane(), theHive(), casesWebhook(),
	}
}

func find(id string) (connectorType, bool) {
	all := types()
	i := slices.IndexFunc(all, func(t connectorType) bool { return t.id == id })
	if i < 0 {
		return connectorType{}, false
	}
	return all[i], true
}

func jira() connectorType {
	return connectorType{
		id: ".jira", name: "Jira", licence: gold, features: []string{alerting, cases, uptime, security},
		config:  with7x(field{"apiUrl", text{}}, field{"projectKey", text{}}),
		secrets: object{{"email", text{}}, {"apiToken", text{}}},
		hosts:   hosts{keys: []string{"apiUrl"}, prefix: classicPrefix},
	}
}

func ibmResilient() connectorType {
	return connectorType{
		id: ".resilient", name: "IBM Resilient", licence: platinum, features: []string{alerting, cases, security},
		config:  with7x(field{"apiUrl", text{}}, field{"orgId", text{}}),
		secrets: object{{"apiKeyId", text{}}, {"apiKeySecret", text{}}},
		hosts:   hosts{keys: []string{"apiUrl"}, prefix: urlPrefix},
	}
}

// swimlane has an object mappings that need not be there: Kibana fills an
// absent one with nulls, though its schema calls it required.
func swimlane() connectorType {
	mapped := nullable(object{{"id", text{}}, {"key", text{}}, {"name", text{}}, {"fieldType", text{}}})
	return connectorType{
		id: ".swimlane", name: "Swimlane", licence: gold, features: []string{alerting, cases, security},
		config: object{
			{"apiUrl", text{}},
			{"appId", text{}},
			{"connectorType", choice("all", "alerts", "cases")},
			{"mappings", object{
				{"ruleNameConfig", mapped},
				{"alertIdConfig", mapped},
				{"caseIdConfig", mapped},
				{"caseNameConfig", mapped},
				{"commentsConfig", mapped},
				{"severityConfig", mapped},
				{"descriptionConfig", mapped},
			}},
		},
		secrets: object{{"apiToken", text{}}},
		hosts:   hosts{keys: []string{"apiUrl"}, prefix: classicPrefix},
	}
}

func theHive() connectorType {
	return connectorType{
		id: ".thehive", name: "TheHive", licence: platinum, features: []string{alerting, security, uptime, cases},
		config:  object{{"url", text{}}, {"organisation", nullable(text{})}},
		secrets: object{{"apiKey", text{}}},
		hosts:   hosts{keys: []string{"url"}, prefix: urlPrefix},
	}
}

func opsgenie() connectorType {
	return connectorType{
		id: ".opsgenie", name: "Opsgenie", licence: platinum, features: []string{alerting, uptime, security},
		config:  object{{"apiUrl", text{}}},
		secrets: object{{"apiKey", text{}}},
		hosts:   hosts{keys: []string{"apiUrl"}, prefix: urlPrefix},
	}
}

func index() connectorType {
	return connectorType{
		id: ".index", name: "Index", licence: basic, features: []string{alerting, uptime, security},
		config: object{{"index", text{}}, {"refresh", byDefault{flag{}, false}}, {"executionTimeField", nullable(text{})}},
	}
}

func serverLog() connectorType {
	return connectorType{id: ".server-log", name: "Server log", licence: basic, features: []string{alerting, uptime, security}}
}

// TypeInfo is an element of Kibana's answer to GET /api/actions/connector_types.
type TypeInfo struct {
	ID                     string   `json:"id"`
	Name                   string   `json:"name"`
	Enabled                bool     `json:"enabled"`
	EnabledInConfig        bool     `json:"enabled_in_config"`
	EnabledInLicense       bool     `json:"enabled_in_license"`
	MinimumLicenseRequired string   `json:"minimum_license_required"`
	SupportedFeatureIDs    []string `json:"supported_feature_ids"`
	IsSystemActionType     bool     `json:"is_system_action_type"`
}

// Types lists the types by their ids, as Kibana describes them, all enabled.
// The caller may change what it gets.
func Types() []TypeInfo {
	all := types()
	slices.SortFunc(all, func(a, b connectorType) int { return strings.Compare(a.id, b.id) })
	infos := make([]TypeInfo, 0, len(all))
	for _, t := range all {
		infos = append(infos, TypeInfo{
			ID: t.id, Name: t.name, Enabled: true, EnabledInConfig: true, EnabledInLicense: true,
			MinimumLicenseRequired: t.licence, SupportedFeatureIDs: t.features,
		})
	}
	return infos
}
