package webhook

import (
	"encoding/base64"
	"strings"

	"github.com/casepush/casepush/internal/connector/definition"
	"github.com/casepush/casepush/internal/secret"
)

// Kibana's words.
const (
	noOAuth    = "OAuth2 authentication is not supported for cases webhook connector"
	noSecrets  = "must specify a secrets configuration"
	badSecrets = "must specify one of the following schemas: user and password; crt and key (with optional password); pfx (with optional password); or clientSecret (for OAuth2)"
)

// readAuth reads who we are. Without hasAuth user, password and certificate are
// not used; ca and verificationMode are.
func (s *settings) readAuth(r *definition.Reader) {
	hasAuth := true
	if v, ok := definition.Optional[bool](r, definition.Config, "hasAuth"); ok {
		hasAuth = v
	}
	for _, key := range []string{"accessTokenUrl", "clientId", "scope", "additionalFields"} {
		if v, ok := definition.Optional[any](r, definition.Config, key); ok && v != nil {
			r.Warn(definition.Config, key, "is for OAuth2 and not used: "+noOAuth)
		}
	}
	s.readTrust(r)
	whole := checkSecrets(r)
	cert := definition.Choice(r, definition.Config, "certType", "", certPEM, certPFX)
	switch kind := readAuthType(r); {
	case !hasAuth || !whole || kind == authOAuth:
	case kind == authSSL:
		s.readCertificate(r, cert)
	default:
		s.readBasic(r)
	}
}

// readAuthType reads authType, for which basic stands if it is not there.
func readAuthType(r *definition.Reader) authType {
	if text, _ := definition.Optional[string](r, definition.Config, "authType"); authType(text) == authOAuth {
		r.Add(definition.Config, "authType", noOAuth)
		return authOAuth
	}
	return definition.Choice(r, definition.Config, "authType", authBasic, authBasic, authSSL)
}

// checkSecrets reports secrets that are empty or do not belong together, and
// whether there are none of these.
func checkSecrets(r *definition.Reader) bool {
	var set []string
	whole := true
	for _, key := range []string{"user", "password", "crt", "key", "pfx", "clientSecret"} {
		v := r.Secret(key)
		if !v.IsSet() {
			continue
		}
		set = append(set, key)
		if strings.TrimSpace(v.Reveal()) == "" {
			r.Add(definition.Secrets, key, "is empty")
			whole = false
		}
	}
	switch strings.Join(set, " ") {
	case "", "user password", "crt key", "password crt key", "pfx", "password pfx", "clientSecret":
		return whole
	}
	r.Add(definition.Secrets, set[0], badSecrets)
	return false
}

func (s *settings) readBasic(r *definition.Reader) {
	const hint = "or config.hasAuth false"
	if !anySecret(r) {
		r.Add(definition.Secrets, "user", "%s (user and password, %s)", noSecrets, hint)
		return
	}
	user, password := r.RequiredSecret("user", hint), r.RequiredSecret("password", hint)
	pair := user.Reveal() + ":" + password.Reveal()
	s.setHeader("Authorization", secret.New("Basic "+base64.StdEncoding.EncodeToString([]byte(pair))))
}

func anySecret(r *definition.Reader) bool {
	for _, key := range secretKeys {
		if r.Secret(key).IsSet() {
			return true
		}
	}
	return false
}
