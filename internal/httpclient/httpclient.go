// Package httpclient makes one http.Client per connector and judges answers.
package httpclient

import (
	"net/http"
	"time"

	"github.com/casepush/casepush/internal/secret"
)

// Settings are Kibana's xpack.actions settings, by Kibana's names.
type Settings struct {
	AllowedHosts       []string // exact host names; "*" alone is any
	ProxyURL           string
	ProxyBypassHosts   []string
	ProxyOnlyHosts     []string // ignored when ProxyBypassHosts is set too
	ProxyHeaders       map[string]secret.String
	VerificationMode   string // full (default), certificate, none
	ProxyVerification  string // the same for the proxy's own TLS
	CustomHostSettings []HostSettings
	ResponseTimeout    time.Duration // 0 is 60 s
	MaxResponseBytes   int64         // 0 is 1 MiB
}

// HostSettings overrides TLS for one scheme://host:port.
type HostSettings struct {
	URL                  string
	VerificationMode     string
	CertificateAuthority [][]byte // PEM
	ClientCertificate    []byte   // PEM
	ClientKey            secret.String
	ClientKeyPassphrase  secret.String
}

// Exchange is one request and how its answer is judged.
type Exchange struct {
	Op    string                   // "create incident", for the error
	Reads bool                     // the request changes nothing, whatever its method
	Words func(body []byte) string // the tracker's words in the body of a refusal; nil if it has none
}

// New is a placeholder.
func New(Settings) (*http.Client, error) { panic("todo") }

// Do is a placeholder.
func (x Exchange) Do(*http.Client, *http.Request) ([]byte, error) { panic("todo") }
