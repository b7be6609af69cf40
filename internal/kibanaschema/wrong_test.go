package kibanaschema_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/kibanaschema"
)

// wrong is a good definition of a type with changes, and Kibana's text for it.
type wrong struct {
	typeID          string
	config, secrets m
	hosts           []string // nil is any
	want            string
}

const (
	inConfig  = "error validating action type config: "
	inSecrets = "error validating action type secrets: "
	inBoth    = "error validating action type connector: "
	noHost    = `" is not added to the Kibana config xpack.actions.allowedHosts`
)

func missing(key string) string {
	return "[" + key + "]: expected value of type [string] but got [undefined]"
}

// either is the text of a value that may be null and is of a wrong type.
func either(key, what string) string {
	return "[" + key + "]: types that failed validation:\n- [" + key + ".0]: " + what + "\n- [" + key + ".1]: expected value to equal [null]"
}

func row(source, target, action any) m {
	return m{"source": source, "target": target, "actionType": action}
}

func mapped(rows ...any) m { return m{"mapping": rows} }

func wrongSchemas() []wrong {
	return []wrong{
		{typeID: ".jira", config: m{"apiUrl": gone{}}, want: inConfig + missing("apiUrl")},
		{typeID: ".jira", config: m{"projectKey": gone{}}, want: inConfig + missing("projectKey")},
		{typeID: ".jira", config: m{"apiUrl": nil}, want: inConfig + "[apiUrl]: expected value of type [string] but got [null]"},
		{typeID: ".jira", config: m{"apiUrl": 1.5}, want: inConfig + "[apiUrl]: expected value of type [string] but got [number]"},
		{typeID: ".jira", config: m{"apiUrl": json.Number("1")}, want: inConfig + "[apiUrl]: expected value of type [string] but got [number]"},
		{typeID: ".jira", config: m{"apiUrl": true}, want: inConfig + "[apiUrl]: expected value of type [string] but got [boolean]"},
		{typeID: ".jira", config: m{"apiUrl": []any{"x"}}, want: inConfig + "[apiUrl]: expected value of type [string] but got [Array]"},
		{typeID: ".jira", config: m{"apiUrl": m{"x": "y"}}, want: inConfig + "[apiUrl]: expected value of type [string] but got [Object]"},
		{typeID: ".jira", config: m{"b": "1", "a": "1"}, want: inConfig + "[a]: definition for this key is missing"},
		{typeID: ".jira", config: m{"a": "1", "projectKey": gone{}}, want: inConfig + missing("projectKey")},
		{typeID: ".jira", config: m{"apiUrl": gone{}}, secrets: m{"email": gone{}}, want: inConfig + missing("apiUrl")},
		{typeID: ".jira", secrets: m{"email": gone{}}, want: inSecrets + missing("email")},
		{typeID: ".jira", secrets: m{"apiToken": gone{}}, want: inSecrets + missing("apiToken")},
		{typeID: ".jira", secrets: m{"apiToken": 12}, want: inSecrets + "[apiToken]: expected value of type [string] but got [number]"},
		{typeID: ".jira", secrets: m{"token": "canary"}, want: inSecrets + "[token]: definition for this key is missing"},

		{typeID: ".resilient", config: m{"orgId": gone{}}, want: inConfig + missing("orgId")},
		{typeID: ".resilient", config: m{"orgId": 201}, want: inConfig + "[orgId]: expected value of type [string] but got [number]"},
		{typeID: ".resilient", secrets: m{"apiKeyId": gone{}}, want: inSecrets + missing("apiKeyId")},
		{typeID: ".resilient", secrets: m{"apiKeySecret": gone{}}, want: inSecrets + missing("apiKeySecret")},

		{typeID: ".swimlane", config: m{"appId": gone{}}, want: inConfig + missing("appId")},
		{
			typeID: ".swimlane", config: m{"connectorType": gone{}},
			want: inConfig + "[connectorType]: expected at least one defined value but got [undefined]",
		},
		{
			typeID: ".swimlane", config: m{"connectorType": "not-supported"},
			want: inConfig + "[connectorType]: types that failed validation:\n- [connectorType.0]: expected value to equal [all]\n" +
				"- [connectorType.1]: expected value to equal [alerts]\n- [connectorType.2]: expected value to equal [cases]",
		},
		{typeID: ".swimlane", config: m{"mappings": nil}, want: inConfig + "[mappings]: expected a plain object value, but found [null] instead."},
		{typeID: ".swimlane", config: m{"mappings": []any{}}, want: inConfig + "[mappings]: expected a plain object value, but found [Array] instead."},
		{typeID: ".swimlane", config: m{"mappings": "[1]"}, want: inConfig + "[mappings]: expected a plain object value, but found [Array] instead."},
		{typeID: ".swimlane", config: m{"mappings": "{} x"}, want: inConfig + "[mappings]: could not parse object value from json input"},
		{typeID: ".swimlane", config: m{"mappings": m{"titleConfig": nil}}, want: inConfig + "[mappings.titleConfig]: definition for this key is missing"},
		{
			typeID: ".swimlane", config: m{"mappings": m{"caseIdConfig": m{"id": "1", "key": "k", "name": "n"}}},
			want: inConfig + "[mappings.caseIdConfig]: types that failed validation:\n" +
				"- [mappings.caseIdConfig.0.fieldType]: expected value of type [string] but got [undefined]\n" +
				"- [mappings.caseIdConfig.1]: expected value to equal [null]",
		},
		{
			typeID: ".swimlane", config: m{"mappings": m{"commentsConfig": "x"}},
			want: inConfig + either("mappings.commentsConfig", "could not parse object value from json input"),
		},
		{typeID: ".swimlane", secrets: m{"apiToken": gone{}}, want: inSecrets + missing("apiToken")},

		{typeID: ".index", config: m{"index": gone{}}, want: inConfig + missing("index")},
		{typeID: ".index", config: m{"refresh": "yes"}, want: inConfig + "[refresh]: expected value of type [boolean] but got [string]"},
		{typeID: ".index", config: m{"refresh": nil}, want: inConfig + "[refresh]: expected value of type [boolean] but got [null]"},
		{
			typeID: ".index", config: m{"executionTimeField": true},
			want: inConfig + either("executionTimeField", "expected value of type [string] but got [boolean]"),
		},
		{typeID: ".index", secrets: m{"user": "canary"}, want: inSecrets + "[user]: definition for this key is missing"},
		{typeID: ".server-log", config: m{"level": "info"}, want: inConfig + "[level]: definition for this key is missing"},
		{typeID: ".server-log", secrets: m{"level": "info"}, want: inSecrets + "[level]: definition for this key is missing"},
		{typeID: ".opsgenie", config: m{"apiUrl": gone{}}, want: inConfig + missing("apiUrl")},
		{typeID: ".opsgenie", secrets: m{"apiKey": gone{}}, want: inSecrets + missing("apiKey")},
		{typeID: ".thehive", config: m{"url": gone{}}, want: inConfig + missing("url")},
		{typeID: ".thehive", config: m{"organisation": 1}, want: inConfig + either("organisation", "expected value of type [string] but got [number]")},
		{typeID: ".thehive", secrets: m{"apiKey": gone{}}, want: inSecrets + missing("apiKey")},
	}
}

