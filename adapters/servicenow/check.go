package servicenow

import (
	"crypto/rsa"
	"net/url"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/definition"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/pemkey"
)

// Keys that we know. Any other is a problem, as in Kibana.
var (
	// The last three are of 7.x.
	configKeys = []string{
		"apiUrl", "isOAuth", "userIdentifierValue", "clientId", "jwtKeyId", "usesTableApi",
		"casesConfiguration", "incidentConfiguration", "isCaseOwned",
	}
	secretKeys   = []string{"username", "password", "clientSecret", "privateKey", "privateKeyPassword"}
	deliveryKeys = []string{
		"duplicate_close_code", "duplicate_close_notes", "duplicate_state", "find_delay", "max_comment", "max_description", "max_in_flight",
		"max_short_description", "settle_time",
	}
	oauthConfig = []string{"userIdentifierValue", "clientId", "jwtKeyId"}
)

// Kibana's words, with %s for the key.
const (
	mustBeProvided = "%s must be provided when isOAuth = %t"
	noCredentials  = "Either basic auth or OAuth credentials must be specified"
	halfBasic      = "username and password must both be specified"
	halfOAuth      = "clientSecret and privateKey must both be specified"
	basicInOAuth   = "Username and password should not be provided with isOAuth = true"
	oauthInBasic   = "clientId, clientSecret, userIdentifierValue, jwtKeyId and privateKey should not be provided with isOAuth = false"
)

const (
	minText      = 40      // below it nothing useful fits
	maxText      = 1 << 20 // far more than a request body may have
	mostInFlight = 1024
	minKeyBits   = 1024 // below it crypto/rsa does not sign
)

// parse reads a definition; the reader knows all that is wrong with it.
func parse(p product, def connector.Definition) (settings, *definition.Reader) {
	s := settings{product: p}
	r := reader{definition.NewReader(p.typeID, def), def.Config}
	isOAuth := s.readConfig(r)
	s.readSecrets(r, isOAuth)
	s.readDelivery(r)
	return s, r.Reader
}

// reader also sees config's values of more than one type.
type reader struct {
	*definition.Reader
	config map[string]any
}

// readConfig returns whether the connector uses OAuth.
func (s *settings) readConfig(r reader) bool {
	const part = definition.Config
	r.Known(part, configKeys...)
	s.apiURL = r.RequiredAddress(part, "apiUrl")
	if u, err := url.Parse(s.apiURL); err == nil {
		s.host = u.Hostname()
	}
	s.tableAPI = r.flag("usesTableApi", true)
	isOAuth := r.flag("isOAuth", false)
	text := map[string]string{}
	for _, key := range oauthConfig {
		text[key] = r.Text(part, key)
		if isOAuth && text[key] == "" && r.config[key] == nil {
			r.Add(part, key, mustBeProvided, key, true)
		}
	}
	if isOAuth {
		s.oauth = &oauth{user: text["userIdentifierValue"], clientID: text["clientId"], keyID: text["jwtKeyId"]}
	}
	return isOAuth
}

// flag is a bool of config, also as text, as files and scripts write it.
func (r reader) flag(key string, fallback bool) bool {
	switch r.config[key] {
	case nil:
		return fallback
	case true, "true":
		return true
	case false, "false":
		return false
	}
	r.Add(definition.Config, key, "want true or false")
	return fallback
}

// readSecrets has Kibana's rules in Kibana's order.
func (s *settings) readSecrets(r reader, isOAuth bool) {
	r.Known(definition.Secrets, secretKeys...)
	s.redactor = httpclient.NewRedactor(r.Secret("password"), r.Secret("clientSecret"), r.Secret("privateKey"), r.Secret("privateKeyPassword"))
	has := func(key string) bool { return r.Secret(key).IsSet() }
	basic, flow := pairOf("username", "password", has), pairOf("clientSecret", "privateKey", has)
	switch {
	case basic.none && flow.none:
		r.Add(definition.Secrets, map[bool]string{true: "clientSecret", false: "username"}[isOAuth], noCredentials)
		return
	case basic.half != "":
		r.Add(definition.Secrets, basic.half, halfBasic)
	case flow.half != "":
		r.Add(definition.Secrets, flow.half, halfOAuth)
	}
	if isOAuth {
		s.readOAuth(r, basic, flow)
		return
	}
	s.readBasic(r, basic, flow)
}

