package kibana

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

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
	// lookup: the request changes nothing, though it is a POST.
	lookup bool
}

// reads reports whether the request changes nothing.
func (k call) reads() bool { return k.method == http.MethodGet || k.lookup }

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
	if k.method != http.MethodGet {
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
