package resilient_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
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
	s.requests = append(s.requests, request{
		Method: req.Method, Path: req.URL.Scheme + "://" + req.URL.Host + req.URL.EscapedPath(), Query: flat(req.URL.Query()),
		Authorization: req.Header.Get("Authorization"), ContentType: req.Header.Get("Content-Type"), Body: string(body),
	})
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

// flat joins repeated parameters, of which there are none.
func flat(q url.Values) map[string]string {
	out := make(map[string]string, len(q))
	for k, v := range q {
		out[k] = strings.Join(v, " AND ALSO ")
	}
	return out
}
