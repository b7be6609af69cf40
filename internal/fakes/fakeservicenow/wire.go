package fakeservicenow

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
)

// refusal is why a request is not done: a status and ServiceNow's two texts.
type refusal struct {
	status          int
	message, detail string // a detail "" is null
}

// Error implements error.
func (e *refusal) Error() string { return e.message + ": " + e.detail }

// send answers in ServiceNow's envelope.
func (e *refusal) send(w http.ResponseWriter) {
	var detail any
	if e.detail != "" {
		detail = e.detail
	}
	fakes.WriteJSON(w, e.status, map[string]any{"error": map[string]any{"message": e.message, "detail": detail}, "status": "failure"})
}

func noRecord() *refusal {
	return &refusal{http.StatusNotFound, "No Record found", "Record doesn't exist or ACL restricts the record retrieval"}
}

func noTable(name string) *refusal {
	return &refusal{http.StatusBadRequest, "Invalid table " + name, "Table " + name + " does not exist"}
}

// operationFailed is how access rules, data policies and business rules refuse.
func operationFailed(detail string) *refusal {
	return &refusal{http.StatusForbidden, "Operation Failed", detail}
}

func noResource(w http.ResponseWriter, _ *http.Request) {
	(&refusal{status: http.StatusBadRequest, message: "Requested URI does not represent any resource"}).send(w)
}

func wrongMethod(w http.ResponseWriter, r *http.Request) {
	(&refusal{status: http.StatusMethodNotAllowed, message: "Method " + r.Method + " is not supported for the requested resource"}).send(w)
}

func answer(w http.ResponseWriter, status int, result any) {
	fakes.WriteJSON(w, status, map[string]any{"result": result})
}

// decode reads a JSON body into v. Accept and Content-Type are required.
func decode(r *http.Request, v any) *refusal {
	accept, sent := r.Header.Get("Accept"), r.Header.Get("Content-Type")
	switch {
	case accept == "" || sent == "":
		return &refusal{http.StatusBadRequest, "Invalid headers", "Accept and Content-Type are required"}
	case !strings.Contains(accept, "application/json") && !strings.Contains(accept, "*/*"):
		return &refusal{http.StatusNotAcceptable, "Not acceptable", "Only application/json is played here"}
	case !strings.HasPrefix(sent, "application/json"):
		return &refusal{http.StatusUnsupportedMediaType, "Unsupported media type", "Only application/json is played here"}
	}
	b, err := io.ReadAll(r.Body)
	if err == nil {
		err = fakes.DecodeOne(b, v)
	}
	if err != nil {
		return &refusal{http.StatusBadRequest, "Exception while reading request", "The payload is not valid JSON."}
	}
	return nil
}

// fields reads a body of fields: every value becomes text, null the empty one.
func fields(r *http.Request) (map[string]string, *refusal) {
	var body map[string]json.RawMessage
	if refused := decode(r, &body); refused != nil {
		return nil, refused
	}
	out := make(map[string]string, len(body))
	for name, raw := range body {
		out[name] = text(raw)
	}
	return out, nil
}

// text is what ServiceNow stores for a JSON value: lists and objects as JSON.
func text(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	var s string
	switch {
	case bytes.Equal(raw, []byte("null")):
		return ""
	case json.Unmarshal(raw, &s) == nil:
		return s
	default:
		return string(raw)
	}
}

// base is the address of this instance.
func (f *Fake) base(r *http.Request) string {
	if base := strings.TrimSuffix(f.opts.BaseURL, "/"); base != "" {
		return base
	}
	return "http://" + r.Host
}
