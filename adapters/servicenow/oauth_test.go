package servicenow_test

import (
	"context"
	"crypto/rsa"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/casepush/casepush/adapters/servicenow"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakeservicenow"
	"github.com/casepush/casepush/internal/secret"
)

var oauthTable = flavour{typ: servicenow.ITSM(), table: fakeservicenow.TableIncident, tableAPI: true, oauth: true}

// asked says how often a token was asked for.
func asked(fake *fakeservicenow.Fake) int {
	n := 0
	for _, r := range fake.Journal().Requests() {
		if r.Path == "/oauth_token.do" {
			n++
		}
	}
	return n
}

// A token serves many pushes, until a minute before its end; what is revoked
// costs one push and is asked for anew.
func TestTokenIsKept(t *testing.T) {
	t.Parallel()
	clientKey() // outside of the bubble: it is made once for all tests
	synctest.Test(t, func(t *testing.T) {
		fake := fakeservicenow.New(oauthTable.options()) // tokens of 30 minutes
		con := oauthTable.open(t, fake, nil)
		ref := made(t, con)
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{0, 1}, {28*time.Minute + 59*time.Second, 1}, {time.Minute, 2}} {
			<-time.After(step.wait)
			if _, err := con.FindIncident(t.Context(), caseID); err != nil {
				t.Fatal(err)
			}
			if n := asked(fake); n != step.want {
				t.Errorf("after %v more: %d requests for a token, want %d", step.wait, n, step.want)
			}
		}
		fake.RevokeTokens()
		wantError(t, con.UpdateIncident(t.Context(), caseID, ref, sample()), connector.Unauthenticated, connector.NotApplied, "User Not Authenticated")
		if err := con.UpdateIncident(t.Context(), caseID, ref, sample()); err != nil {
			t.Errorf("with a new token: %v", err)
		}
		if n := asked(fake); n != 3 {
			t.Errorf("%d requests for a token, want 3", n)
		}
	})
}

// A short life keeps half of itself. Asked again within its life, ServiceNow
// gives the same token, with what is left of it.
func TestShortToken(t *testing.T) {
	t.Parallel()
	clientKey()
	synctest.Test(t, func(t *testing.T) {
		options := oauthTable.options()
		options.OAuth.TokenLife = 20 * time.Second
		fake := fakeservicenow.New(options)
		con := oauthTable.open(t, fake, nil)
		for _, want := range []int{1, 1, 2, 3, 3} {
			if err := con.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := asked(fake); n != want {
				t.Errorf("%d requests for a token, want %d", n, want)
			}
			<-time.After(9 * time.Second)
		}
	})
}

// manyProbes probes n times at once and returns what came of it.
func manyProbes(t *testing.T, con connector.Connector, n int) []error {
	t.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = con.Probe(t.Context()) })
	}
	wg.Wait()
	return errs
}

// Of many pushes one asks for the token, and all share what comes of it: also a
// refusal, which would lock the account if all repeated it.
func TestOneAsksForAll(t *testing.T) {
	t.Parallel()
	clientKey()
	for name, refused := range map[string]bool{"given": false, "refused": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				options := oauthTable.options()
				if refused {
					options.OAuth.Keys = map[string]*rsa.PublicKey{}
				}
				fake := fakeservicenow.New(options)
				if _, err := fake.Faults().Add(fakes.Rule{Path: "/oauth_token.do", Delay: fakes.Duration(time.Second)}); err != nil {
					t.Fatal(err)
				}
				for _, err := range manyProbes(t, oauthTable.open(t, fake, nil), 8) {
					if refused {
						wantError(t, err, connector.Unauthenticated, connector.NotApplied, "access token: ")
					} else if err != nil {
						t.Error(err)
					}
				}
				if n := asked(fake); n != 1 {
					t.Errorf("%d requests for a token, want 1", n)
				}
			})
		})
	}
}

// Who asks for all and goes away takes nobody along: another one asks.
func TestAskerGoesAway(t *testing.T) {
	t.Parallel()
	clientKey()
	synctest.Test(t, func(t *testing.T) {
		fake := fakeservicenow.New(oauthTable.options())
		if _, err := fake.Faults().Add(fakes.Rule{Path: "/oauth_token.do", Delay: fakes.Duration(time.Minute), Times: 1}); err != nil {
			t.Fatal(err)
		}
		con := oauthTable.open(t, fake, nil)
		first := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { first <- con.Probe(ctx) }()
		synctest.Wait()
		for _, err := range manyProbes(t, con, 4) {
			if err != nil {
				t.Error(err)
			}
		}
		wantError(t, <-first, connector.Transient, connector.NotApplied, "access token")
		if n := asked(fake); n != 2 {
			t.Errorf("%d requests for a token, want 2", n)
		}
	})
}