// pair is what is there of two secrets that belong together.
type pair struct {
	none  bool
	half  string // the one that is missing beside the other
	first string // the first that is there
}

func pairOf(a, b string, has func(string) bool) pair {
	switch {
	case has(a) && has(b):
		return pair{first: a}
	case has(a):
		return pair{half: b, first: a}
	case has(b):
		return pair{half: a, first: b}
	}
	return pair{none: true}
}

func (s *settings) readBasic(r reader, basic, flow pair) {
	if basic.none {
		r.Add(definition.Secrets, "username", mustBeProvided, "Username", false)
		r.Add(definition.Secrets, "password", mustBeProvided, "Password", false)
	}
	if !flow.none {
		r.Add(definition.Secrets, flow.first, oauthInBasic)
	} else if i := firstSet(r, oauthConfig); i != "" {
		r.Add(definition.Config, i, oauthInBasic)
	}
	if !basic.none && basic.half == "" {
		s.username, s.password = r.RequiredSecret("username", ""), r.RequiredSecret("password", "")
		if strings.Contains(s.username.Reveal(), ":") {
			r.Add(definition.Secrets, "username", "must not hold a colon: basic authentication takes it for the end of the name")
		}
	}
}

func firstSet(r reader, keys []string) string {
	for _, key := range keys {
		if r.config[key] != nil {
			return key
		}
	}
	return ""
}

func (s *settings) readOAuth(r reader, basic, flow pair) {
	if !basic.none {
		r.Add(definition.Secrets, basic.first, basicInOAuth)
	}
	if flow.none {
		r.Add(definition.Secrets, "clientSecret", mustBeProvided, "clientSecret", true)
		r.Add(definition.Secrets, "privateKey", mustBeProvided, "privateKey", true)
	}
	if r.Secret("clientSecret").IsSet() {
		s.oauth.clientSecret = r.RequiredSecret("clientSecret", "")
	}
	if r.Secret("privateKey").IsSet() {
		s.oauth.key = readKey(r)
	}
}

// readKey reads the private key, so that a wrong passphrase is found here and
// not by the first push.
func readKey(r reader) *rsa.PrivateKey {
	signer, err := pemkey.Parse(r.Secret("privateKey"), r.Secret("privateKeyPassword"))
	if err != nil {
		r.Add(definition.Secrets, "privateKey", "%s (its passphrase is privateKeyPassword)", err)
		return nil
	}
	key, ok := signer.(*rsa.PrivateKey)
	switch {
	case !ok:
		r.Add(definition.Secrets, "privateKey", "want an RSA key, got %T: ServiceNow's assertions are signed with RS256", signer)
		return nil
	case key.N.BitLen() < minKeyBits:
		r.Add(definition.Secrets, "privateKey", "has %d bits, want at least %d", key.N.BitLen(), minKeyBits)
	}
	return key
}

func (s *settings) readDelivery(r reader) {
	const part = definition.Delivery
	r.Known(part, deliveryKeys...)
	s.duplicate = closing{
		state: r.Text(part, "duplicate_state"), code: r.Text(part, "duplicate_close_code"), notes: r.Text(part, "duplicate_close_notes"),
	}
	if s.duplicate.state == "" && (s.duplicate.code != "" || s.duplicate.notes != "") {
		r.Add(part, "duplicate_state", "is required beside duplicate_close_code and duplicate_close_notes")
	}
	text := definition.Span{Low: minText, High: maxText}
	s.maxShortDescription = r.Number(part, "max_short_description", defaultMaxShortDescription, text)
	s.maxDescription = r.Number(part, "max_description", defaultMaxDescription, text)
	s.maxComment = r.Number(part, "max_comment", defaultMaxComment, text)
	s.maxInFlight = r.Number(part, "max_in_flight", 0, definition.Span{Low: 1, High: mostInFlight})
	s.findDelay = r.Duration(part, "find_delay", defaultFindDelay)
	s.settleTime = r.Duration(part, "settle_time", defaultSettleTime)
}
