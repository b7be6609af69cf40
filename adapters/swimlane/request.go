package swimlane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

// call is one request to Swimlane's API.
type call struct {
	op     string
	method string
	path   []string // parts below the API, escaped here
	body   []byte   // JSON; nil for none
	class  httpclient.Class
	reads  bool // changes nothing
	search bool // reads, and what is not found is no record
}

// recordPath is the path of the application's records, or of what lies below.
func (s *swimlane) recordPath(below ...string) []string {
	return append([]string{"app", s.settings.appID, "record"}, below...)
}

// send does one request and returns the body of a 2xx answer. Every error is
// an [*connector.Error]. A read that is answered 204 found nothing: that is
// what Swimlane says instead of 404.
func (s *swimlane) send(ctx context.Context, c call) ([]byte, error) {
	req, err := s.request(ctx, c)
	if err != nil {
		return nil, connector.Unsendable(c.op, err)
	}
	var said *refusal
	status := 0 // 204 is not its empty 200
	exchange := httpclient.Exchange{
		Op: c.op, Reads: c.reads || c.search, Search: c.search, Class: c.class,
		Head: func(answered int, _ http.Header) { status = answered },
		Words: func(body []byte) string {
			said = readRefusal(body)
			return said.Error()
		},
	}
	body, doErr := exchange.Do(s.http, req)
	if doErr != nil {
		return nil, judge(connector.AsError(c.op, doErr), said, c)
	}
	if c.reads && status == http.StatusNoContent {
		return nil, &connector.Error{Op: c.op, Kind: connector.NotFound, Effect: connector.NotApplied, Status: status}
	}
	return body, nil
}

func (s *swimlane) request(ctx context.Context, c call) (*http.Request, error) {
	target := s.settings.api
	for _, p := range c.path {
		escaped, ok := wire.PathPart(p)
		if !ok {
			return nil, fmt.Errorf("%q is no record", p)
		}
		target += "/" + escaped
	}
	req, err := http.NewRequestWithContext(ctx, c.method, target, bytes.NewReader(c.body))
	if err != nil {
		return nil, errors.New("the request cannot be built from the record's id") // err shows the URL
	}
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	s.settings.authorize(req)
	return req, nil
}
