package webhook

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/adaptertest"
	"github.com/casepush/casepush/internal/secret"
)

const body = `{"t":{{{case.title}}},"d":{{{case.description}}}}`

// valid is a good definition with some keys replaced; nil removes one of
// config, "-" one of secrets.
func valid(config map[string]any, secrets map[string]string, delivery map[string]any) connector.Definition {
	const incident = "https://tracker.hms.example/api/incidents/{{{external.system.id}}}"
	def := connector.Definition{
		ID: "soc-webhook", Type: TypeID, Delivery: delivery,
		Config: map[string]any{
			"createIncidentUrl": "https://tracker.hms.example/api/incidents", "createIncidentJson": body, "createIncidentResponseKey": "id",
			"getIncidentUrl": incident, "getIncidentResponseExternalTitleKey": "reference", "viewIncidentUrl": incident,
			"updateIncidentUrl": incident, "updateIncidentJson": body,
			"createCommentUrl": incident + "/comments", "createCommentJson": `{"c":{{{case.comment}}}}`,
		},
		Secrets: map[string]secret.String{"user": secret.New("casepush"), "password": secret.New("canary")},
	}
	maps.Copy(def.Config, config)
	maps.DeleteFunc(def.Config, func(key string, v any) bool { return v == nil && key != "createCommentMethod" })
	for k, v := range secrets {
		def.Secrets[k] = secret.New(v)
		if v == "-" {
			delete(def.Secrets, k)
		}
	}
	return def
}

type m = map[string]any

var noUser = map[string]string{"user": "-", "password": "-"}

