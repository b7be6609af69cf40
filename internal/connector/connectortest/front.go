package connectortest

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
)

// front stands before the tracker, at the server's side of the socket, and
// fails on purpose.
type front struct {
	tracker http.Handler

	mu      sync.Mutex
	fault   func(http.ResponseWriter, *http.Request, http.Handler)
	match   func(*http.Request) bool
	hits    int
	conns   int
	capture *[]answer
	replay  []answer
}

// answer is an answer of the tracker's.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) write(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// ask lets the tracker act and returns its answer.
func ask(tracker http.Handler, r *http.Request) answer {
	rec := httptest.NewRecorder()
	tracker.ServeHTTP(rec, r)
	return answer{rec.Code, rec.Header(), rec.Body.Bytes()}
}

// ServeHTTP reads the whole request first: a server that has not read it would
// not notice that the client went away.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.mu.Lock()
	fault, capture := f.fault, f.capture
	if fault != nil && !f.match(r) {
		fault = nil
	}
	var again *answer
	if len(f.replay) > 0 {
		again = &f.replay[0]
		f.replay = f.replay[1:]
	}
	if fault != nil {
		f.hits++
	}
	f.mu.Unlock()
	switch {
	case again != nil:
		again.write(w)
	case fault != nil:
		fault(w, r, f.tracker)
	default:
		a := ask(f.tracker, r)
		if capture != nil {
			f.mu.Lock()
			*capture = append(*capture, a)
			f.mu.Unlock()
		}
		a.write(w)
	}
}

// arm makes every matching request fail from now on; a nil fault ends that.
func (f *front) arm(fault func(http.ResponseWriter, *http.Request, http.Handler), match func(*http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.match, f.hits = fault, match, 0
}

// struck says how many requests met the fault.
func (f *front) struck() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hits
}

// record returns the tracker's answers to what during sends.
func (f *front) record(during func()) []answer {
	var got []answer
	f.mu.Lock()
	f.capture = &got
	f.mu.Unlock()
	during()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.capture = nil
	return got
}

// repeat gives these answers to the next requests, whatever they ask.
func (f *front) repeat(answers []answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replay = append([]answer(nil), answers...)
}

func (f *front) connState(_ net.Conn, s http.ConnState) {
	if s == http.StateNew {
		f.mu.Lock()
		f.conns++
		f.mu.Unlock()
	}
}

// connections says how many connections were ever made.
func (f *front) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conns
}
