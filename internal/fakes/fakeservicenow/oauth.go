package fakeservicenow

import (
	"context"
	"crypto/rsa"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/secret"
	"github.com/golang-jwt/jwt/v5"
)

// jwtBearer is the one grant that is played.
const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// OAuth is a client of the instance that takes assertions as grants.
type OAuth struct {
	ClientID     string
	ClientSecret secret.String
	// Keys are the public keys of the client by key id (kid).
	Keys map[string]*rsa.PublicKey
	// Users whom an assertion may name as its subject.
	Users []string
	// TokenLife is how long a token lives; 0 is 30 minutes.
	TokenLife time.Duration
	// ReturnsDeadTokens: who asks again after [Fake.RevokeTokens] gets the dead
	// token until its life is over: within it an instance gives the same one.
	ReturnsDeadTokens bool
}

func (o *OAuth) life() time.Duration {
	if o == nil || o.TokenLife == 0 {
		return 30 * time.Minute
	}
	return o.TokenLife
}

// accessToken is the newest token of one user.
type accessToken struct {
	value   string
	expires time.Time
	dead    bool
}

// RevokeTokens makes all access tokens invalid at once.
func (f *Fake) RevokeTokens() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.tokens {
		t.dead = true
	}
}

// tokenUser is whom a token was given to.
func (f *Fake) tokenUser(value string, now time.Time) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, t := range f.tokens {
		if t.value == value && !t.dead && now.Before(t.expires) {
			return name, true
		}
	}
	return "", false
}

type formKey struct{}

// withoutSecrets keeps a form that holds secrets away from the journal: the
// handler takes it from the context, and the body has placeholders.
func withoutSecrets(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, fakes.MaxRequestBytes))
	if err != nil {
		return nil, err
	}
	r = r.WithContext(context.WithValue(r.Context(), formKey{}, string(b)))
	shown := strings.Split(string(b), "&")
	for i, part := range shown {
		name, _, _ := strings.Cut(part, "=")
		if !slices.Contains([]string{"client_id", "grant_type"}, name) {
			shown[i] = name + "=" + secret.Redacted
		}
	}
	body := strings.Join(shown, "&")
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return r, nil
}

// token exchanges an assertion for an access token.
func (f *Fake) token(w http.ResponseWriter, r *http.Request) {
	form := url.Values{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		body, _ := r.Context().Value(formKey{}).(string)
		form, _ = url.ParseQuery(body) // what cannot be read is not there
	}
	subject, refused := f.grant(form)
	if refused != nil {
		fakes.WriteJSON(w, http.StatusUnauthorized, map[string]string{"error": refused.code, "error_description": refused.description})
		return
	}
	value, left := f.issue(subject, time.Now())
	fakes.WriteJSON(w, http.StatusOK, map[string]any{
		"access_token": value, "token_type": "Bearer", "expires_in": int(left / time.Second), "scope": "useraccount",
	})
}

// oauthError is a refusal in OAuth's form.
type oauthError struct{ code, description string }

func invalidGrant(why string) *oauthError { return &oauthError{"invalid_grant", why} }

// grant checks what was sent and returns the user whom a token is for.
func (f *Fake) grant(form url.Values) (string, *oauthError) {
	if form.Get("grant_type") != jwtBearer {
		return "", &oauthError{"unsupported_grant_type", "Unsupported grant type"}
	}
	o := f.opts.OAuth
	if o == nil && len(f.opts.Users) == 0 {
		var claims jwt.RegisteredClaims
		if _, _, err := jwt.NewParser().ParseUnverified(form.Get("assertion"), &claims); err != nil {
			return "", invalidGrant("JWT cannot be read")
		}
		return claims.Subject, nil
	}
	if o == nil || form.Get("client_id") != o.ClientID || !o.ClientSecret.Equal(secret.New(form.Get("client_secret"))) {
		return "", &oauthError{"server_error", "access_denied"}
	}
	return o.subject(form.Get("assertion"))
}

// subject verifies an assertion and returns whom it names.
func (o *OAuth) subject(assertion string) (string, *oauthError) {
	var claims jwt.RegisteredClaims
	key := func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		if o.Keys[kid] == nil {
			return nil, errors.New("unknown kid")
		}
		return o.Keys[kid], nil
	}
	_, err := jwt.ParseWithClaims(assertion, &claims, key, jwt.WithValidMethods([]string{"RS256"}),
		jwt.WithAudience(o.ClientID), jwt.WithIssuer(o.ClientID), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	if err != nil {
		return "", invalidGrant("JWT validation failed: " + err.Error())
	}
	if !slices.Contains(o.Users, claims.Subject) {
		return "", invalidGrant("User not found")
	}
	return claims.Subject, nil
}

// issue returns the user's token: within its life it is the same one.
func (f *Fake) issue(subject string, now time.Time) (string, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.tokens[subject]
	again := t != nil && now.Before(t.expires) && (!t.dead || f.opts.OAuth != nil && f.opts.OAuth.ReturnsDeadTokens)
	if !again {
		t = &accessToken{value: f.newID() + f.newID(), expires: now.Add(f.opts.OAuth.life())}
		f.tokens[subject] = t
	}
	return t.value, t.expires.Sub(now)
}
