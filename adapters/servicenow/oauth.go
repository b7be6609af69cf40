package servicenow

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

const (
	tokenPath = "/oauth_token.do"
	jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	// assertionLife is how long an assertion is valid, as Kibana has it.
	assertionLife = time.Hour
	// assumedLife is a token's where the answer does not say.
	assumedLife = time.Hour
)

// oauth is what a token is asked for with.
type oauth struct {
	user, clientID, keyID string
	clientSecret          secret.String
	key                   *rsa.PrivateKey
}

// assertion makes the signed statement that stands for the user.
func (o oauth) assertion(now time.Time) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"sub": o.user, "aud": o.clientID, "iss": o.clientID, "iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	t.Header["kid"] = o.keyID
	return t.SignedString(o.key)
}

// tokenSource asks an instance for tokens.
type tokenSource struct {
	apiURL string
	oauth  oauth
	http   *http.Client
}

// fetch asks for one token: a request that changes nothing of ours. ServiceNow
// gives the same token again while it lives. A refusal means that our
// credentials are wrong; whatever else goes wrong is so for a while.
func (s tokenSource) fetch(ctx context.Context, op string) (token, error) {
	now := time.Now()
	assertion, err := s.oauth.assertion(now)
	if err != nil {
		return token{}, connector.Unsendable(op, errors.New("access token: the assertion cannot be signed"))
	}
	form := url.Values{
		"assertion": {assertion}, "client_id": {s.oauth.clientID}, "client_secret": {s.oauth.clientSecret.Reveal()}, "grant_type": {jwtBearer},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.apiURL+tokenPath, strings.NewReader(form.Encode()))
	if err != nil {
		return token{}, connector.Unsendable(op, errors.New("access token: the request cannot be built")) // err shows the URL
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	sent := httpclient.NewRedactor(secret.New(assertion), s.oauth.clientSecret)
	exchange := httpclient.Exchange{Op: op, Reads: true, Words: func(body []byte) string { return sent.Redact(tokenWords(body)) }}
	body, err := exchange.Do(s.http, req)
	if err != nil {
		return token{}, tokenError(op, err)
	}
	t, err := readToken(body, now)
	if err != nil {
		return token{}, connector.BadAnswer(op, fmt.Errorf("access token: %w", err))
	}
	return t, nil
}

// tokenError says what a failed request for a token means for the push.
func tokenError(op string, err error) error {
	e := *connector.AsError(op, err)
	switch e.Kind {
	case connector.Rejected:
		if e.Status != 0 { // else nothing was sent: the host is not allowed
			e.Kind = connector.Unauthenticated
		}
	case connector.Forbidden, connector.NotFound:
		e.Kind = connector.Unauthenticated
	case connector.Conflict:
		e.Kind = connector.Transient
	}
	e.Err = because(errors.New("access token"), e.Err)
	return &e
}

// token is an access token, as a header has it.
type token struct {
	header  string
	expires time.Time // when it is no longer used
}

const (
	// tokenMargin is how long before its end a token is no longer used: a
	// request takes a while, and clocks differ.
	tokenMargin = time.Minute
	// A short life keeps half of itself.
	shortLife = 2 * tokenMargin
)

// readToken reads the answer to a request that was begun at the given time.
func readToken(body []byte, begun time.Time) (token, error) {
	var answer struct {
		Type   string      `json:"token_type"`
		Access string      `json:"access_token"`
		Life   json.Number `json:"expires_in"` // seconds
	}
	if err := wire.Decode(body, &answer); err != nil {
		return token{}, err
	}
	if answer.Access == "" {
		return token{}, errors.New("no access_token")
	}
	life := assumedLife
	if seconds, err := answer.Life.Int64(); err == nil && seconds >= 0 && seconds < int64(24*365*time.Hour/time.Second) {
		life = time.Duration(seconds) * time.Second
	}
	kind := answer.Type
	if kind == "" {
		kind = "Bearer"
	}
	margin := tokenMargin
	if life < shortLife {
		margin = life / 2
	}
	return token{header: kind + " " + answer.Access, expires: begun.Add(life - margin)}, nil
}
