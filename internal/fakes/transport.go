package fakes

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// Transport carries requests to a handler in the same process: no connection
// and no port, so that it works inside a testing/synctest bubble.
type Transport struct {
	// Handler answers every request, whatever its host.
	Handler http.Handler
}

// errNoAnswer is what a closed connection looks like to the client.
var errNoAnswer = errors.New("connection closed without an answer")

// RoundTrip runs the handler in a goroutine of its own and returns its answer.
// When the request's context ends first it returns the context's error at
// once; the handler goes on until it notices, as a real server does. An
// aborted handler (http.ErrAbortHandler) is an error that wraps io.EOF, or a
// body that breaks off with io.ErrUnexpectedEOF once a part of it was sent.
func (t Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in, err := serverRequest(req)
	if err != nil {
		return nil, err
	}
	done := make(chan *http.Response, 1)
	go func() { done <- t.serve(in, req) }()
	select {
	case resp := <-done:
		if resp == nil {
			return nil, errors.Join(errNoAnswer, io.EOF)
		}
		return resp, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve returns nil when the handler gave no answer. Other panics than
// http.ErrAbortHandler are defects and go on.
func (t Transport) serve(in, out *http.Request) (resp *http.Response) {
	a := &partialAnswer{answer: newAnswer()}
	var tail io.Reader = bytes.NewReader(nil)
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			if !a.started {
				resp = nil
				return
			}
			tail = brokenOff{}
		}
		resp = &http.Response{
			Status: strconv.Itoa(a.status) + " " + http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: a.header, Body: io.NopCloser(io.MultiReader(&a.body, tail)), ContentLength: -1, Request: out,
		}
	}()
	t.Handler.ServeHTTP(a, in)
	return nil // set by the deferred function
}

// serverRequest is the request as a server would have read it.
func serverRequest(req *http.Request) (*http.Request, error) {
	var body []byte
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, err
		}
		body = b
	}
	in := req.Clone(req.Context())
	in.Body = io.NopCloser(bytes.NewReader(body))
	in.ContentLength = int64(len(body))
	in.RequestURI = req.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	return in, nil
}

// partialAnswer knows whether its head has been sent.
type partialAnswer struct {
	*answer
	started bool
}

// WriteHeader implements http.ResponseWriter.
func (a *partialAnswer) WriteHeader(status int) {
	a.started = true
	a.answer.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *partialAnswer) Write(b []byte) (int, error) {
	a.started = true
	return a.answer.Write(b)
}

// brokenOff is the end of a body whose connection was closed.
type brokenOff struct{}

// Read implements io.Reader.
func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
