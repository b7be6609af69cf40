package kibanaschema

import (
	"fmt"
	"strings"
)

func serviceNowITSM() connectorType {
	t := serviceNow(".servicenow", "ServiceNow ITSM", alerting, cases, uptime, security)
	t.config = with7x(append(t.config, usesTableAPI())...)
	return t
}

func serviceNowSecOps() connectorType {
	t := serviceNow(".servicenow-sir", "ServiceNow SecOps", alerting, cases, security)
	t.config = with7x(append(t.config, usesTableAPI())...)
	return t
}

func serviceNowITOM() connectorType {
	return serviceNow(".servicenow-itom", "ServiceNow ITOM", alerting, security)
}

func serviceNow(id, name string, features ...string) connectorType {
	return connectorType{
		id: id, name: name, licence: platinum, features: features,
		config: object{
			{"apiUrl", text{}},
			{"isOAuth", byDefault{flag{}, false}},
			{"userIdentifierValue", nullable(text{})},
			{"clientId", nullable(text{})},
			{"jwtKeyId", nullable(text{})},
		},
		secrets: object{
			{"username", nullable(text{})},
			{"password", nullable(text{})},
			{"clientSecret", nullable(text{})},
			{"privateKey", nullable(text{})},
			{"privateKeyPassword", nullable(text{})},
		},
		hosts:        hosts{keys: []string{"apiUrl"}, prefix: classicPrefix},
		checkConfig:  oauthConfig,
		checkSecrets: serviceNowSecrets,
		checkBoth:    serviceNowBoth,
	}
}

// usesTableAPIKey is true by default, so that a connector which says nothing is
// one of before 7.16: a deprecated one.
const usesTableAPIKey = "usesTableApi"

func usesTableAPI() field { return field{usesTableAPIKey, byDefault{flag{}, true}} }

// Deprecated is Kibana's is_deprecated: a ServiceNow connector that uses the
// Table API, or does not say.
func Deprecated(typeID string, config map[string]any) bool {
	if typeID != ".servicenow" && typeID != ".servicenow-sir" {
		return false
	}
	switch uses := config[usesTableAPIKey].(type) {
	case bool:
		return uses
	case string:
		return !strings.EqualFold(uses, "false")
	}
	return true
}

// oauthConfig wants all of OAuth's keys where OAuth is used.
func oauthConfig(config map[string]any) string {
	if config["isOAuth"] == true {
		return missing(config, true, "userIdentifierValue", "clientId", "jwtKeyId")
	}
	return ""
}

// missing is the text for the first key that has no value.
func missing(values map[string]any, isOAuth bool, keys ...string) string {
	for _, key := range keys {
		if values[key] == nil {
			return fmt.Sprintf("%s must be provided when isOAuth = %t", key, isOAuth)
		}
	}
	return ""
}

// serviceNowSecrets wants whole pairs. Kibana looks at OAuth's only where there
// is nothing of basic authentication.
func serviceNowSecrets(secrets map[string]any) string {
	half := func(a, b string) bool { return secrets[a] == nil || secrets[b] == nil }
	switch {
	case without(secrets, "username", "password", "clientSecret", "privateKey"):
		return "Either basic auth or OAuth credentials must be specified"
	case !without(secrets, "username", "password"):
		if half("username", "password") {
			return "username and password must both be specified"
		}
	case half("clientSecret", "privateKey"):
		return "clientSecret and privateKey must both be specified"
	}
	return ""
}

func serviceNowBoth(config, secrets map[string]any) string {
	if config["isOAuth"] == true {
		if text := missing(secrets, true, "clientSecret", "privateKey"); text != "" {
			return text
		}
		if !without(secrets, "username", "password") {
			return "Username and password should not be provided with isOAuth = true"
		}
		return ""
	}
	if text := missing(secrets, false, "username", "password"); text != "" {
		return text
	}
	if !without(config, "clientId", "userIdentifierValue", "jwtKeyId") || !without(secrets, "clientSecret", "privateKey") {
		return "clientId, clientSecret, userIdentifierValue, jwtKeyId and privateKey should not be provided with isOAuth = false"
	}
	return ""
}