// with is noUser and some secrets more.
func with(secrets map[string]string) map[string]string {
	out := maps.Clone(noUser)
	maps.Copy(out, secrets)
	return out
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		def  connector.Definition
		want []string // path: beginning of the message
	}{
		"good": {valid(nil, nil, nil), nil},
		"all keys": {valid(m{
			"createIncidentMethod": "patch", "getIncidentMethod": "post", "getIncidentJson": `{"id":{{{external.system.id}}}}`,
			"updateIncidentMethod": "patch", "createCommentMethod": "post", "headers": m{"X-A": "b"}, "hasAuth": true,
			"authType": "webhook-authentication-basic", "certType": "ssl-pfx", "verificationMode": "certificate",
		}, map[string]string{"secretHeaders": `{"x-b":"canary"}`}, m{"idempotency_key": true, "settle_time": "1m", "max_in_flight": uint64(4)}), nil},
		"nothing": {connector.Definition{}, []string{
			"config.createIncidentUrl: is required", "config.createIncidentJson: is required", "config.createIncidentResponseKey: is required",
			"config.getIncidentUrl: is required", "config.getIncidentResponseExternalTitleKey: is required", "config.viewIncidentUrl: is required",
			"config.updateIncidentUrl: is required", "config.updateIncidentJson: is required", "secrets.user: must specify a secrets configuration",
		}},
		"unknown keys":   {valid(m{"createIncidentURL": "x"}, map[string]string{"token": "canary"}, m{"find_delay": "1s"}), []string{"config.createIncidentURL: is not a key", "secrets.token: is not a key", "delivery.find_delay: is not a key"}},
		"blank":          {valid(m{"createIncidentJson": " ", "createCommentUrl": "", "createIncidentResponseKey": "\t"}, nil, nil), []string{"config.createIncidentJson: is empty", "config.createIncidentResponseKey: is empty", "config.createCommentUrl: is empty"}},
		"methods":        {valid(m{"createIncidentMethod": "POST", "getIncidentMethod": "put", "updateIncidentMethod": "delete", "createCommentMethod": 1}, nil, nil), []string{`config.createIncidentMethod: want "post" or "put" or "patch", got "POST"`, `config.getIncidentMethod: want "get" or "post"`, "config.updateIncidentMethod: want", "config.createCommentMethod: want a string"}},
		"no URL":         {valid(m{"createIncidentUrl": "tracker/canary", "getIncidentUrl": "https://h/%zz/canary", "viewIncidentUrl": "ftp://h/canary"}, nil, nil), []string{"config.createIncidentUrl: error configuring cases webhook action: Invalid Create case URL: Error: Invalid URL", "config.getIncidentUrl: error configuring cases webhook action: unable to parse the URL", "config.viewIncidentUrl: error configuring cases webhook action: want a URL with http"}},
		"host varies":    {valid(m{"getIncidentUrl": "https://{{{external.system.id}}}/x", "updateIncidentUrl": "https://h{{{external.system.id}}}", "createIncidentUrl": "https://h/{{{case.id}}}"}, nil, nil), []string{"config.createIncidentUrl: error configuring cases webhook action: Invalid Create case URL: Error: there is a variable", "config.getIncidentUrl: error configuring cases webhook action: the URL has no host, or a variable in it", "config.updateIncidentUrl: error configuring cases webhook action: the URL has no host"}},
		"user in URL":    {valid(m{"createIncidentUrl": "https://u:canary@h/", "updateIncidentUrl": "https://u:canary@h/{{{external.system.id}}}"}, nil, nil), []string{"config.createIncidentUrl: error configuring cases webhook action: the URL must not hold credentials", "config.updateIncidentUrl: error configuring cases webhook action: the URL must not hold credentials"}},
		"broken":         {valid(m{"updateIncidentUrl": "https://h/{{#a}}", "createIncidentJson": "{{{", "createCommentJson": "{{/x}}"}, nil, nil), []string{"config.createIncidentJson: Create case: ", "config.updateIncidentUrl: Update case: ", "config.createCommentJson: Create comment: "}},
		"other variable": {valid(m{"updateIncidentUrl": "https://h/{{{external.system.ID}}}"}, nil, nil), []string{"(warning) config.updateIncidentUrl: variable {{{external.system.id}}} is required", "(warning) config.updateIncidentUrl: variable \"external.system.ID\" is unknown"}},
		"no variables":   {valid(m{"createIncidentJson": "{}", "createCommentJson": "{}", "getIncidentUrl": "https://h/x"}, nil, nil), []string{"(warning) config.createIncidentJson: variable {{{case.title}}} is required", "(warning) config.createIncidentJson: variable {{{case.description}}} is required", "(warning) config.getIncidentUrl: variable {{{external.system.id}}}", "(warning) config.createCommentJson: variable {{{case.comment}}} is required"}},
		"no JSON":        {valid(m{"updateIncidentJson": `{"t":"{{{case.title}}}","d":{{{case.description}}}}`}, nil, nil), []string{"(warning) config.updateIncidentJson: with a sample case: JSON Error: Update case JSON body must be valid JSON"}},
		"no comments":    {valid(m{"createCommentUrl": nil, "createCommentJson": nil}, nil, nil), nil},
		"half a comment": {valid(m{"createCommentUrl": nil}, nil, nil), []string{"(warning) config.createCommentJson: comments are not sent, since createCommentUrl is missing"}},
		"null method":    {valid(m{"createCommentMethod": nil}, nil, nil), []string{"(warning) config.createCommentMethod: comments are not sent, since it is null"}},
		"delivery":       {valid(nil, nil, m{"idempotency_key": "yes", "settle_time": "-1s", "max_in_flight": 0}), []string{"delivery.idempotency_key: want a bool", "delivery.max_in_flight: want a whole number", "delivery.settle_time: want a duration"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.CheckDefinition(t, Type(), tc.def, tc.want)
		})
	}
}

