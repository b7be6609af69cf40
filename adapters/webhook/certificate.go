package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/definition"
	"github.com/casepush/casepush/internal/pemkey"
	"github.com/casepush/casepush/internal/secret"
)

// readTrust reads whose certificates the tracker's is checked against, and how.
func (s *settings) readTrust(r *definition.Reader) {
	s.tls.VerificationMode = definition.Choice(r, definition.Config, "verificationMode", "", "full", "certificate", "none")
	text := r.Text(definition.Config, "ca")
	if text == "" {
		return
	}
	ca, err := decodeBase64(text)
	if err != nil || !x509.NewCertPool().AppendCertsFromPEM(ca) {
		r.Add(definition.Config, "ca", "want certificates in PEM form, encoded in base64")
		return
	}
	s.tls.CertificateAuthority = [][]byte{ca}
}

// readCertificate reads the client's certificate. Kibana takes none for granted:
// with authType SSL and neither a certificate nor ca or verificationMode its
// pushes fail.
func (s *settings) readCertificate(r *definition.Reader, kind certType) {
	crt, key, pfx, passphrase := r.Secret("crt"), r.Secret("key"), r.Secret("pfx"), r.Secret("password")
	if kind == "" {
		kind = certPEM
		if pfx.IsSet() {
			kind = certPFX
		}
	}
	switch {
	case kind == certPEM && crt.IsSet():
		s.usePEM(r, crt, key, passphrase)
	case kind == certPFX && pfx.IsSet():
		s.usePFX(r, pfx, passphrase)
	case kind == certPEM:
		s.noCertificate(r, "crt", "crt and key")
	default:
		s.noCertificate(r, "pfx", "pfx")
	}
}

func (s *settings) noCertificate(r *definition.Reader, key, what string) {
	if s.tls.VerificationMode == "" && len(s.tls.CertificateAuthority) == 0 {
		r.Add(definition.Secrets, key, "%s (%s for config.authType %q)", noSecrets, what, authSSL)
		return
	}
	r.Warn(definition.Secrets, key, "there is no client certificate: the tracker is not told who we are")
}

// usePEM takes a certificate and its key, which may be encrypted.
func (s *settings) usePEM(r *definition.Reader, crt, key, passphrase secret.String) {
	certificate, err := decodeBase64(crt.Reveal())
	if err != nil {
		r.Add(definition.Secrets, "crt", "want a certificate in PEM form, encoded in base64")
		return
	}
	keyText, err := decodeBase64(key.Reveal())
	if err != nil {
		r.Add(definition.Secrets, "key", "want a private key in PEM form, encoded in base64")
		return
	}
	t := connector.TLS{Certificate: certificate, Key: secret.New(string(keyText)), KeyPassphrase: passphrase}
	if err := checkPair(t); err != nil {
		r.Add(definition.Secrets, "key", "%v", err)
		return
	}
	s.tls.Certificate, s.tls.Key, s.tls.KeyPassphrase = t.Certificate, t.Key, t.KeyPassphrase
}

// checkPair reports whether the key opens and is the certificate's.
func checkPair(t connector.TLS) error {
	key, err := pemkey.Parse(t.Key, t.KeyPassphrase)
	if err != nil {
		return err
	}
	text, err := keyPEM(key)
	if err != nil {
		return err
	}
	if _, err := tls.X509KeyPair(t.Certificate, text); err != nil {
		return fmt.Errorf("certificate (crt) and key: %w", err)
	}
	return nil
}

// usePFX takes a PKCS #12 file: certificate, chain and key in one.
func (s *settings) usePFX(r *definition.Reader, pfx, passphrase secret.String) {
	certificate, key, err := decodePFX(pfx, passphrase)
	if err != nil {
		r.Add(definition.Secrets, "pfx", "%v", err)
		return
	}
	s.tls.Certificate, s.tls.Key = certificate, secret.New(string(key))
}

// decodePFX makes PEM of a PKCS #12 file: the certificate, those that lead to
// its authority, and the key, in plain.
func decodePFX(pfx, passphrase secret.String) (certificate, key []byte, err error) {
	der, err := decodeBase64(pfx.Reveal())
	if err != nil {
		return nil, nil, errors.New("want a PKCS #12 file, encoded in base64")
	}
	private, leaf, chain, err := pkcs12.DecodeChain(der, passphrase.Reveal())
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return nil, nil, errors.New("secrets.password does not open it")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("want a PKCS #12 file with one certificate and its key: %w", err)
	}
	for _, c := range append([]*x509.Certificate{leaf}, chain...) {
		certificate = append(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	if key, err = keyPEM(private); err != nil {
		return nil, nil, err
	}
	if _, err := tls.X509KeyPair(certificate, key); err != nil {
		return nil, nil, fmt.Errorf("certificate and key: %w", err)
	}
	return certificate, key, nil
}

func keyPEM(key any) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// decodeBase64 decodes base64 as Node.js does: of either alphabet, with white
// space and without padding. A text in PEM form is taken as it is, so that a
// secret may be a reference to the very file.
func decodeBase64(text string) ([]byte, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "-----BEGIN ") {
		return []byte(text), nil
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '=':
			return -1
		case r == '-':
			return '+'
		case r == '_':
			return '/'
		}
		return r
	}, text)
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(b) == 0 {
		return nil, errors.New("not base64")
	}
	return b, nil
}
