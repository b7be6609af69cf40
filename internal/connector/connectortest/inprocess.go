package connectortest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"
)

// InProcess is a round-tripper that calls the handler in the goroutine of the
// request: no socket, no goroutine, no time of its own, so that it works
// inside a testing/synctest bubble. It behaves as a connection that is always
// there: it reports GotConn to net/http/httptrace before the handler acts, a
// handler that panics with http.ErrAbortHandler has sent nothing more, a body
// shorter than its Content-Length is cut off, and a hijacked connection is
// read as the bytes that the handler wrote to it.
func InProcess(handler http.Handler) http.RoundTripper { return inProcess{handler} }

type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		closeBody(r)
		return nil, context.Cause(ctx)
	}
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(r.URL.Host)
	}
	if trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	w := &memoryWriter{header: http.Header{}}
	err := p.serve(w, serverRequest(r))
	closeBody(r)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil && !w.wrote {
		return nil, io.EOF // the connection ended before the answer began
	}
	return w.response(r, err)
}

// serve runs the handler; an aborted one gives http.ErrAbortHandler.
func (p inProcess) serve(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if v := recover(); v != nil {
			e, ok := v.(error)
			if !ok || !errors.Is(e, http.ErrAbortHandler) {
				panic(v)
			}
			err = e
		}
	}()
	p.handler.ServeHTTP(w, r)
	return nil
}

// serverRequest is the request as a server's handler sees it.
func serverRequest(r *http.Request) *http.Request {
	s := r.Clone(r.Context())
	s.RequestURI = r.URL.RequestURI()
	s.RemoteAddr = "127.0.0.1:1"
	s.Proto, s.ProtoMajor, s.ProtoMinor = "HTTP/1.1", 1, 1
	if s.Host == "" {
		s.Host = r.URL.Host
	}
	if s.Body == nil {
		s.Body = http.NoBody
	}
	return s
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// memoryWriter keeps what the handler writes.
type memoryWriter struct {
	header   http.Header
	sent     http.Header // header as it was at WriteHeader
	status   int
	wrote    bool
	body     bytes.Buffer
	hijacked *memoryConn
}

func (w *memoryWriter) Header() http.Header { return w.header }

func (w *memoryWriter) WriteHeader(status int) {
	if !w.wrote && status >= 200 { // 1xx are not the answer
		w.wrote, w.status, w.sent = true, status, w.header.Clone()
	}
}

func (w *memoryWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// Flush sends nothing: the answer is read when the handler has ended.
func (w *memoryWriter) Flush() { w.WriteHeader(http.StatusOK) }

// Hijack gives the handler a connection whose bytes become the answer.
func (w *memoryWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.hijacked = &memoryConn{}
	w.wrote = true
	return w.hijacked, bufio.NewReadWriter(bufio.NewReader(w.hijacked), bufio.NewWriter(w.hijacked)), nil
}

// response is the answer as a client sees it.
func (w *memoryWriter) response(r *http.Request, aborted error) (*http.Response, error) {
	if w.hijacked != nil {
		resp, err := http.ReadResponse(bufio.NewReader(&w.hijacked.out), r)
		if err != nil {
			return nil, fmt.Errorf("read answer: %w", err)
		}
		return resp, nil
	}
	w.WriteHeader(http.StatusOK)
	body := w.body.Bytes()
	resp := &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, ContentLength: int64(len(body)), Request: r,
	}
	var declared int64
	if _, err := fmt.Sscan(w.sent.Get("Content-Length"), &declared); err == nil {
		resp.ContentLength = declared
		if declared > int64(len(body)) {
			aborted = io.ErrUnexpectedEOF
		}
	}
	var reader io.Reader = bytes.NewReader(body)
	if aborted != nil {
		reader = io.MultiReader(reader, cutOff{})
	}
	resp.Body = io.NopCloser(reader)
	return resp, nil
}

// cutOff is the end of a connection in the middle of a body.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// memoryConn keeps what is written and has nothing to read.
type memoryConn struct{ out bytes.Buffer }

func (c *memoryConn) Read([]byte) (int, error)         { return 0, io.EOF }
func (c *memoryConn) Write(b []byte) (int, error)      { return c.out.Write(b) }
func (c *memoryConn) Close() error                     { return nil }
func (c *memoryConn) LocalAddr() net.Addr              { return memoryAddr{} }
func (c *memoryConn) RemoteAddr() net.Addr             { return memoryAddr{} }
func (c *memoryConn) SetDeadline(time.Time) error      { return nil }
func (c *memoryConn) SetReadDeadline(time.Time) error  { return nil }
func (c *memoryConn) SetWriteDeadline(time.Time) error { return nil }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }
