package fakeservicenow

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/fakes/fakestest"
	"github.com/casepush/casepush/internal/secret"
	"github.com/golang-jwt/jwt/v5"
)

const clientSecret = "canary-client-secret"

// clientKey is made once: it takes a while.
var clientKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// oauthFake is an instance with one client, who may also not use Basic.
func oauthFake(t *testing.T, change func(*OAuth)) (*Fake, *rsa.PrivateKey) {
	t.Helper()
	key, err := clientKey()
	if err != nil {
		t.Fatal(err)
	}
	o := &OAuth{ClientID: "c1", ClientSecret: secret.New(clientSecret), Keys: map[string]*rsa.PublicKey{"k1": &key.PublicKey}, Users: []string{"kibana"}, TokenLife: time.Hour}
	if change != nil {
		change(o)
	}
	return New(Options{OAuth: o}), key
}

// form is a request for a token; changes replace claims, "kid" the key's id.
func form(t *testing.T, key any, method jwt.SigningMethod, changes map[string]any) url.Values {
	t.Helper()
	now := time.Now().Unix()
	claims := jwt.MapClaims{"sub": "kibana", "aud": "c1", "iss": "c1", "iat": now, "exp": now + 3600}
	maps.Copy(claims, changes)
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = "k1"
	if kid, ok := changes["kid"]; ok {
		token.Header["kid"] = kid
	}
	assertion, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{"assertion": {assertion}, "client_id": {"c1"}, "client_secret": {clientSecret}, "grant_type": {jwtBearer}}
}

// ask asks for a token.
func ask(t *testing.T, f *Fake, form url.Values) (int, map[string]any) {
	t.Helper()
	return fakestest.Call(t, f, "POST", "/oauth_token.do", form.Encode(), "Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
}

// read reads incidents with a token and returns the status.
func read(t *testing.T, f *Fake, token any) int {
	t.Helper()
	text, _ := token.(string)
	status, _ := fakestest.Call(t, f, "GET", incidents, "", "Authorization", "Bearer "+text)
	return status
}

func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, key := oauthFake(t, nil)
		status, v := ask(t, f, form(t, key, jwt.SigningMethodRS256, nil))
		token := v["access_token"]
		if status != 200 || v["token_type"] != "Bearer" || v["expires_in"] != 3600.0 || v["scope"] != "useraccount" || read(t, f, token) != 200 {
			t.Fatalf("token: %d %v", status, v)
		}
		<-time.After(time.Minute)
		if _, v := ask(t, f, form(t, key, jwt.SigningMethodRS256, nil)); v["access_token"] != token || v["expires_in"] != 3540.0 {
			t.Errorf("within its life: %v", v)
		}
		<-time.After(59 * time.Minute)
		if status := read(t, f, token); status != 401 {
			t.Errorf("expired: %d", status)
		}
		_, v = ask(t, f, form(t, key, jwt.SigningMethodRS256, nil))
		if v["access_token"] == token || read(t, f, v["access_token"]) != 200 {
			t.Errorf("a new one: %v", v)
		}
		status, _ = fakestest.Call(t, f, "POST", incidents, sample, "Authorization", "Bearer "+v["access_token"].(string))
		if got := f.Incidents("")[0].Fields["sys_created_by"]; status != 201 || got != "kibana" {
			t.Errorf("create: %d by %q", status, got)
		}
		if status := read(t, f, ""); status != 401 {
			t.Errorf("no token: %d", status)
		}
	})
}

func TestRevokedTokens(t *testing.T) {
	for _, dead := range []bool{false, true} {
		f, key := oauthFake(t, func(o *OAuth) { o.ReturnsDeadTokens = dead })
		_, v := ask(t, f, form(t, key, jwt.SigningMethodRS256, nil))
		f.RevokeTokens()
		_, again := ask(t, f, form(t, key, jwt.SigningMethodRS256, nil))
		if read(t, f, v["access_token"]) != 401 || (again["access_token"] == v["access_token"]) != dead || (read(t, f, again["access_token"]) == 401) != dead {
			t.Errorf("dead tokens returned: %v: %v, %v", dead, v, again)
		}
	}
}

