package kibana

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/casepush/casepush/internal/secret"
)

// Options is what a [Client] needs.
type Options struct {
	// URL is where Kibana is, its server.basePath included.
	URL string
	// APIKey is base64 of "id:key", as Kibana shows it, or "id:key" itself.
	// Either it or Username and Password must be set, not both.
	APIKey   secret.String
	Username string
	Password secret.String
	// HTTP sends the requests: made by httpclient.New, which decides about TLS,
	// proxy, time-outs and sizes. A page of 100 comments of 30,000 characters each,
	// in UTF-8 and escaped, needs up to 32 MiB.
	HTTP *http.Client
	// OwnUser is the username that Kibana records for our writes. "" means the
	// Username, or with an API key what Kibana's answers show: see [Client.OwnUser].
	OwnUser string
}

// Client calls Kibana's public API. It is safe for concurrent use. It keeps no
// state but Kibana's version and our own username, and repeats nothing beyond
// what its methods say. Every error of a method is a [*connector.Error], so
// that Kibana's refusals and a tracker's are judged alike; Kind NotFound means
// that the case is not there (or is in another space).
type Client struct {
	base string // without a slash at the end
	auth secret.String
	http *http.Client

	version versionCache

	mu  sync.Mutex
	own string
}

// New checks the options; it does no I/O.
func New(o Options) (*Client, error) {
	base, err := cleanBase(o.URL)
	if err != nil {
		return nil, err
	}
	if o.HTTP == nil {
		return nil, errors.New("kibana: no HTTP client")
	}
	auth, err := authorization(o)
	if err != nil {
		return nil, err
	}
	own := o.OwnUser
	if own == "" {
		own = o.Username
	}
	return &Client{base: base, auth: auth, http: o.HTTP, own: own}, nil
}

// cleanBase checks a base URL and cuts the slash at its end. Its errors do not
// show the URL: a person may have put a password into it.
func cleanBase(raw string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil:
		return "", errors.New("kibana: url: not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("kibana: url: want http:// or https://")
	case u.Host == "":
		return "", errors.New("kibana: url: no host")
	case u.User != nil:
		return "", errors.New("kibana: url: credentials do not belong into the URL")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("kibana: url: no query or fragment allowed")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// authorization makes the header's value.
func authorization(o Options) (secret.String, error) {
	key := strings.TrimSpace(o.APIKey.Reveal())
	switch {
	case key != "" && o.Username != "":
		return secret.String{}, errors.New("kibana: both an API key and a username are given: keep one")
	case key != "":
		if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return secret.String{}, errors.New("kibana: the API key has characters that no API key has")
		}
		if strings.Contains(key, ":") { // "id:key": a colon is no letter of base64
			key = base64.StdEncoding.EncodeToString([]byte(key))
		}
		return secret.New("ApiKey " + key), nil
	case o.Username != "" && o.Password.IsSet():
		pair := o.Username + ":" + o.Password.Reveal()
		return secret.New("Basic " + base64.StdEncoding.EncodeToString([]byte(pair))), nil
	}
	return secret.String{}, errors.New("kibana: no credentials: want an API key, or a username and a password")
}