func wrongHosts() []wrong {
	list := []string{"hook.example"}
	const classic, byURL, hook = "error configuring connector action: ", "error validating url: ", "error configuring cases webhook action: "
	return []wrong{
		{typeID: ".jira", hosts: list, want: inConfig + classic + `target url "https://jira.example` + noHost},
		{typeID: ".jira", hosts: []string{}, want: inConfig + classic + `target url "https://jira.example` + noHost},
		{typeID: ".jira", hosts: []string{"*.example"}, want: inConfig + classic + `target url "https://jira.example` + noHost},
		{typeID: ".jira", hosts: []string{"jira.example:443"}, want: inConfig + classic + `target url "https://jira.example` + noHost},
		{typeID: ".jira", config: m{"apiUrl": "jira.example"}, hosts: []string{"jira.example"}, want: inConfig + classic + `target url "jira.example` + noHost},
		{
			typeID: ".jira", config: m{"apiUrl": "https://u:canary@elsewhere.example/x?token=canary#canary"}, hosts: list,
			want: inConfig + classic + `target url "https://elsewhere.example/x` + noHost,
		},
		{typeID: ".jira", hosts: list, secrets: m{"email": gone{}}, want: inConfig + classic + `target url "https://jira.example` + noHost},
		{typeID: ".servicenow", hosts: list, want: inConfig + classic + `target url "https://sn.example` + noHost},
		{typeID: ".servicenow-sir", hosts: list, want: inConfig + classic + `target url "https://sn.example` + noHost},
		{typeID: ".servicenow-itom", hosts: list, want: inConfig + classic + `target url "https://sn.example` + noHost},
		{typeID: ".servicenow", config: m{"isOAuth": true}, hosts: list, want: inConfig + classic + `target url "https://sn.example` + noHost},
		{typeID: ".swimlane", hosts: list, want: inConfig + classic + `target url "https://swim.example` + noHost},
		{typeID: ".resilient", hosts: list, want: inConfig + byURL + `target url "https://soar.example` + noHost},
		{typeID: ".opsgenie", hosts: list, want: inConfig + byURL + `target url "https://og.example` + noHost},
		{typeID: ".thehive", hosts: list, want: inConfig + byURL + `target url "https://hive.example` + noHost},

		{typeID: ".cases-webhook", config: m{"createIncidentUrl": "https://x.example/a"}, hosts: list, want: inConfig + hook + `target url "https://x.example/a` + noHost},
		{typeID: ".cases-webhook", config: m{"createCommentUrl": "https://x.example/b"}, hosts: list, want: inConfig + hook + `target url "https://x.example/b` + noHost},
		{typeID: ".cases-webhook", config: m{"viewIncidentUrl": "https://x.example/c"}, hosts: list, want: inConfig + hook + `target url "https://x.example/c` + noHost},
		{typeID: ".cases-webhook", config: m{"getIncidentUrl": "https://x.example/d"}, hosts: list, want: inConfig + hook + `target url "https://x.example/d` + noHost},
		{typeID: ".cases-webhook", config: m{"updateIncidentUrl": "https://x.example/e"}, hosts: list, want: inConfig + hook + `target url "https://x.example/e` + noHost},
		{
			typeID: ".cases-webhook", config: m{"createIncidentUrl": "https://{{{host}}}/"}, hosts: list,
			want: inConfig + hook + `target url "https://{{{host}}}/` + noHost,
		},
		{typeID: ".cases-webhook", config: m{"getIncidentUrl": "/issue/1"}, want: inConfig + hook + "unable to parse /issue/1: TypeError: Invalid URL"},
		{
			typeID: ".cases-webhook", config: m{"viewIncidentUrl": "https://u:canary@h:port/?canary"},
			want: inConfig + hook + "unable to parse https://h:port/: TypeError: Invalid URL",
		},
	}
}

