package jira

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

// apiPath is relative: go-jira resolves it against the base URL, whose own
// path (/ex/jira/<cloud id>, /jira) is kept.
const apiPath = "rest/api/2"

// call is one request to Jira's REST API.
type call struct {
	op     string
	method string
	path   string     // under the API, already escaped
	parts  []string   // further path parts, escaped here
	suffix string     // after the parts, already escaped
	query  url.Values // may be nil
	body   []byte     // JSON; nil for none
	class  httpclient.Class
	reads  bool // changes nothing
	search bool // reads, and a 404 does not mean a missing issue
}

// send does one request and returns the body of a 2xx answer. Every error is
// an [*connector.Error].
func (j *jira) send(ctx context.Context, c call) ([]byte, error) {
	req, err := j.request(ctx, c)
	if err != nil {
		return nil, connector.Unsendable(c.op, err)
	}
	exchange := httpclient.Exchange{
		Op: c.op, Reads: c.reads || c.search, Search: c.search, Words: words, Class: c.class, Scope: limitScope,
	}
	body, doErr := exchange.Do(j.http, req)
	if doErr != nil {
		return nil, connector.AsError(c.op, doErr)
	}
	return body, nil
}

// limitScope says what a 429 is about: Jira Cloud counts the writes to each
// issue apart.
func limitScope(h http.Header) connector.Scope {
	if h.Get("RateLimit-Reason") == "jira-per-issue-on-write" {
		return connector.OneIncident
	}
	return connector.WholeTracker
}

func (j *jira) request(ctx context.Context, c call) (*http.Request, error) {
	target := apiPath + "/" + c.path
	for _, p := range c.parts {
		escaped, ok := wire.PathPart(p)
		if !ok {
			return nil, fmt.Errorf("%q is no issue", p)
		}
		target += "/" + escaped
	}
	target += c.suffix
	if len(c.query) > 0 {
		target += "?" + c.query.Encode()
	}
	// The raw form takes our bytes as they are. NewRequestWithContext would
	// encode them again, with other escapes than Kibana's.
	var body io.Reader
	if c.body != nil {
		body = bytes.NewReader(c.body)
	}
	req, err := j.requests.NewRawRequestWithContext(ctx, c.method, target, body)
	if err != nil {
		return nil, errors.New("the request cannot be built from the issue's id") // err shows the URL
	}
	if c.body == nil {
		req.Header.Del("Content-Type") // go-jira sets it on every request
	}
	req.Header.Set("Accept", "application/json")
	j.settings.authorize(req)
	return req, nil
}
