// Package pemkey reads private keys in PEM form, encrypted ones included.
package pemkey

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/casepush/casepush/internal/secret"
)

// Parse reads the first block of the text: PKCS #1, SEC 1 or PKCS #8, in plain
// or encrypted (PKCS #8's PBES2, or the old encryption of PEM itself, with a
// DEK-Info header). The passphrase of a key in plain is not looked at. Errors
// show nothing of key and passphrase.
func Parse(text, passphrase secret.String) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(text.Reveal()))
	if block == nil {
		return nil, errors.New("private key: not in PEM form")
	}
	parsed, err := parseBlock(block, []byte(passphrase.Reveal()))
	if err != nil {
		return nil, err
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("private key: a %T cannot sign", parsed)
	}
	return signer, nil
}

func parseBlock(block *pem.Block, passphrase []byte) (any, error) {
	pkcs8, legacy := block.Type == "ENCRYPTED PRIVATE KEY", block.Headers["DEK-Info"] != ""
	der := block.Bytes
	var err error
	switch {
	case !pkcs8 && !legacy:
		return parsePlain(der)
	case len(passphrase) == 0:
		return nil, errors.New("private key: it is encrypted, and there is no passphrase")
	case pkcs8:
		der, err = decryptPKCS8(der, string(passphrase))
	default:
		//lint:ignore SA1019 keys that exist are encrypted so, and whoever has the file has the passphrase beside it
		if der, err = x509.DecryptPEMBlock(block, passphrase); err != nil {
			err = errPassphrase
		}
	}
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	parsed, err := parsePlain(der)
	if err != nil { // one wrong passphrase of 256 passes the padding
		return nil, fmt.Errorf("private key: %w", errPassphrase)
	}
	return parsed, nil
}

func parsePlain(der []byte) (any, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return nil, errors.New("private key: neither PKCS #1, SEC 1 nor PKCS #8")
}
