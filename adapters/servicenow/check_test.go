package servicenow

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/adaptertest"
	"github.com/casepush/casepush/internal/secret"
)

type m = map[string]any

// valid is a right definition with some keys changed; the value "-" removes one.
func valid(config m, secrets map[string]string, delivery m) connector.Definition {
	def := connector.Definition{
		ID: "soc-servicenow", Type: ITSMTypeID, Config: m{"apiUrl": "https://hms.service-now.example"},
		Secrets:  map[string]secret.String{"username": secret.New("elastic"), "password": secret.New("canary")},
		Delivery: delivery,
	}
	for k, v := range config {
		if def.Config[k] = v; v == "-" {
			delete(def.Config, k)
		}
	}
	for k, v := range secrets {
		if def.Secrets[k] = secret.New(v); v == "-" {
			delete(def.Secrets, k)
		}
	}
	return def
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// oauthValid is [valid] for OAuth.
func oauthValid(t *testing.T, config m, secrets map[string]string) connector.Definition {
	t.Helper()
	c := m{"isOAuth": true, "clientId": "client-1", "userIdentifierValue": "elastic", "jwtKeyId": "key-1"}
	for k, v := range config {
		c[k] = v
	}
	s := map[string]string{"username": "-", "password": "-", "clientSecret": "canary", "privateKey": readFile(t, "pkcs8.pem")}
	for k, v := range secrets {
		s[k] = v
	}
	return valid(c, s, nil)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	none := map[string]string{"username": "-", "password": "-"}
	for name, tc := range map[string]struct {
		def  connector.Definition
		want []string // beginnings of path and message
	}{
		"valid":            {valid(nil, nil, nil), nil},
		"7.x":              {valid(m{"casesConfiguration": m{}, "incidentConfiguration": m{}, "isCaseOwned": true}, nil, nil), nil},
		"flags as text":    {valid(m{"usesTableApi": "false", "isOAuth": "false"}, nil, nil), nil},
		"flags of others":  {valid(m{"usesTableApi": "no", "isOAuth": 1}, nil, nil), []string{"config.usesTableApi: want true or false", "config.isOAuth: want true or false"}},
		"nulls":            {valid(m{"clientId": nil, "jwtKeyId": nil, "userIdentifierValue": nil, "usesTableApi": nil}, nil, nil), nil},
		"unknown keys":     {valid(m{"apiurl": "x"}, map[string]string{"apiKey": "canary"}, m{"finddelay": "1s"}), []string{"config.apiurl: is not a key", "secrets.apiKey: is not a key", "delivery.finddelay: is not a key"}},
		"no address":       {valid(m{"apiUrl": "-"}, nil, nil), []string{"config.apiUrl: is required"}},
		"no credentials":   {valid(nil, none, nil), []string{"secrets.username: Either basic auth or OAuth credentials must be specified"}},
		"no password":      {valid(nil, map[string]string{"password": "-"}, nil), []string{"secrets.password: username and password must both be specified"}},
		"no user":          {valid(nil, map[string]string{"username": "-"}, nil), []string{"secrets.username: username and password must both be specified"}},
		"half of OAuth":    {valid(nil, map[string]string{"clientSecret": "canary"}, nil), []string{"secrets.privateKey: clientSecret and privateKey must both be specified", "secrets.clientSecret: clientId, clientSecret, userIdentifierValue, jwtKeyId and privateKey should not be provided with isOAuth = false"}},
		"client of OAuth":  {valid(m{"clientId": "x"}, nil, nil), []string{"config.clientId: clientId, clientSecret, userIdentifierValue, jwtKeyId and privateKey should not be provided with isOAuth = false"}},
		"empty password":   {valid(nil, map[string]string{"password": ""}, nil), []string{"secrets.password: is empty"}},
		"colon":            {valid(nil, map[string]string{"username": "a:b"}, nil), []string{"secrets.username: must not hold a colon"}},
		"OAuth":            {oauthValid(t, nil, nil), nil},
		"OAuth as text":    {oauthValid(t, m{"isOAuth": "true"}, nil), nil},
		"PKCS #1":          {oauthValid(t, nil, map[string]string{"privateKey": readFile(t, "pkcs1.pem")}), nil},
		"encrypted":        {oauthValid(t, nil, map[string]string{"privateKey": readFile(t, "pkcs8-encrypted.pem"), "privateKeyPassword": "canary-passphrase"}), nil},
		"old encryption":   {oauthValid(t, nil, map[string]string{"privateKey": readFile(t, "pkcs1-encrypted.pem"), "privateKeyPassword": "canary-passphrase"}), nil},
		"wrong passphrase": {oauthValid(t, nil, map[string]string{"privateKey": readFile(t, "pkcs8-encrypted.pem"), "privateKeyPassword": "canary"}), []string{"secrets.privateKey: private key: the passphrase is wrong"}},
		"no passphrase":    {oauthValid(t, nil, map[string]string{"privateKey": readFile(t, "pkcs1-encrypted.pem")}), []string{"secrets.privateKey: private key: it is encrypted, and there is no passphrase"}},
		"no key":           {oauthValid(t, nil, map[string]string{"privateKey": "canary"}), []string{"secrets.privateKey: private key: not in PEM form"}},
		"EC key":           {oauthValid(t, nil, map[string]string{"privateKey": readFile(t, "ec.pem")}), []string{"secrets.privateKey: want an RSA key, got *ecdsa.PrivateKey"}},
		"small key":        {oauthValid(t, nil, map[string]string{"privateKey": readFile(t, "small.pem")}), []string{"secrets.privateKey: has 512 bits, want at least 1024"}},
		"OAuth, nothing":   {oauthValid(t, m{"clientId": nil, "jwtKeyId": nil, "userIdentifierValue": nil}, map[string]string{"clientSecret": "-", "privateKey": "-"}), []string{"config.userIdentifierValue: userIdentifierValue must be provided when isOAuth = true", "config.clientId: clientId must be provided when isOAuth = true", "config.jwtKeyId: jwtKeyId must be provided when isOAuth = true", "secrets.clientSecret: Either basic auth or OAuth credentials must be specified"}},
		"OAuth as basic":   {valid(m{"isOAuth": true, "clientId": "c", "userIdentifierValue": "u", "jwtKeyId": "k"}, nil, nil), []string{"secrets.username: Username and password should not be provided with isOAuth = true", "secrets.clientSecret: clientSecret must be provided when isOAuth = true", "secrets.privateKey: privateKey must be provided when isOAuth = true"}},
		"basic as OAuth":   {oauthValid(t, m{"isOAuth": false}, nil), []string{"secrets.username: Username must be provided when isOAuth = false", "secrets.password: Password must be provided when isOAuth = false", "secrets.clientSecret: clientId, clientSecret"}},
		"delivery":         {valid(nil, nil, m{"find_delay": "2", "settle_time": 1, "max_in_flight": 0, "max_comment": 1, "max_description": "4", "max_short_description": 1e9}), []string{"delivery.max_short_description: want", "delivery.max_description: want", "delivery.max_comment: want", "delivery.max_in_flight: want", "delivery.find_delay: want", "delivery.settle_time: want"}},
		"close without":    {valid(nil, nil, m{"duplicate_close_code": "x"}), []string{"delivery.duplicate_state: is required beside"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.CheckDefinition(t, ITSM(), tc.def, tc.want)
		})
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	of := func(def connector.Definition) connector.Capabilities { return adaptertest.Capabilities(t, ITSM(), def) }
	limits := func(short, long, comment int) map[string]connector.Limit {
		return map[string]connector.Limit{"short_description": {Max: short, Unit: connector.UTF16}, "description": {Max: long, Unit: connector.UTF16}, "comment": {Max: comment, Unit: connector.UTF16}}
	}
	want := connector.Capabilities{
		Address: "https://hms.service-now.example", FindIncident: true, CountComments: true, ReadIncident: true,
		SettleTime: time.Minute, FindDelay: 10 * time.Second, Limits: limits(160, 4000, 4000),
	}
	if diff := cmp.Diff(want, of(valid(nil, nil, nil))); diff != "" {
		t.Errorf("defaults: %s", diff)
	}
	want.SettleTime, want.FindDelay, want.MaxInFlight, want.Limits = time.Second, 2*time.Minute, 3, limits(255, 8000, 30000)
	delivery := m{"settle_time": "1s", "find_delay": "2m", "max_in_flight": 3, "max_short_description": 255, "max_description": 8000, "max_comment": 30000}
	if diff := cmp.Diff(want, of(valid(nil, nil, delivery))); diff != "" {
		t.Errorf("settings: %s", diff)
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://HMS.service-now.example/":  "servicenow https://hms.service-now.example/incident",
		"https://hms.service-now.example:8": "servicenow https://hms.service-now.example:8/incident",
		"nothing":                           "",
	} {
		if got := ITSM().Place(valid(m{"apiUrl": address}, nil, nil)); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
	if a, b := ITSM().Place(valid(nil, nil, nil)), SecOps().Place(valid(nil, nil, nil)); a == b {
		t.Errorf("both types have the place %q", a)
	}
}
