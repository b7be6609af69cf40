package webhook

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

// call is one request, rendered.
type call struct {
	op             string
	method         string
	url            string
	body           []byte // JSON; nil for none
	idempotencyKey string // "" for none
	class          httpclient.Class
	reads          bool // changes nothing, whatever its method
}

// send does one request and returns the body of a 2xx answer. Every error is
// an [*connector.Error].
func (w *webhook) send(ctx context.Context, c call) ([]byte, error) {
	req, err := w.request(ctx, c)
	if err != nil {
		return nil, connector.Unsendable(c.op, err)
	}
	exchange := httpclient.Exchange{Op: c.op, Reads: c.reads, Words: words, Class: c.class}
	body, doErr := exchange.Do(w.http, req)
	if doErr != nil {
		return nil, connector.AsError(c.op, doErr)
	}
	return body, nil
}

func (w *webhook) request(ctx context.Context, c call) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, c.method, c.url, bytes.NewReader(c.body))
	if err != nil {
		return nil, errors.New("the rendered URL cannot be requested") // err shows it
	}
	for name, value := range w.settings.headers {
		req.Header.Set(name, value.Reveal())
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host // net/http takes it from there alone
		req.Header.Del("Host")
	}
	if c.idempotencyKey != "" {
		req.Header.Set(idempotencyHeader, c.idempotencyKey)
	}
	return req, nil
}
