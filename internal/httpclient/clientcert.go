package httpclient

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
)

// clientCertificate reads the certificate and its key. Errors of crypto/tls
// quote neither.
func clientCertificate(h HostSettings) (tls.Certificate, error) {
	key := []byte(h.ClientKey.Reveal())
	block, _ := pem.Decode(key)
	if block == nil {
		return tls.Certificate{}, errors.New("client key: not in PEM form")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return tls.Certificate{}, errors.New("client key: encrypted keys are not supported yet")
	}
	cert, err := tls.X509KeyPair(h.ClientCertificate, key)
	if err != nil {
		return tls.Certificate{}, errors.New("client certificate: it and its key do not go together, or one is not in PEM form")
	}
	return cert, nil
}
