// Package fakestest is what the tests of all fakes share.
package fakestest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/casepush/casepush/internal/fakes"
)

// Call sends one request to a handler and decodes the answer, which may be
// empty.
func Call(t *testing.T, h http.Handler, method, target, body string, header ...string) (int, map[string]any) {
	t.Helper()
	status, b := CallRaw(t, h, method, target, body, header...)
	var v map[string]any
	if len(bytes.TrimSpace(b)) > 0 {
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatalf("%s %s: answer %d %q: %v", method, target, status, b, err)
		}
	}
	return status, v
}

// CallRaw is [Call] without decoding: any answer will do.
func CallRaw(t *testing.T, h http.Handler, method, target, body string, header ...string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://fake"+target, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := fakes.Transport{Handler: h}.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: read answer: %v", method, target, err)
	}
	return resp.StatusCode, b
}
