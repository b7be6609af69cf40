package config

import (
	"net/url"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

// Settings returns what an HTTP client towards trackers is made with.
func (o Outbound) Settings() httpclient.Settings {
	s := httpclient.Settings{
		AllowedHosts:      o.AllowedHosts,
		ProxyURL:          o.ProxyURL.Reveal(),
		ProxyBypassHosts:  o.ProxyBypassHosts,
		ProxyOnlyHosts:    o.ProxyOnlyHosts,
		ProxyHeaders:      o.ProxyHeaders,
		VerificationMode:  o.SSL.VerificationMode,
		ProxyVerification: o.SSL.ProxyVerificationMode,
		ResponseTimeout:   o.ResponseTimeout,
		MaxResponseBytes:  int64(o.MaxResponseContentLength),
	}
	for _, h := range o.CustomHostSettings {
		s.CustomHostSettings = append(s.CustomHostSettings, h.settings())
	}
	return s
}

func (h CustomHost) settings() httpclient.HostSettings {
	authorities := authoritiesOf(h.SSL.CertificateAuthoritiesFiles)
	if data := h.SSL.CertificateAuthoritiesData; data != "" {
		authorities = append(authorities, []byte(data))
	}
	return httpclient.HostSettings{
		URL: h.URL,
		TLS: connector.TLS{
			VerificationMode:     h.SSL.VerificationMode,
			CertificateAuthority: authorities,
			Certificate:          h.SSL.Certificate.PEM(),
			Key:                  h.SSL.Key.Content,
			KeyPassphrase:        h.SSL.KeyPassphrase,
		},
	}
}

// Settings returns what the HTTP client towards Kibana is made with: it reaches
// Kibana's host and no other.
func (k Kibana) Settings() httpclient.Settings {
	s := httpclient.Settings{
		ProxyURL:          k.ProxyURL.Reveal(),
		ProxyHeaders:      k.ProxyHeaders,
		VerificationMode:  k.SSL.VerificationMode,
		ProxyVerification: k.SSL.ProxyVerificationMode,
		ResponseTimeout:   k.ResponseTimeout,
		MaxResponseBytes:  int64(k.MaxResponseContentLength),
	}
	u, err := url.Parse(k.URL)
	if err != nil || u.Host == "" {
		return s
	}
	s.AllowedHosts = []string{u.Hostname()}
	if u.Scheme == "https" {
		s.CustomHostSettings = []httpclient.HostSettings{{
			URL: "https://" + u.Host,
			TLS: connector.TLS{
				CertificateAuthority: authoritiesOf(k.SSL.CertificateAuthorities),
				Certificate:          k.SSL.Certificate.PEM(),
				Key:                  k.SSL.Key.Content,
				KeyPassphrase:        k.SSL.KeyPassphrase,
			},
		}}
	}
	return s
}

func authoritiesOf(files []File) [][]byte {
	var out [][]byte
	for _, f := range files {
		if f.IsSet() {
			out = append(out, f.PEM())
		}
	}
	return out
}
