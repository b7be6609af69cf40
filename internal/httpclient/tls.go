package httpclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// hostKey is the canonical scheme://host:port of an https URL, "" for the
// schemes that have no TLS settings here.
func hostKey(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return "", errors.New("customHostSettings: url: want scheme://host:port")
	}
	switch u.Scheme {
	case "https":
		return keyOf(u), nil
	case "http", "smtp":
		return "", nil
	}
	return "", fmt.Errorf("customHostSettings: url: scheme %q: want https", u.Scheme)
}

func keyOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// hostTLS makes the TLS configuration for one host; a zero h is any other host.
func hostTLS(s Settings, h HostSettings) (*tls.Config, error) {
	t := merge(connector.TLS{VerificationMode: s.VerificationMode}, s.TLS, h.TLS)
	if err := checkMode("ssl.verificationMode", t.VerificationMode); err != nil {
		return nil, err
	}
	cfg := modeTLS(t.VerificationMode)
	if len(t.CertificateAuthority) > 0 {
		cfg.RootCAs = x509.NewCertPool()
		for i, pem := range t.CertificateAuthority {
			if !cfg.RootCAs.AppendCertsFromPEM(pem) {
				return nil, fmt.Errorf("certificate authority %d of %d: no certificate in PEM form", i+1, len(t.CertificateAuthority))
			}
		}
	}
	if len(t.Certificate) > 0 {
		cert, err := clientCertificate(t)
		if err != nil {
			return nil, err
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	return cfg, nil
}

// merge lays settings one over the other, the later over the earlier.
func merge(all ...connector.TLS) connector.TLS {
	var out connector.TLS
	for _, t := range all {
		if t.VerificationMode != "" {
			out.VerificationMode = t.VerificationMode
		}
		if len(t.CertificateAuthority) > 0 {
			out.CertificateAuthority = t.CertificateAuthority
		}
		if len(t.Certificate) > 0 {
			out.Certificate, out.Key, out.KeyPassphrase = t.Certificate, t.Key, t.KeyPassphrase
		}
	}
	return out
}

// modeTLS makes the configuration of a verification mode.
func modeTLS(mode string) *tls.Config {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	switch mode {
	case modeNone:
		cfg.InsecureSkipVerify = true
	case modeCertificate:
		// crypto/tls checks chain and name together or neither; the chain alone
		// is checked below.
		cfg.InsecureSkipVerify = true
		cfg.VerifyConnection = func(state tls.ConnectionState) error {
			return verifyChain(state.PeerCertificates, cfg.RootCAs)
		}
	}
	return cfg
}

func verifyChain(chain []*x509.Certificate, roots *x509.CertPool) error {
	if len(chain) == 0 {
		return errors.New("tls: the server sent no certificate")
	}
	opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, cert := range chain[1:] {
		opts.Intermediates.AddCert(cert)
	}
	if _, err := chain[0].Verify(opts); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: err}
	}
	return nil
}