func TestCheckAuthentication(t *testing.T) {
	t.Parallel()
	const schemas = "must specify one of the following schemas: user and password; crt and key (with optional password); pfx (with optional password); or clientSecret (for OAuth2)"
	ssl := m{"authType": "webhook-authentication-ssl"}
	for name, tc := range map[string]struct {
		def  connector.Definition
		want []string
	}{
		"OAuth2":           {valid(m{"authType": "webhook-oauth2-client-credentials", "clientId": "x"}, with(map[string]string{"clientSecret": "canary"}), nil), []string{"(warning) config.clientId: is for OAuth2 and not used", "config.authType: OAuth2 authentication is not supported for cases webhook connector"}},
		"unknown":          {valid(m{"authType": "http-authentication-query-param", "certType": "pem", "verificationMode": "all", "hasAuth": "yes"}, nil, nil), []string{"config.hasAuth: want a bool", "config.verificationMode: want", "config.certType: want", "config.authType: want"}},
		"none":             {valid(m{"hasAuth": false}, noUser, nil), nil},
		"none, user there": {valid(m{"hasAuth": false}, nil, nil), nil},
		"nothing given":    {valid(nil, noUser, nil), []string{"secrets.user: must specify a secrets configuration"}},
		"headers alone":    {valid(nil, with(map[string]string{"secretHeaders": `{"X-A":"canary"}`}), nil), []string{"secrets.user: is required (or config.hasAuth false)", "secrets.password: is required (or config.hasAuth false)"}},
		"half":             {valid(nil, map[string]string{"password": "-"}, nil), []string{"secrets.user: " + schemas}},
		"mixed":            {valid(nil, map[string]string{"pfx": "canary"}, nil), []string{"secrets.user: " + schemas}},
		"half, none":       {valid(m{"hasAuth": false}, with(map[string]string{"crt": "canary"}), nil), []string{"secrets.crt: " + schemas}},
		"empty":            {valid(nil, map[string]string{"password": " "}, nil), []string{"secrets.password: is empty"}},
		"line end":         {valid(nil, map[string]string{"password": "canary\n"}, nil), []string{"secrets.password: holds a line end"}},
		"no certificate":   {valid(ssl, nil, nil), []string{"secrets.crt: must specify a secrets configuration (crt and key"}},
		"ca alone":         {valid(m{"authType": "webhook-authentication-ssl", "verificationMode": "none"}, nil, nil), []string{"(warning) secrets.crt: there is no client certificate"}},
		"no base64":        {valid(ssl, with(map[string]string{"crt": "!canary", "key": "canary"}), nil), []string{"secrets.crt: want a certificate in PEM form"}},
		"no PEM":           {valid(ssl, with(map[string]string{"crt": "Y2FuYXJ5", "key": "Y2FuYXJ5"}), nil), []string{"secrets.key: private key: not in PEM form"}},
		"no PFX":           {valid(ssl, with(map[string]string{"pfx": "Y2FuYXJ5"}), nil), []string{"secrets.pfx: want a PKCS #12 file"}},
		"other kind":       {valid(m{"authType": "webhook-authentication-ssl", "certType": "ssl-crt-key"}, with(map[string]string{"pfx": "Y2FuYXJ5"}), nil), []string{"secrets.crt: must specify a secrets configuration"}},
		"ca":               {valid(m{"ca": "Y2FuYXJ5"}, nil, nil), []string{"config.ca: want certificates in PEM form"}},
		"headers":          {valid(m{"headers": m{"a b": "c", "X-A": 1, "X-B": " ", "X-C": "canary\r\nX: y", "te": "x"}}, nil, nil), []string{`config.headers: header "X-A": want a text, got int`, `config.headers: header "X-B": is empty`, `config.headers: header "X-C": holds a line end`, `config.headers: "a b" is no name`, "(warning) config.headers: header Te is left aside"}},
		"headers as text":  {valid(m{"headers": `["canary"]`}, map[string]string{"secretHeaders": "canary"}, nil), []string{"config.headers: want a JSON object of texts", "secrets.secretHeaders: want a JSON object of texts"}},
		"headers null":     {valid(m{"headers": "null"}, map[string]string{"secretHeaders": `{"X":1}`}, nil), []string{"config.headers: want a JSON object of texts", `secrets.secretHeaders: header "X": want a text`}},
		"headers odd":      {valid(m{"headers": []any{}}, nil, nil), []string{"config.headers: want an object of texts, got []interface"}},
		"own key":          {valid(m{"headers": m{"idempotency-key": "x"}}, nil, nil), []string{"(warning) config.headers: header Idempotency-Key is left aside"}},
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
	want := connector.Capabilities{Address: "https://tracker.hms.example", SettleTime: 20 * time.Second}
	if diff := cmp.Diff(want, of(valid(nil, nil, nil))); diff != "" {
		t.Error(diff)
	}
	want = connector.Capabilities{Address: "http://[::1]:8080", SettleTime: time.Minute, MaxInFlight: 3, Idempotent: true, NoComments: true}
	got := of(valid(m{"createIncidentUrl": "http://[::1]:8080/x", "createCommentUrl": nil}, nil, m{"settle_time": "1m", "max_in_flight": 3, "idempotency_key": true}))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := of(valid(m{"createCommentMethod": nil}, nil, nil)); !got.NoComments {
		t.Error("comments with a method that is null")
	}
	if c, err := newConnector(valid(nil, nil, nil), connector.Dependencies{}); err == nil {
		t.Errorf("%v without a client", c)
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://Tracker.HMS.example/a?b#c": "https://tracker.hms.example", "https://h:443/": "https://h", "http://h:443/": "http://h:443",
		"http://h:80": "http://h", "https://[::1]/": "https://[::1]", "https://[::1]:8443/": "https://[::1]:8443",
	} {
		if got := originOf(text); got != want {
			t.Errorf("originOf(%q) = %q, want %q", text, got, want)
		}
	}
}
