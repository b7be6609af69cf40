package worker

import (
	"net/http"
	"time"

	"github.com/casepush/casepush/internal/telemetry"
)

// trace writes a debug line for each request of a client: whom it asked, for
// which path, how it was answered and how long that took. Queries, headers and
// bodies are not told. Above debug level the client stays as it is.
func trace(client *http.Client, log *telemetry.Logger, to string) {
	if log == nil || !log.Core().Enabled(telemetry.DebugLevel) {
		return
	}
	client.Transport = traced{client.Transport, log, to}
}

type traced struct {
	base http.RoundTripper
	log  *telemetry.Logger
	to   string
}

// RoundTrip implements http.RoundTripper. What is told as status 0 has no
// answer; the line of the push says why.
func (t traced) RoundTrip(req *http.Request) (*http.Response, error) {
	begun := time.Now()
	resp, err := t.base.RoundTrip(req)
	status := 0
	if err == nil {
		status = resp.StatusCode
	}
	t.log.Debug("request", telemetry.String("to", t.to), telemetry.String("http.request.method", req.Method),
		telemetry.String("url.domain", req.URL.Host), telemetry.String("url.path", req.URL.EscapedPath()),
		telemetry.Int("http.response.status_code", status), telemetry.Duration("event.duration", time.Since(begun)))
	return resp, err
}

// CloseIdleConnections lets http.Client.CloseIdleConnections through.
func (t traced) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
