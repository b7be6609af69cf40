package kibana

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

// MaxAnswerBytes is what the answers of one Kibana call may need: a page of
// 100 comments of 30,000 characters each, in UTF-8 and escaped. Give it to
// httpclient's settings when making the http.Client of a [Client]; the default
// of 1 MiB is made for trackers.
const MaxAnswerBytes = 32 << 20

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
	// proxy, time-outs and sizes (see [MaxAnswerBytes]).
	HTTP *http.Client
	// PublicBaseURL is Kibana's server.publicBaseUrl; "" means no links.
	PublicBaseURL string
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
	base   string // without a slash at the end
	auth   secret.String
	http   *http.Client
	public string

	version versionCache

	mu  sync.Mutex
	own string
}

// New checks the options; it does no I/O.
func New(o Options) (*Client, error) {
	base, err := cleanBase("url", o.URL)
	if err != nil {
		return nil, err
	}
	public := ""
	if o.PublicBaseURL != "" {
		if public, err = cleanBase("public base url", o.PublicBaseURL); err != nil {
			return nil, err
		}
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
	return &Client{base: base, auth: auth, http: o.HTTP, public: public, own: own}, nil
}

// cleanBase checks a base URL and cuts the slash at its end. Its errors do not
// show the URL: a person may have put a password into it.
func cleanBase(what, raw string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil:
		return "", fmt.Errorf("kibana: %s: not a URL", what)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("kibana: %s: want http:// or https://", what)
	case u.Host == "":
		return "", fmt.Errorf("kibana: %s: no host", what)
	case u.User != nil:
		return "", fmt.Errorf("kibana: %s: credentials do not belong into the URL", what)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("kibana: %s: no query or fragment allowed", what)
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

// call is one request to Kibana.
type call struct {
	op     string // "read case", for errors
	method string
	space  string
	path   []string // segments after /api, unescaped
	query  url.Values
	body   any // sent as JSON; nil is no body
	// search: a 404 does not mean that the case is gone.
	search bool
}

// reads reports whether the request changes nothing.
func (k call) reads() bool { return k.method == http.MethodGet }

// do sends one request and returns the answer's body.
func (c *Client) do(ctx context.Context, k call) ([]byte, error) {
	req, err := c.request(ctx, k)
	if err != nil {
		return nil, &connector.Error{Op: k.op, Kind: connector.Rejected, Effect: connector.NotApplied, Err: err}
	}
	body, err := httpclient.Exchange{Op: k.op, Reads: k.reads(), Search: k.search, Words: words}.Do(c.http, req)
	if err != nil {
		return nil, judged(k, err)
	}
	return body, nil
}

// judged keeps a 404 of a proxy, or of a wrong base path, from meaning that a
// case is gone: Kibana's own 404 always has words.
func judged(k call, err error) error {
	e := connector.AsError(k.op, err)
	if e.Kind == connector.NotFound && e.Err == nil {
		other := *e
		other.Kind, other.Err = connector.Transient, errors.New("not Kibana's own answer")
		return &other
	}
	return e
}

func (c *Client) request(ctx context.Context, k call) (*http.Request, error) {
	target, err := c.target(k)
	if err != nil {
		return nil, err
	}
	var body []byte
	if k.body != nil {
		if body, err = json.Marshal(k.body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, k.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the URL cannot be built")
	}
	req.Header.Set("Authorization", c.auth.Reveal())
	req.Header.Set("Accept", "application/json")
	if k.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if !k.reads() {
		req.Header.Set("kbn-xsrf", "casepush")
	}
	return req, nil
}

// target builds the URL. An id that is empty or a dot segment would silently
// name another route, so it is refused.
func (c *Client) target(k call) (string, error) {
	var b strings.Builder
	b.WriteString(c.base)
	if k.space != "" && k.space != defaultSpace {
		if k.space == "." || k.space == ".." {
			return "", fmt.Errorf("space id %q: not usable in a path", k.space)
		}
		b.WriteString("/s/" + url.PathEscape(k.space))
	}
	b.WriteString("/api")
	for _, segment := range k.path {
		if segment == "" || segment == "." || segment == ".." {
			return "", fmt.Errorf("id %q: not usable in a path", segment)
		}
		b.WriteString("/" + url.PathEscape(segment))
	}
	if len(k.query) > 0 {
		b.WriteString("?" + k.query.Encode())
	}
	return b.String(), nil
}

// words finds Kibana's own words in the body of a refusal.
func words(body []byte) string {
	var refusal struct {
		Message any `json:"message"`
	}
	if json.Unmarshal(body, &refusal) != nil {
		return ""
	}
	text, _ := refusal.Message.(string)
	return strings.TrimSpace(text)
}

// unreadable is the error for an answer of 200 that is not what was asked for:
// a proxy's login page, a cut-off body. It passes, so it is transient.
func unreadable(k call, err error) error {
	e := &connector.Error{Op: k.op, Kind: connector.Transient, Err: fmt.Errorf("unreadable answer: %w", err)}
	if k.reads() {
		e.Effect = connector.NotApplied
	}
	return e
}

// isKind reports whether err is of the kind.
func isKind(err error, kind connector.Kind) bool {
	var e *connector.Error
	return errors.As(err, &e) && e.Kind == kind
}

// hasStatus reports whether err is an answer with that HTTP status.
func hasStatus(err error, status int) bool {
	var e *connector.Error
	return errors.As(err, &e) && e.Status == status
}
