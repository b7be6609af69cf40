//go:build linux

package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

// Faults of a tracker.
const (
	faultNone   = ""
	faultRefuse = "refuse" // no connection is taken
	fault503    = "503"    // every request is answered 503
	faultHole   = "hole"   // requests are read and never answered
)

// tracker is a light Jira: it takes the requests of our adapter, counts them
// and answers. It shares the machine with what it measures, so it speaks just
// as much HTTP/1.1 as that takes.
type tracker struct {
	latency time.Duration
	addr    string

	mu       sync.Mutex
	listener net.Listener // nil while it refuses connections
	conns    map[net.Conn]struct{}
	fault    string
	counts   counts
	cases    []seen
	issues   []int // case by issue
}

// counts is what a tracker has seen. Times are in nanoseconds since 1970.
type counts struct {
	Requests, Conns           int
	Creates, Updates          int // taken
	Comments, Reads, Searches int
	Refused                   int // answered with an error
	Cases                     int // that have an issue
	First, Last               int64
}

// seen is what a tracker has seen of one case.
type seen struct {
	First    int64 // when the first create came
	Creates  int   // taken
	Refused  int
	Updates  int
	Comments []int // numbers of the notes, as they came
}

func runTracker(ctx context.Context, s spec) error {
	t := &tracker{latency: time.Duration(s.LatencyMS) * time.Millisecond, addr: "127.0.0.1:0", conns: map[net.Conn]struct{}{}}
	if err := t.listen(); err != nil {
		return err
	}
	control, err := t.serveControl()
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "http://%s http://%s\n", t.addr, control)
	<-ctx.Done()
	return nil
}

// listen takes connections from now on.
func (t *tracker) listen() error {
	l, err := net.Listen("tcp", t.addr)
	if err != nil {
		return err
	}
	t.listener, t.addr = l, l.Addr().String()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			t.mu.Lock()
			t.counts.Conns++
			t.conns[conn] = struct{}{}
			t.mu.Unlock()
			go t.serve(conn)
		}
	}()
	return nil
}

// setFault changes how requests are met from now on.
func (t *tracker) setFault(fault string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fault = fault
	if fault != faultRefuse {
		if t.listener == nil {
			return t.listen()
		}
		return nil
	}
	if t.listener == nil {
		return nil
	}
	err := t.listener.Close()
	t.listener = nil
	for conn := range t.conns {
		_ = conn.Close()
	}
	return err
}

func (t *tracker) serve(conn net.Conn) {
	defer func() {
		t.mu.Lock()
		delete(t.conns, conn)
		t.mu.Unlock()
		_ = conn.Close()
	}()
	in := bufio.NewReaderSize(conn, 32<<10)
	var req request
	var out []byte
	for req.read(in) == nil {
		status, body, fault := t.take(&req)
		if fault == faultHole {
			_, _ = io.Copy(io.Discard, in) // until the client gives up
			return
		}
		if t.latency > 0 {
			<-time.After(t.latency)
		}
		out = fmt.Appendf(out[:0], "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

// request is one request; its parts are valid until the next one is read.
type request struct {
	method, target string
	body           []byte
}

var errRequest = errors.New("not a request that a tracker understands")

func (r *request) read(in *bufio.Reader) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	method, rest, ok1 := bytes.Cut(line, []byte(" "))
	target, _, ok2 := bytes.Cut(rest, []byte(" "))
	if !ok1 || !ok2 {
		return errRequest
	}
	r.method, r.target = string(method), string(target)
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		name, value, ok := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		if !ok {
			break // the empty line
		}
		if bytes.EqualFold(name, []byte("content-length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return errRequest
			}
		}
	}
	if cap(r.body) < length {
		r.body = make([]byte, length)
	}
	r.body = r.body[:length]
	_, err = io.ReadFull(in, r.body)
	return err
}
