// Package httpclient makes one http.Client per connector and judges answers.
//
// The rules that must hold for every request (allowed hosts, no redirects,
// time and size of answers, nothing sent twice) sit in the transport, so that
// they hold for every user of the client. [Exchange] sends one request and
// turns whatever comes back into a body or a *connector.Error.
package httpclient

import (
	"errors"
	"fmt"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/secret"
)

// Settings are Kibana's xpack.actions settings, by Kibana's names. The zero
// value allows no host at all.
type Settings struct {
	AllowedHosts       []string // exact host names without port; "*" alone is any; empty is none
	ProxyURL           string   // http or https; "" is no proxy. The environment's proxies are never used
	ProxyBypassHosts   []string
	ProxyOnlyHosts     []string                 // ignored when ProxyBypassHosts is set too
	ProxyHeaders       map[string]secret.String // sent to the proxy, never to a tracker
	VerificationMode   string                   // full (default), certificate, none
	ProxyVerification  string                   // the same for the proxy's own TLS
	TLS                connector.TLS            // of this client; its verification mode goes before VerificationMode
	CustomHostSettings []HostSettings           // go before TLS, each key by itself; the first of several for one host wins
	ResponseTimeout    time.Duration            // from the dial to the last byte of the answer; 0 is 60 s
	MaxResponseBytes   int64                    // after decompression; 0 is 1 MiB
	RequestsPerSecond  float64                  // of this client; 0 is no limit. Bursts are at most one second's worth
	Gate               Gate                     // asked before each request; nil is none
}

// HostSettings overrides TLS for one scheme://host:port. Only https counts;
// entries for http and smtp, which Kibana's files have too, are left aside.
type HostSettings struct {
	URL string
	connector.TLS
}

// Kibana's defaults of responseTimeout and maxResponseContentLength.
const (
	defaultResponseTimeout  = 60 * time.Second
	defaultMaxResponseBytes = 1 << 20
)

// Verification modes, as Kibana names them.
const (
	modeFull        = "full"        // chain and host name
	modeCertificate = "certificate" // chain only
	modeNone        = "none"        // nothing
)

func checkMode(key, mode string) error {
	switch mode {
	case "", modeFull, modeCertificate, modeNone:
		return nil
	}
	return fmt.Errorf("%s: %q: want full, certificate or none", key, mode)
}

// checked returns s with its defaults filled in, or everything that is wrong.
func (s Settings) checked() (Settings, error) {
	var errs []error
	errs = append(errs, checkMode("ssl.verificationMode", s.VerificationMode),
		checkMode("ssl.proxyVerificationMode", s.ProxyVerification))
	if s.ResponseTimeout < 0 {
		errs = append(errs, fmt.Errorf("responseTimeout: %s is negative", s.ResponseTimeout))
	}
	if s.MaxResponseBytes < 0 {
		errs = append(errs, fmt.Errorf("maxResponseContentLength: %d is negative", s.MaxResponseBytes))
	}
	if s.ResponseTimeout == 0 {
		s.ResponseTimeout = defaultResponseTimeout
	}
	if s.MaxResponseBytes == 0 {
		s.MaxResponseBytes = defaultMaxResponseBytes
	}
	return s, errors.Join(errs...)
}
