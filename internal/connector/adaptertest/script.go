package adaptertest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/spectest"
)

// answer is one answer of a tracker.
type answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
	Text    string            `json:"text,omitempty"` // instead of body, where that is no JSON
}

// script answers with what the step has, in order, and notes the requests.
type script struct {
	t        *testing.T
	show     func(*http.Request, []byte) any
	answers  []answer
	requests []json.RawMessage
}

// RoundTrip implements http.RoundTripper.
func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	s.requests = append(s.requests, spectest.Encode(s.t, s.show(req, body)))
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

// Whole shows a request with its URL and its headers, without the named ones.
func Whole(without ...string) func(*http.Request, []byte) any {
	return func(r *http.Request, body []byte) any {
		headers := map[string]string{}
		for name, value := range flat(r.Header) {
			// A client may write a name otherwise, which means the same.
			if name = http.CanonicalHeaderKey(name); !slices.Contains(without, name) {
				headers[name] = value
			}
		}
		if r.Host != "" && r.Host != r.URL.Host {
			headers["Host"] = r.Host
		}
		return struct {
			Method  string            `json:"method"`
			URL     string            `json:"url"` // escaped, as it is sent
			Headers map[string]string `json:"headers"`
			Body    string            `json:"body,omitempty"` // byte by byte
		}{r.Method, r.URL.String(), headers, string(body)}
	}
}

// Parts shows a request with its query decoded, and of its credentials the kind.
func Parts(r *http.Request, body []byte) any {
	kind, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return struct {
		Method        string            `json:"method"`
		Path          string            `json:"path"`            // escaped, with host
		Query         map[string]string `json:"query,omitempty"` // decoded
		Authorization string            `json:"authorization,omitempty"`
		ContentType   string            `json:"content_type,omitempty"`
		Body          string            `json:"body,omitempty"` // byte by byte
	}{
		r.Method, r.URL.Scheme + "://" + r.URL.Host + r.URL.EscapedPath(), flat(r.URL.Query()), kind,
		r.Header.Get("Content-Type"), string(body),
	}
}

// flat joins repeated values, of which there are none.
func flat(values map[string][]string) map[string]string {
	out := make(map[string]string, len(values))
	for k, v := range values {
		out[k] = strings.Join(v, " AND ALSO ")
	}
	return out
}