func TestRefusedAssertions(t *testing.T) {
	f, key := oauthFake(t, nil)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	without := func(name, value string) url.Values {
		v := form(t, key, jwt.SigningMethodRS256, nil)
		v.Set(name, value)
		return v
	}
	with := func(changes map[string]any) url.Values { return form(t, key, jwt.SigningMethodRS256, changes) }
	for name, tc := range map[string]struct {
		form              url.Values
		code, description string
	}{
		"another key":       {form(t, stranger, jwt.SigningMethodRS256, nil), "invalid_grant", "JWT validation failed: "},
		"another algorithm": {form(t, key, jwt.SigningMethodRS512, nil), "invalid_grant", "JWT validation failed: "},
		"a shared secret":   {form(t, []byte(clientSecret), jwt.SigningMethodHS256, nil), "invalid_grant", "JWT validation failed: "},
		"unknown kid":       {with(map[string]any{"kid": "k2"}), "invalid_grant", "JWT validation failed: "},
		"another audience":  {with(map[string]any{"aud": "c2"}), "invalid_grant", "JWT validation failed: "},
		"another issuer":    {with(map[string]any{"iss": "c2"}), "invalid_grant", "JWT validation failed: "},
		"expired":           {with(map[string]any{"exp": now - 1}), "invalid_grant", "JWT validation failed: "},
		"made tomorrow":     {with(map[string]any{"iat": now + 86400}), "invalid_grant", "JWT validation failed: "},
		"unknown user":      {with(map[string]any{"sub": "blofeld"}), "invalid_grant", "User not found"},
		"no assertion":      {without("assertion", ""), "invalid_grant", "JWT validation failed: "},
		"wrong client":      {without("client_id", "c2"), "server_error", "access_denied"},
		"wrong secret":      {without("client_secret", "x"), "server_error", "access_denied"},
		"another grant":     {without("grant_type", "password"), "unsupported_grant_type", "Unsupported grant type"},
	} {
		status, v := ask(t, f, tc.form)
		description, _ := v["error_description"].(string)
		if status != 401 || v["error"] != tc.code || !strings.HasPrefix(description, tc.description) {
			t.Errorf("%s: %d %v", name, status, v)
		}
	}
	b, err := json.Marshal(map[string]string{"grant_type": jwtBearer})
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := fakestest.Call(t, f, "POST", "/oauth_token.do", string(b)); status != 401 {
		t.Errorf("JSON: %d", status)
	}
}

func TestTokensOfAnInstanceThatTakesAnyCredentials(t *testing.T) {
	f := New(Options{})
	key, err := clientKey()
	if err != nil {
		t.Fatal(err)
	}
	status, v := ask(t, f, form(t, key, jwt.SigningMethodRS256, map[string]any{"sub": "q"}))
	fakestest.Call(t, f, "POST", incidents, sample, "Authorization", "Bearer "+v["access_token"].(string))
	if got := f.Incidents("")[0].Fields["opened_by"]; status != 200 || got != "q" {
		t.Errorf("%d %v, opened by %q", status, v, got)
	}
	if status, _ := ask(t, f, url.Values{"grant_type": {jwtBearer}, "assertion": {"no JWT"}}); status != 401 {
		t.Errorf("no JWT: %d", status)
	}
}

// The journal of requests holds no credentials.
func TestFormsAreRedacted(t *testing.T) {
	f, key := oauthFake(t, nil)
	asked := form(t, key, jwt.SigningMethodRS256, nil)
	ask(t, f, asked)
	got := f.Journal().Requests()[0]
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), clientSecret) || strings.Contains(string(b), asked.Get("assertion")) || !strings.Contains(got.Body, "client_id=c1") {
		t.Errorf("%s", b)
	}
}