func wrongServiceNow() []wrong {
	all := m{"isOAuth": true, "userIdentifierValue": "u", "clientId": "c", "jwtKeyId": "k"}
	noBasic := m{"username": gone{}, "password": gone{}}
	flow := edited(noBasic, m{"clientSecret": "canary", "privateKey": "canary"})
	const (
		neither = "Either basic auth or OAuth credentials must be specified"
		oneOf2  = "username and password must both be specified"
		oneOf2O = "clientSecret and privateKey must both be specified"
		mixed   = "clientId, clientSecret, userIdentifierValue, jwtKeyId and privateKey should not be provided with isOAuth = false"
	)
	return []wrong{
		{typeID: ".servicenow", config: m{"isOAuth": "1"}, want: inConfig + "[isOAuth]: expected value of type [boolean] but got [string]"},
		{typeID: ".servicenow", config: m{"usesTableApi": 0}, want: inConfig + "[usesTableApi]: expected value of type [boolean] but got [number]"},
		{typeID: ".servicenow-itom", config: m{"usesTableApi": true}, want: inConfig + "[usesTableApi]: definition for this key is missing"},
		{typeID: ".servicenow", config: m{"clientId": 1}, want: inConfig + either("clientId", "expected value of type [string] but got [number]")},
		{typeID: ".servicenow", secrets: m{"password": []any{}}, want: inSecrets + either("password", "expected value of type [string] but got [Array]")},
		{typeID: ".servicenow", config: m{"isOAuth": true}, want: inConfig + "userIdentifierValue must be provided when isOAuth = true"},
		{typeID: ".servicenow-sir", config: edited(all, m{"clientId": nil}), want: inConfig + "clientId must be provided when isOAuth = true"},
		{typeID: ".servicenow-itom", config: edited(all, m{"jwtKeyId": gone{}, "isOAuth": "TRUE"}), want: inConfig + "jwtKeyId must be provided when isOAuth = true"},
		{typeID: ".servicenow", secrets: noBasic, want: inSecrets + neither},
		{typeID: ".servicenow", config: all, secrets: m{"username": nil, "password": nil, "privateKeyPassword": "canary"}, want: inSecrets + neither},
		{typeID: ".servicenow", secrets: m{"password": nil}, want: inSecrets + oneOf2},
		{typeID: ".servicenow", secrets: m{"username": gone{}, "clientSecret": "canary"}, want: inSecrets + oneOf2},
		{typeID: ".servicenow", secrets: edited(flow, m{"privateKey": gone{}}), want: inSecrets + oneOf2O},
		{typeID: ".servicenow", config: all, secrets: edited(flow, m{"clientSecret": nil}), want: inSecrets + oneOf2O},
		{typeID: ".servicenow", config: all, want: inBoth + "clientSecret must be provided when isOAuth = true"},
		{typeID: ".servicenow", config: all, secrets: m{"clientSecret": "canary"}, want: inBoth + "privateKey must be provided when isOAuth = true"},
		{
			typeID: ".servicenow", config: all, secrets: m{"clientSecret": "canary", "privateKey": "canary"},
			want: inBoth + "Username and password should not be provided with isOAuth = true",
		},
		{typeID: ".servicenow", secrets: flow, want: inBoth + "username must be provided when isOAuth = false"},
		{typeID: ".servicenow", secrets: m{"privateKey": "canary"}, want: inBoth + mixed},
		{typeID: ".servicenow-sir", config: m{"jwtKeyId": "k"}, want: inBoth + mixed},
		{typeID: ".servicenow-itom", config: edited(all, m{"isOAuth": "false"}), want: inBoth + mixed},
	}
}

