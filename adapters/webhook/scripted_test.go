package webhook_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// scripted answers with what the step has, in order, and notes the requests.
type scripted struct {
	t        *testing.T
	answers  []answer
	requests []request
}

// RoundTrip implements http.RoundTripper.
func (s *scripted) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = b
	}
	r := request{Method: req.Method, URL: req.URL.String(), Headers: map[string]string{}, Body: string(body)}
	if req.Host != req.URL.Host {
		r.Headers["Host"] = req.Host
	}
	for name, values := range req.Header {
		if !slices.Contains([]string{"Accept", "User-Agent"}, name) { // the client's
			r.Headers[http.CanonicalHeaderKey(name)] = strings.Join(values, " AND ALSO ")
		}
	}
	s.requests = append(s.requests, r)
	if len(s.answers) == 0 {
		s.t.Errorf("%s %s: the vector has no answer left", req.Method, req.URL.Path)
		return nil, io.EOF
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	text := []byte(a.Text)
	if a.Text == "" {
		text = a.Body
	}
	resp := &http.Response{
		StatusCode: a.Status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(text)), Request: req,
	}
	for k, text := range a.Headers {
		resp.Header.Set(k, text)
	}
	return resp, nil
}
