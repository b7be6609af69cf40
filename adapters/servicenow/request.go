package servicenow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

const tableAPI = "/api/now/v2/table/"

// call is one request to ServiceNow.
type call struct {
	op     string
	method string
	path   string     // below the instance's address, already escaped
	query  url.Values // may be nil
	body   []byte     // JSON; nil for none
	class  httpclient.Class
	search bool                                 // reads, and a 404 does not mean a missing incident
	head   func(status int, header http.Header) // hears of an answer; may be nil
}

// tablePath is the list of the connector's table.
func (n *serviceNow) tablePath() string { return tableAPI + n.settings.product.table }

// recordPath is one record of the connector's table.
func (n *serviceNow) recordPath(id string) (string, error) {
	escaped, ok := wire.PathPart(id)
	if !ok {
		return "", fmt.Errorf("%q is no incident", id)
	}
	return n.tablePath() + "/" + escaped, nil
}

// send does one request and returns the body of a 2xx answer. Every error is
// an [*connector.Error]. With OAuth it may have to ask for a token first.
func (n *serviceNow) send(ctx context.Context, c call) ([]byte, error) {
	req, err := n.request(ctx, c)
	if err != nil {
		return nil, connector.Unsendable(c.op, err)
	}
	used, err := n.authorize(ctx, c.op, req)
	if err != nil {
		return nil, err
	}
	exchange := httpclient.Exchange{
		Op: c.op, Reads: c.method == http.MethodGet, Search: c.search, Words: n.settings.refusal, Class: c.class, Head: c.head,
	}
	body, doErr := exchange.Do(n.http, req)
	if doErr == nil {
		return body, nil
	}
	e := connector.AsError(c.op, doErr)
	if e.Status == http.StatusUnauthorized {
		n.tokens.drop(used)
	}
	if e.Status >= 200 && e.Status <= 299 && ctx.Err() == nil && !errors.Is(e, connector.ErrAnswerTooLarge) {
		e.Err = fmt.Errorf("%w %w", n.notServiceNow(), e.Err)
	}
	return nil, e
}

func (n *serviceNow) request(ctx context.Context, c call) (*http.Request, error) {
	target := n.settings.apiURL + c.path
	if len(c.query) > 0 {
		target += "?" + c.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, c.method, target, bytes.NewReader(c.body))
	if err != nil {
		return nil, errors.New("the request cannot be built from the incident's id") // err shows the URL
	}
	req.Header.Set("Accept", "application/json")
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// authorize puts the credentials on a request. The token that it used is
// returned, "" with basic authentication.
func (n *serviceNow) authorize(ctx context.Context, op string, req *http.Request) (string, error) {
	if n.tokens == nil {
		req.SetBasicAuth(n.settings.username.Reveal(), n.settings.password.Reveal())
		return "", nil
	}
	t, err := n.tokens.get(ctx, op)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", t.header)
	return t.header, nil
}

// result reads what an answer holds under "result". One without it is not
// ServiceNow's.
func (n *serviceNow) result(body []byte, v any) error {
	var answer struct {
		Result rawValue `json:"result"`
	}
	if len(body) > 0 {
		if err := wire.Decode(body, &answer); err != nil {
			return err
		}
	}
	if len(answer.Result) == 0 || string(answer.Result) == "null" {
		return n.notServiceNow()
	}
	return wire.Decode(answer.Result, v)
}

// notServiceNow has Kibana's words for an answer that is no ServiceNow's: a
// page of a login, of maintenance, of an instance that hibernates.
func (n *serviceNow) notServiceNow() error {
	return wire.KibanaError(fmt.Sprintf("There is an issue with your Service Now Instance. Please check %s.", n.settings.host))
}
