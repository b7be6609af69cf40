package resilient_test

import (
	"bytes"
	"io"
	"net/http"
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
	headers := map[string]string{}
	for k, v := range req.Header {
		headers[k] = strings.Join(v, ", ")
	}
	s.requests = append(s.requests, request{Method: req.Method, URL: req.URL.String(), Headers: headers, Body: string(body)})
	if len(s.answers) == 0 {
		s.t.Errorf("%s %s: the vector has no answer left", req.Method, req.URL.Path)
		return nil, io.EOF
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	resp := &http.Response{
		StatusCode: a.Status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(a.Body)), Request: req,
	}
	for k, text := range a.Headers {
		resp.Header.Set(k, text)
	}
	return resp, nil
}
