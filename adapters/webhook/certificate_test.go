package webhook_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/casepush/casepush/adapters/webhook"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes/fakewebhook"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

// signed is a certificate with its key.
type signed struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// sign makes a certificate; by is nil for one that signs itself.
func sign(t *testing.T, template x509.Certificate, by *signed) signed {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent := signed{&template, key}
	if by != nil {
		parent = *by
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent.cert, &key.PublicKey, parent.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signed{cert, key}
}

func (s signed) certPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert.Raw})
}

func (s signed) keyPEM(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// lockedKeyPEM is the key as old OpenSSL encrypts it.
func (s signed) lockedKeyPEM(t *testing.T, passphrase string) []byte {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(s.key)
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 such keys exist, and Kibana takes them
	block, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", der, []byte(passphrase), x509.PEMCipherAES256)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block)
}

func (s signed) pfx(t *testing.T, encoder *pkcs12.Encoder, passphrase string, chain ...signed) []byte {
	t.Helper()
	var more []*x509.Certificate
	for _, c := range chain {
		more = append(more, c.cert)
	}
	b, err := encoder.Encode(s.key, s.cert, more, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// mutual is a fake target that wants a client certificate of the authority.
func mutual(t *testing.T, authority signed) *httptest.Server {
	t.Helper()
	server := sign(t, x509.Certificate{Subject: pkix.Name{CommonName: "server"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, &authority)
	clients := x509.NewCertPool()
	clients.AddCert(authority.cert)
	srv := httptest.NewUnstartedServer(fakewebhook.New(fakewebhook.Options{}))
	srv.TLS = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{server.cert.Raw}, PrivateKey: server.key}},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: clients,
	}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

// push creates, updates and comments through a client with the TLS settings
// that the type finds in the definition.
func push(t *testing.T, base string, config map[string]any, secrets map[string]string) error {
	t.Helper()
	def := connector.Definition{ID: "w", Type: webhook.TypeID, Config: fakewebhook.Options{}.Definition(base), Secrets: map[string]secret.String{}}
	maps.Copy(def.Config, config)
	for k, v := range secrets {
		def.Secrets[k] = secret.New(v)
	}
	for _, p := range webhook.Type().Check(def) {
		if !p.Warning {
			t.Fatalf("%v: %s", p.Path, p.Message)
		}
	}
	own, err := webhook.Type().TLS(def)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpclient.New(httpclient.Settings{AllowedHosts: []string{"*"}, TLS: own})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	con, err := webhook.Type().New(def, connector.Dependencies{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := con.CreateIncident(t.Context(), connector.CorrelationID{ConnectorID: "w", CaseID: "c"}, sample())
	if err != nil {
		return err
	}
	if ref.Title == ref.ID {
		t.Errorf("ref %+v: the title was not read", ref)
	}
	if err := con.UpdateIncident(t.Context(), connector.CorrelationID{}, ref, sample()); err != nil {
		return err
	}
	return con.AddComment(t.Context(), ref, connector.Comment{ID: "k", Text: "x"})
}

func TestClientCertificate(t *testing.T) {
	t.Parallel()
	root := sign(t, x509.Certificate{Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil)
	middle := sign(t, x509.Certificate{Subject: pkix.Name{CommonName: "middle"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, &root)
	usage := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	client := sign(t, x509.Certificate{Subject: pkix.Name{CommonName: "client"}, ExtKeyUsage: usage}, &root)
	lower := sign(t, x509.Certificate{Subject: pkix.Name{CommonName: "lower"}, ExtKeyUsage: usage}, &middle)
	stranger := sign(t, x509.Certificate{Subject: pkix.Name{CommonName: "stranger"}, ExtKeyUsage: usage}, nil)
	srv := mutual(t, root)
	ca := b64(root.certPEM())
	ssl := func(more map[string]any) map[string]any {
		out := map[string]any{"hasAuth": true, "authType": "webhook-authentication-ssl", "ca": ca}
		maps.Copy(out, more)
		return out
	}
	type m = map[string]any
	type s = map[string]string
	chain := append(bytes.Clone(lower.certPEM()), middle.certPEM()...)
	for name, tc := range map[string]struct {
		config  map[string]any
		secrets map[string]string
		works   bool
	}{
		"crt and key":             {ssl(m{"certType": "ssl-crt-key"}), s{"crt": b64(client.certPEM()), "key": b64(client.keyPEM(t))}, true},
		"as files":                {ssl(nil), s{"crt": string(client.certPEM()), "key": string(client.keyPEM(t))}, true},
		"locked key":              {ssl(nil), s{"crt": b64(client.certPEM()), "key": b64(client.lockedKeyPEM(t, "open")), "password": "open"}, true},
		"chain":                   {ssl(nil), s{"crt": b64(chain), "key": b64(lower.keyPEM(t))}, true},
		"without its chain":       {ssl(nil), s{"crt": b64(lower.certPEM()), "key": b64(lower.keyPEM(t))}, false},
		"pfx":                     {ssl(m{"certType": "ssl-pfx"}), s{"pfx": b64(client.pfx(t, pkcs12.Modern, "öpen")), "password": "öpen"}, true},
		"pfx with chain":          {ssl(nil), s{"pfx": b64(lower.pfx(t, pkcs12.Modern, "open", middle)), "password": "open"}, true},
		"pfx of old tools":        {ssl(nil), s{"pfx": b64(client.pfx(t, pkcs12.LegacyDES, "open")), "password": "open"}, true},
		"pfx without passphrase":  {ssl(nil), s{"pfx": b64(client.pfx(t, pkcs12.Modern, ""))}, true},
		"of another authority":    {ssl(nil), s{"crt": b64(stranger.certPEM()), "key": b64(stranger.keyPEM(t))}, false},
		"no certificate":          {ssl(nil), nil, false},
		"hasAuth is false":        {ssl(m{"hasAuth": false}), s{"crt": b64(client.certPEM()), "key": b64(client.keyPEM(t))}, false},
		"no authority":            {ssl(m{"ca": nil}), s{"crt": b64(client.certPEM()), "key": b64(client.keyPEM(t))}, false},
		"another authority":       {ssl(m{"ca": b64(stranger.certPEM())}), s{"crt": b64(client.certPEM()), "key": b64(client.keyPEM(t))}, false},
		"not verified":            {ssl(m{"ca": nil, "verificationMode": "none"}), s{"crt": b64(client.certPEM()), "key": b64(client.keyPEM(t))}, true},
		"chain alone is verified": {ssl(m{"verificationMode": "certificate"}), s{"crt": b64(client.certPEM()), "key": b64(client.keyPEM(t))}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := push(t, srv.URL, tc.config, tc.secrets)
			if (err == nil) != tc.works {
				t.Errorf("%v", err)
			}
		})
	}
}

// Without authentication, or with another one, the tracker's certificate is
// judged by the definition's ca and mode all the same.
func TestTrustWithoutAuthentication(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(fakewebhook.New(fakewebhook.Options{}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca := b64(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))
	if err := push(t, srv.URL, nil, nil); err == nil {
		t.Error("a certificate of nobody known is taken")
	}
	for _, config := range []map[string]any{{"ca": ca}, {"verificationMode": "none"}} {
		if err := push(t, srv.URL, config, nil); err != nil {
			t.Errorf("%v: %v", config, err)
		}
	}
}

func TestWrongPassphrase(t *testing.T) {
	t.Parallel()
	client := sign(t, x509.Certificate{Subject: pkix.Name{CommonName: "client"}}, nil)
	other := sign(t, x509.Certificate{Subject: pkix.Name{CommonName: "other"}}, nil)
	for name, secrets := range map[string]map[string]string{
		"pfx":         {"pfx": b64(client.pfx(t, pkcs12.Modern, "open")), "password": "canary"},
		"pfx, none":   {"pfx": b64(client.pfx(t, pkcs12.Modern, "open"))},
		"key":         {"crt": b64(client.certPEM()), "key": b64(client.lockedKeyPEM(t, "open")), "password": "canary"},
		"key, none":   {"crt": b64(client.certPEM()), "key": b64(client.lockedKeyPEM(t, "open"))},
		"another key": {"crt": b64(client.certPEM()), "key": b64(other.keyPEM(t))},
	} {
		def := connector.Definition{ID: "w", Type: webhook.TypeID, Config: fakewebhook.Options{}.Definition("https://h"), Secrets: map[string]secret.String{}}
		def.Config["hasAuth"], def.Config["authType"] = true, "webhook-authentication-ssl"
		for k, v := range secrets {
			def.Secrets[k] = secret.New(v)
		}
		problems := webhook.Type().Check(def)
		if len(problems) != 1 || problems[0].Warning || problems[0].Path[0] != "secrets" || bytes.Contains([]byte(problems[0].Message), []byte("canary")) {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