func wrongWebhooks() []wrong {
	const (
		sets = "must specify one of the following schemas: user and password; crt and key (with optional password); pfx (with optional password); or clientSecret (for OAuth2)"
		none = "must specify a secrets configuration"
	)
	nobody := m{"user": gone{}, "password": gone{}}
	w := func(config, secrets m, want string) wrong {
		return wrong{typeID: ".cases-webhook", config: config, secrets: secrets, want: want}
	}
	wrongs := []wrong{
		w(m{"createIncidentMethod": "get"}, nil, inConfig+"[createIncidentMethod]: types that failed validation:\n- [createIncidentMethod.0]: expected value to equal [post]\n"+
			"- [createIncidentMethod.1]: expected value to equal [put]\n- [createIncidentMethod.2]: expected value to equal [patch]"),
		w(m{"updateIncidentMethod": "PUT"}, nil, inConfig+"[updateIncidentMethod]: types that failed validation:\n- [updateIncidentMethod.0]: expected value to equal [post]\n"+
			"- [updateIncidentMethod.1]: expected value to equal [patch]\n- [updateIncidentMethod.2]: expected value to equal [put]"),
		w(m{"getIncidentMethod": nil}, nil, inConfig+"[getIncidentMethod]: types that failed validation:\n- [getIncidentMethod.0]: expected value to equal [get]\n"+
			"- [getIncidentMethod.1]: expected value to equal [post]"),
		w(m{"createCommentMethod": "get"}, nil, inConfig+"[createCommentMethod]: types that failed validation:\n- [createCommentMethod.0]: types that failed validation:\n"+
			" - [createCommentMethod.0]: expected value to equal [post]\n - [createCommentMethod.1]: expected value to equal [put]\n - [createCommentMethod.2]: expected value to equal [patch]\n"+
			"- [createCommentMethod.1]: expected value to equal [null]"),
		w(m{"headers": m{"X-A": 1}}, nil, inConfig+"[headers]: types that failed validation:\n- [headers.0.X-A]: expected value of type [string] but got [number]\n- [headers.1]: expected value to equal [null]"),
		w(m{"headers": []any{}}, nil, inConfig+either("headers", "expected value of type [object] but got [Array]")),
		w(m{"headers": "X-A: 1"}, nil, inConfig+either("headers", "could not parse record value from json input")),
		w(m{"headers": `{"X-A":""}`}, nil, "[request body.config.headers]: value '' is not valid"),
		w(m{"hasAuth": "no"}, nil, inConfig+"[hasAuth]: expected value of type [boolean] but got [string]"),
		w(m{"authType": "basic"}, nil, inConfig+"[authType]: types that failed validation:\n- [authType.0]: expected value to equal [webhook-authentication-basic]\n"+
			"- [authType.1]: expected value to equal [webhook-authentication-ssl]\n- [authType.2]: expected value to equal [webhook-oauth2-client-credentials]\n- [authType.3]: expected value to equal [null]"),
		w(m{"certType": nil}, nil, inConfig+"[certType]: types that failed validation:\n- [certType.0]: expected value to equal [ssl-crt-key]\n- [certType.1]: expected value to equal [ssl-pfx]"),
		w(m{"ca": nil}, nil, inConfig+"[ca]: expected value of type [string] but got [null]"),
		w(m{"verificationMode": "off"}, nil, inConfig+"[verificationMode]: types that failed validation:\n- [verificationMode.0]: expected value to equal [none]\n"+
			"- [verificationMode.1]: expected value to equal [certificate]\n- [verificationMode.2]: expected value to equal [full]"),
		w(m{"authType": "webhook-oauth2-client-credentials"}, nil, inConfig+"OAuth2 authentication is not supported for cases webhook connector"),
		w(m{"authType": "webhook-oauth2-client-credentials", "viewIncidentUrl": "no"}, nil, inConfig+"OAuth2 authentication is not supported for cases webhook connector"),
		w(nil, m{"secretHeaders": m{"X-A": true}}, inSecrets+"[secretHeaders]: types that failed validation:\n- [secretHeaders.0.X-A]: expected value of type [string] but got [boolean]\n"+
			"- [secretHeaders.1]: expected value to equal [null]"),
		w(nil, m{"secretHeaders": "canary"}, inSecrets+either("secretHeaders", "could not parse record value from json input")),
		w(nil, m{"token": "canary"}, inSecrets+"[token]: definition for this key is missing"),
		w(nil, m{"password": nil}, inSecrets+sets),
		w(nil, m{"pfx": "canary"}, inSecrets+sets),
		w(nil, m{"user": gone{}, "crt": "canary"}, inSecrets+sets),
		w(nil, m{"user": gone{}, "clientSecret": "canary"}, inSecrets+sets),
		w(nil, edited(nobody, m{"crt": "canary", "key": "canary", "pfx": "canary"}), inSecrets+sets),
		w(nil, nobody, inBoth+none),
		w(m{"hasAuth": "true"}, m{"user": nil, "password": nil}, inBoth+none),
	}
	for _, key := range []string{
		"createIncidentUrl", "createIncidentJson", "createIncidentResponseKey", "getIncidentUrl", "getIncidentResponseExternalTitleKey",
		"viewIncidentUrl", "updateIncidentUrl", "updateIncidentJson",
	} {
		wrongs = append(wrongs, w(m{key: gone{}}, nil, inConfig+missing(key)))
	}
	return wrongs
}

