package webhook

import (
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/mapping/template"
	"github.com/casepush/casepush/internal/secret"
)

// authType is how we prove who we are, as Kibana names it.
type authType string

const (
	authBasic authType = "webhook-authentication-basic"
	authSSL   authType = "webhook-authentication-ssl"
	authOAuth authType = "webhook-oauth2-client-credentials" // refused
)

// certType is the form of the client's certificate, as Kibana names it.
type certType string

const (
	certPEM certType = "ssl-crt-key"
	certPFX certType = "ssl-pfx"
)

// defaultSettleTime is how long a request that we gave up on may still run. A
// webhook may lead to anything, so it is twice what a slow tracker takes.
const defaultSettleTime = 20 * time.Second

// settings is a definition, read and judged.
type settings struct {
	createURL string // complete: Kibana does not render it
	origin    string // of createURL: scheme://host, with the port if it is not the scheme's

	create, update, get, comment action
	view                         *template.Template
	idKey, titleKey              keyPath

	// headers are what every request carries, by canonical name: the content
	// type, Authorization and the definition's own.
	headers map[string]secret.String
	tls     connector.TLS

	idempotencyKey bool
	maxInFlight    int
	settleTime     time.Duration
}
