package httpclient

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/pemkey"
)

// clientCertificate reads the certificate and its key, both in PEM form. The
// key may be encrypted. Errors show nothing of the key.
func clientCertificate(t connector.TLS) (tls.Certificate, error) {
	key, err := pemkey.Parse(t.Key, t.KeyPassphrase)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client certificate: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client certificate: private key: %w", err)
	}
	cert, err := tls.X509KeyPair(t.Certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client certificate: %w", err)
	}
	return cert, nil
}