func wrongMappings() []wrong {
	const at = "[casesConfiguration.mapping"
	sources := at + ".1.source]: types that failed validation:\n- " + at + ".1.source.0]: expected value to equal [title]\n- " + at + ".1.source.1]: expected value to equal [description]\n- " +
		at + ".1.source.2]: expected value to equal [comments]\n- " + at + ".1.source.3]: expected value to equal [tags]"
	actions := at + ".0.actionType]: types that failed validation:\n- " + at + ".0.actionType.0]: expected value to equal [nothing]\n- " +
		at + ".0.actionType.1]: expected value to equal [overwrite]\n- " + at + ".0.actionType.2]: expected value to equal [append]"
	fine := row("title", "summary", "overwrite")
	return []wrong{
		{typeID: ".jira", config: m{"casesConfiguration": m{}}, want: inConfig + at + "]: expected value of type [array] but got [undefined]"},
		{typeID: ".jira", config: m{"casesConfiguration": nil}, want: inConfig + "[casesConfiguration]: expected a plain object value, but found [null] instead."},
		{typeID: ".jira", config: m{"casesConfiguration": mapped()}, want: inConfig + at + "]: expected non-empty but got empty"},
		{typeID: ".jira", config: m{"casesConfiguration": mapped()}, hosts: []string{}, want: inConfig + at + "]: expected non-empty but got empty"},
		{typeID: ".jira", config: m{"casesConfiguration": m{"mapping": "no"}}, want: inConfig + at + "]: could not parse array value from json input"},
		{typeID: ".jira", config: m{"casesConfiguration": m{"mapping": m{}}}, want: inConfig + at + "]: expected value of type [array] but got [Object]"},
		{typeID: ".jira", config: m{"casesConfiguration": mapped(fine, row("severity", "priority", "overwrite"))}, want: inConfig + sources},
		{typeID: ".resilient", config: m{"casesConfiguration": mapped(row("title", "name", "replace"))}, want: inConfig + actions},
		{typeID: ".servicenow", config: m{"casesConfiguration": mapped(fine, row("title", 1, "append"))}, want: inConfig + at + ".1.target]: expected value of type [string] but got [number]"},
		{
			typeID: ".servicenow-sir", config: m{"casesConfiguration": mapped(edited(fine, m{"action_type": "append"}))},
			want: inConfig + at + ".0.action_type]: definition for this key is missing",
		},
		{typeID: ".jira", config: m{"casesConfiguration": mapped(row("title", " ", "append"))}, want: "[request body.config.casesConfiguration]: value '' is not valid"},
		{typeID: ".jira", config: m{"incidentConfiguration": mapped()}, want: inConfig + "[incidentConfiguration.mapping]: expected non-empty but got empty"},
		{
			typeID: ".jira", config: m{"incidentConfiguration": m{}},
			want: inConfig + "[incidentConfiguration]: types that failed validation:\n- [incidentConfiguration.0.mapping]: expected value of type [array] but got [undefined]\n" +
				"- [incidentConfiguration.1]: expected value to equal [null]",
		},
		{typeID: ".jira", config: m{"isCaseOwned": 1}, want: inConfig + either("isCaseOwned", "expected value of type [boolean] but got [number]")},
		{typeID: ".swimlane", config: m{"casesConfiguration": mapped(fine)}, want: inConfig + "[casesConfiguration]: definition for this key is missing"},
		{typeID: ".servicenow-itom", config: m{"isCaseOwned": true}, want: inConfig + "[isCaseOwned]: definition for this key is missing"},
	}
}

