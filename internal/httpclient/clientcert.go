package httpclient

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
)

// clientCertificate reads the certificate and its key, both in PEM form. The
// key may be encrypted as PKCS #8. Errors show nothing of the key.
func clientCertificate(h HostSettings) (tls.Certificate, error) {
	key := []byte(h.ClientKey.Reveal())
	block, _ := pem.Decode(key)
	switch {
	case block == nil:
		return tls.Certificate{}, errors.New("client key: not in PEM form")
	case block.Headers["DEK-Info"] != "":
		return tls.Certificate{}, errors.New("client key: PEM encryption is obsolete and not supported: convert the key with `openssl pkcs8 -topk8`")
	case block.Type == "ENCRYPTED PRIVATE KEY":
		plain, err := decryptPKCS8(block.Bytes, h.ClientKeyPassphrase.Reveal())
		if err != nil {
			return tls.Certificate{}, fmt.Errorf("client key: %w", err)
		}
		key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: plain})
	}
	cert, err := tls.X509KeyPair(h.ClientCertificate, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client certificate: %w", err)
	}
	return cert, nil
}
