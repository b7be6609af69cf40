package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/casepush/casepush/internal/secret"
)

// File is the content of a file that the configuration names: certificates or
// a key. In the file it is a path, a reference as for a secret, or PEM itself.
type File struct {
	Path    string // "" if the content did not come from a file
	Content secret.String
}

// IsSet reports whether a file was given.
func (f File) IsSet() bool { return f.Content.IsSet() }

// PEM returns the content, nil if no file was given.
func (f File) PEM() []byte {
	if !f.IsSet() {
		return nil
	}
	return []byte(f.Content.Reveal())
}

// ClientTLS is TLS towards a server.
type ClientTLS struct {
	CA   File `key:"ca"`
	Cert File `key:"cert"`
	Key  File `key:"key"`
}

// Config returns the TLS settings, nil if none are set. It fails where
// loading has reported a problem.
func (t ClientTLS) Config() (*tls.Config, error) {
	if !t.CA.IsSet() && !t.Cert.IsSet() {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA.IsSet() {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(t.CA.PEM()) {
			return nil, errors.New("ca: no certificate in it")
		}
	}
	if t.Cert.IsSet() {
		pair, err := tls.X509KeyPair(t.Cert.PEM(), t.Key.PEM())
		if err != nil {
			return nil, fmt.Errorf("certificate and key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// ServerTLS is the TLS of a listener.
type ServerTLS struct {
	Cert File `key:"cert"`
	Key  File `key:"key"`
}

// Config returns the TLS settings, nil if none are set. It fails where
// loading has reported a problem.
func (t ServerTLS) Config() (*tls.Config, error) {
	return ClientTLS{Cert: t.Cert, Key: t.Key}.Config()
}

// file reads one [File].
func (l *loader) file(n *node) File {
	switch {
	case n.kind == kindString:
		return l.fileOf(n)
	case isReference(n):
		text, ok := l.resolve(n)
		if !ok {
			return File{}
		}
		f := File{Content: secret.New(text)}
		if e := n.entries[0]; e.key == "file" {
			name, _ := l.expand(e.value)
			f.Path = l.pathOf(name)
		}
		return f
	case n.kind == kindMap:
		l.wrongReference(n)
	default:
		l.fail(n, "", "want a file's path, got %s", n.kind)
	}
	return File{}
}

// fileOf reads the file that a text names, or takes the text if it is PEM.
func (l *loader) fileOf(n *node) File {
	text, filled := l.expand(n)
	switch {
	case n.bad:
		return File{}
	case isPEM(text):
		if strings.Contains(text, "PRIVATE KEY") && !filled {
			l.warnPlain(n)
		}
		return File{Content: secret.New(text)}
	}
	path := l.pathOf(text)
	content, why := l.fromFile(path)
	if why != "" {
		l.fail(n, "", "%s", why)
		return File{}
	}
	return File{Path: path, Content: secret.New(content)}
}

func isPEM(text string) bool { return strings.Contains(text, "-----BEGIN ") }

// files reads a list of files, or one; from the environment commas separate several.
func (l *loader) files(n *node) []File {
	var out []File
	switch {
	case n.kind == kindList:
		for _, item := range n.items {
			out = append(out, l.file(item))
		}
	case n.loose && !isPEM(n.text):
		for part := range strings.SplitSeq(n.text, ",") {
			one := *n
			one.text = strings.TrimSpace(part)
			out = append(out, l.file(&one))
		}
	default:
		out = append(out, l.file(n))
	}
	return out
}

// checkAuthorities reports a file of certificates that has none.
func (l *loader) checkAuthorities(f File, n *node) {
	if f.IsSet() && !x509.NewCertPool().AppendCertsFromPEM(f.PEM()) {
		l.fail(n, "want PEM", "no certificate in it that can be read")
	}
}

// checkPair reports a certificate without its key, and the other way round, and
// those that do not belong together. A key with a passphrase is not looked into.
func (l *loader) checkPair(cert, key File, encrypted bool, keys ...string) {
	certName, keyName := keys[len(keys)-2], keys[len(keys)-1]
	section := keys[:len(keys)-2]
	at := func(name string) *node { return l.at(append(section[:len(section):len(section)], name)...) }
	switch {
	case cert.IsSet() && !key.IsSet() && !at(keyName).bad:
		l.fail(at(certName), "", "the certificate has no key: %s is missing", keyName)
	case key.IsSet() && !cert.IsSet() && !at(certName).bad:
		l.fail(at(keyName), "", "the key has no certificate: %s is missing", certName)
	case !encrypted:
		l.checkTogether(cert, key, at(certName))
	}
}

func (l *loader) checkTogether(cert, key File, n *node) {
	if !cert.IsSet() || !key.IsSet() {
		return
	}
	// The error may quote a block's type, never its content.
	if _, err := tls.X509KeyPair(cert.PEM(), key.PEM()); err != nil {
		l.fail(n, "", "certificate and key cannot be used together: %s", strings.TrimPrefix(err.Error(), "tls: "))
	}
}