func wrongBlanks() []wrong {
	return []wrong{
		{typeID: ".jira", config: m{"apiUrl": ""}, want: "[request body.config.apiUrl]: value '' is not valid"},
		{typeID: ".jira", config: m{"projectKey": " \t\ufeff\u00a0"}, want: "[request body.config.projectKey]: value '' is not valid"},
		{typeID: ".jira", config: m{"z": "", "a": []any{m{"b": " "}}}, want: "[request body.config.a]: value '' is not valid"},
		{typeID: ".jira", secrets: m{"apiToken": "  "}, want: "[request body.secrets.apiToken]: value '' is not valid"},
		{typeID: ".jira", config: m{"apiUrl": gone{}}, secrets: m{"apiToken": ""}, want: "[request body.secrets.apiToken]: value '' is not valid"},
		{typeID: ".swimlane", config: m{"mappings": m{"caseIdConfig": m{"id": "\n"}}}, want: "[request body.config.mappings]: value '' is not valid"},
		{typeID: ".cases-webhook", secrets: m{"secretHeaders": m{"X-A": ""}}, want: "[request body.secrets.secretHeaders]: value '' is not valid"},
		{typeID: ".cases-webhook", secrets: m{"secretHeaders": `{"X-A":" "}`}, want: "[request body.secrets.secretHeaders]: value '' is not valid"},
	}
}

