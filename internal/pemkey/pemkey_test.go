package pemkey_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/pemkey"
	"github.com/casepush/casepush/internal/secret"
)

// Keys that OpenSSL 3 has written.
func TestParse(t *testing.T) {
	for _, tt := range []struct{ key, passphrase, err string }{
		{"key-aes256.pem", "correct-horse", ""},
		{"key-aes128sha512.pem", "correct-horse", ""},
		{"key-sha1.pem", "correct-horse", ""},
		{"key-des3.pem", "correct-horse", ""},
		{"key-old.pem", "correct-horse", ""},
		{"key-aes256.pem", "wrong", "passphrase is wrong"},
		{"key-old.pem", "wrong", "passphrase is wrong"},
		{"key-aes256.pem", "", "no passphrase"},
		{"key-old.pem", "", "no passphrase"},
		{"cert.pem", "correct-horse", "neither PKCS #1"},
	} {
		b, err := os.ReadFile(filepath.Join("testdata", tt.key))
		if err != nil {
			t.Fatal(err)
		}
		key, err := pemkey.Parse(secret.New(string(b)), secret.New(tt.passphrase))
		switch {
		case tt.err == "" && (err != nil || key.Public() == nil):
			t.Errorf("%s: %v", tt.key, err)
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s with passphrase %q: error %v, want %q", tt.key, tt.passphrase, err, tt.err)
		case err != nil && strings.Contains(err.Error(), "correct-horse"):
			t.Errorf("%s: the passphrase shows: %v", tt.key, err)
		}
	}
	if _, err := pemkey.Parse(secret.New("no key"), secret.String{}); err == nil || !strings.Contains(err.Error(), "PEM") {
		t.Errorf("no key: %v", err)
	}
}