// What may become of a request for a token. The push was never sent.
func TestTokenRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		kind   connector.Kind
		words  string
	}{
		"invalid grant":  {401, `{"error":"invalid_grant","error_description":"User not found"}`, connector.Unauthenticated, "access token: invalid_grant: User not found"},
		"code alone":     {400, `{"error":"invalid_client"}`, connector.Unauthenticated, "access token: invalid_client"},
		"other words":    {403, `{"error":{"message":"Operation Failed","detail":"ACL"},"status":"failure"}`, connector.Unauthenticated, "access token: Operation Failed: ACL"},
		"our secrets":    {400, `{"error":"invalid_client","error_description":"` + clientSecret + ` is wrong"}`, connector.Unauthenticated, "access token: invalid_client: [redacted] is wrong"},
		"nothing there":  {404, ``, connector.Unauthenticated, "access token"},
		"too many":       {429, ``, connector.RateLimited, "access token"},
		"down":           {503, ``, connector.Transient, "access token"},
		"page":           {200, `<html>login</html>`, connector.Transient, "access token: the answer is a web page"},
		"no token":       {200, `{"token_type":"Bearer"}`, connector.Transient, "access token: no access_token"},
		"another answer": {200, `{"access_token":7}`, connector.Transient, "access token: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := fakeservicenow.New(oauthTable.options())
			if _, err := fake.Faults().Add(fakes.Rule{Path: "/oauth_token.do", Status: tc.status, Body: tc.body}); err != nil {
				t.Fatal(err)
			}
			_, err := oauthTable.open(t, fake, nil).CreateIncident(t.Context(), caseID, sample())
			wantError(t, err, tc.kind, connector.NotApplied, tc.words)
			if len(fake.Incidents("")) != 0 || strings.Contains(err.Error(), clientSecret) {
				t.Errorf("%v", err)
			}
		})
	}
}

// The assertion, as ServiceNow sees it.
func TestAssertion(t *testing.T) {
	t.Parallel()
	clientKey()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var header map[string]any
		var claims jwt.MapClaims
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/oauth_token.do" {
				if got := r.Header.Get("Authorization"); got != "Token a" {
					t.Errorf("authorization %q", got)
				}
				_, _ = w.Write([]byte(`{"result":[]}`))
				return
			}
			if got := r.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded; charset=UTF-8" {
				t.Errorf("content type %q", got)
			}
			token, err := jwt.Parse(r.PostFormValue("assertion"), func(*jwt.Token) (any, error) { return &clientKey().PublicKey, nil }, jwt.WithValidMethods([]string{"RS256"}))
			if err != nil {
				t.Error(err)
				return
			}
			header, claims = token.Header, token.Claims.(jwt.MapClaims)
			form := []string{r.PostFormValue("client_id"), r.PostFormValue("client_secret"), r.PostFormValue("grant_type")}
			if !slices.Equal(form, []string{"client-1", clientSecret, "urn:ietf:params:oauth:grant-type:jwt-bearer"}) || len(r.PostForm) != 4 {
				t.Error("another form")
			}
			_, _ = w.Write([]byte(`{"token_type":"Token","access_token":"a","expires_in":"1799"}`))
		})
		if err := oauthTable.open(t, h, nil).Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if header["alg"] != "RS256" || header["typ"] != "JWT" || header["kid"] != "key-1" || len(header) != 3 {
			t.Errorf("header %v", header)
		}
		iat, exp := float64(begun.Unix()), float64(begun.Add(time.Hour).Unix())
		if claims["sub"] != user || claims["aud"] != "client-1" || claims["iss"] != "client-1" || claims["iat"] != iat || claims["exp"] != exp || len(claims) != 5 {
			t.Errorf("claims %v", claims)
		}
	})
}

// Whatever form the key has, ServiceNow verifies what it signs.
func TestEncryptedKey(t *testing.T) {
	t.Parallel()
	def := oauthTable.definition("http://hms.service-now.example")
	def.Secrets["privateKey"] = secret.New(file(t, "pkcs8-encrypted.pem"))
	def.Secrets["privateKeyPassword"] = secret.New("canary-passphrase")
	options := oauthTable.options()
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(file(t, "pkcs1.pem")))
	if err != nil {
		t.Fatal(err)
	}
	options.OAuth.Keys["key-1"] = &key.PublicKey
	made(t, connect(t, def, fakeservicenow.New(options)))
}

func file(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