func TestWrong(t *testing.T) {
	for name, wrongs := range map[string][]wrong{
		"schema": wrongSchemas(), "hosts": wrongHosts(), "servicenow": wrongServiceNow(), "webhook": wrongWebhooks(),
		"mapping": wrongMappings(), "blank": wrongBlanks(),
	} {
		for _, w := range wrongs {
			t.Run(name, func(t *testing.T) {
				d := good(t, w.typeID)
				d.Config, d.Secrets = edited(d.Config, w.config), edited(d.Secrets, w.secrets)
				o := anywhere()
				if w.hosts != nil {
					o.AllowedHosts = w.hosts
				}
				wantRefused(t, d, o, w.want)
			})
		}
	}
}

func wantRefused(t *testing.T, d kibanaschema.Definition, o kibanaschema.Options, want string) {
	t.Helper()
	v, err := kibanaschema.Validate(d, o)
	if err == nil {
		t.Fatalf("accepted as %v\nwant %s", v.Config, want)
	}
	if err.Error() != want {
		t.Errorf("%s:\ngot  %s\nwant %s", d.TypeID, err, want)
	}
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("shows a secret: %s", err)
	}
	if v.Config != nil || v.Secrets != nil || v.Mapping != nil {
		t.Errorf("an error, and a definition too: %v", v)
	}
}

func TestWrongHead(t *testing.T) {
	d := good(t, ".jira")
	for want, change := range map[string]func(*kibanaschema.Definition){
		"[request body.name]: value '' is not valid":              func(d *kibanaschema.Definition) { d.Name, d.TypeID = " ", "" },
		"[request body.connector_type_id]: value '' is not valid": func(d *kibanaschema.Definition) { d.TypeID, d.Config = "\t", m{"apiUrl": ""} },
		`Action type ".slack" is not registered.`:                 func(d *kibanaschema.Definition) { d.TypeID = ".slack" },
		`Action type "a\nb" is not registered.`:                   func(d *kibanaschema.Definition) { d.TypeID = "a\nb" },
		inConfig + missing("apiUrl"):                              func(d *kibanaschema.Definition) { d.Config = nil },
		inSecrets + missing("email"):                              func(d *kibanaschema.Definition) { d.Secrets = nil },
	} {
		changed := d
		change(&changed)
		wantRefused(t, changed, anywhere(), want)
	}
}
