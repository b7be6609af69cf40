package kibanaschema

// Kinds of authentication.
const (
	authBasic = "webhook-authentication-basic"
	authSSL   = "webhook-authentication-ssl"
	authOAuth = "webhook-oauth2-client-credentials" // known, and refused
)

func casesWebhook() connectorType {
	return connectorType{
		id: ".cases-webhook", name: "Webhook - Case Management", licence: gold, features: []string{cases},
		config: object{
			{"createIncidentUrl", text{}},
			{"createIncidentMethod", byDefault{choice("post", "put", "patch"), "post"}}, // patch: the documents have it, Kibana does not
			{"createIncidentJson", text{}},
			{"createIncidentResponseKey", text{}},
			{"getIncidentUrl", text{}},
			{"getIncidentMethod", byDefault{choice("get", "post"), "get"}},
			{"getIncidentJson", nullable(text{})},
			{"getIncidentResponseExternalTitleKey", text{}},
			{"viewIncidentUrl", text{}},
			{"updateIncidentUrl", text{}},
			{"updateIncidentMethod", byDefault{choice("post", "patch", "put"), "put"}},
			{"updateIncidentJson", text{}},
			{"createCommentUrl", nullable(text{})},
			{"createCommentMethod", byDefault{orNull(choice("post", "put", "patch")), "put"}},
			{"createCommentJson", nullable(text{})},
			{"headers", nullable(record{})},
			{"hasAuth", byDefault{flag{}, true}},
			{"authType", maybe{append(choice(authBasic, authSSL, authOAuth), literal{nil})}}, // absent is basic, and is not filled in
			{"certType", maybe{choice("ssl-crt-key", "ssl-pfx")}},
			{"ca", maybe{text{}}},
			{"verificationMode", maybe{choice("none", "certificate", "full")}},
			// Of OAuth2: accepted, and without use.
			{"accessTokenUrl", maybe{text{}}},
			{"clientId", maybe{text{}}},
			{"scope", maybe{text{}}},
			{"additionalFields", maybe{orNull(text{})}},
		},
		secrets: object{
			{"user", nullable(text{})},
			{"password", nullable(text{})},
			{"crt", nullable(text{})},
			{"key", nullable(text{})},
			{"pfx", nullable(text{})},
			{"clientSecret", nullable(text{})},
			{"secretHeaders", nullable(record{})},
		},
		checkBeforeHosts: noOAuth,
		hosts: hosts{
			keys:   []string{"createIncidentUrl", "createCommentUrl", "viewIncidentUrl", "getIncidentUrl", "updateIncidentUrl"},
			prefix: webhookPrefix, parse: true,
		},
		checkSecrets: webhookSecrets,
		checkBoth:    webhookBoth,
	}
}

func noOAuth(config map[string]any) string {
	if config["authType"] == authOAuth {
		return "OAuth2 authentication is not supported for cases webhook connector"
	}
	return ""
}

// webhookSecrets wants one whole set of credentials, or none.
func webhookSecrets(secrets map[string]any) string {
	has := func(keys ...string) bool {
		for _, key := range keys {
			if secrets[key] == nil {
				return false
			}
		}
		return true
	}
	switch {
	case without(secrets, "user", "password", "crt", "key", "pfx", "clientSecret"),
		has("user", "password") && without(secrets, "crt", "key", "pfx", "clientSecret"),
		has("crt", "key") && without(secrets, "user", "pfx", "clientSecret"),
		has("pfx") && without(secrets, "user", "crt", "key", "clientSecret"),
		has("clientSecret") && without(secrets, "user", "password", "crt", "key", "pfx"):
		return ""
	}
	return "must specify one of the following schemas: user and password; crt and key (with optional password); pfx (with optional password); or clientSecret (for OAuth2)"
}

// webhookBoth takes secrets for empty if all of them are null.
func webhookBoth(config, secrets map[string]any) string {
	for _, v := range secrets {
		if v != nil {
			return ""
		}
	}
	if config["hasAuth"] == true {
		return "must specify a secrets configuration"
	}
	return ""
}
