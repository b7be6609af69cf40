package resilient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

// call is one request below the organization's address.
type call struct {
	op       string
	method   string
	path     string // already escaped
	incident string // id, a further part of the path; "" is none
	suffix   string // after the id, already escaped
	query    url.Values
	body     []byte // JSON; nil for none
	class    httpclient.Class
	reads    bool // changes nothing
	search   bool // reads, and a 404 does not mean a missing incident
}

// asObjects makes texts come as {format, content}, as Kibana asks for them.
func asObjects() url.Values { return url.Values{"text_content_output_format": {"objects_convert"}} }

// send does one request and returns the body of a 2xx answer, after it has
// found out the organization's id if that is not known yet. Every error is an
// [*connector.Error].
func (r *resilient) send(ctx context.Context, c call) ([]byte, error) {
	if c.incident != "" && !isNumber(c.incident) {
		return nil, connector.Unsendable(c.op, fmt.Errorf("%q is no incident's id", c.incident))
	}
	org, err := r.organization(ctx, c.class)
	if err != nil {
		return nil, err
	}
	target := "orgs/" + org + "/" + c.path
	if c.incident != "" {
		target += "/" + c.incident
	}
	return r.sendTo(ctx, target+c.suffix, c)
}

// sendTo does one request below /rest.
func (r *resilient) sendTo(ctx context.Context, target string, c call) ([]byte, error) {
	target = r.settings.apiURL + "/rest/" + target
	if len(c.query) > 0 {
		target += "?" + c.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, c.method, target, bytes.NewReader(c.body))
	if err != nil {
		return nil, connector.Unsendable(c.op, errors.New("the request cannot be built")) // err shows the URL
	}
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.SetBasicAuth(r.settings.apiKeyID.Reveal(), r.settings.apiKeySecret.Reveal())
	exchange := httpclient.Exchange{Op: c.op, Reads: c.reads || c.search, Search: c.search, Words: r.words, Class: c.class}
	answer, doErr := exchange.Do(r.http, req)
	if doErr != nil {
		return nil, connector.AsError(c.op, doErr)
	}
	return answer, nil
}

// isNumber reports whether s is an id: digits alone.
func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
