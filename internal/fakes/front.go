package fakes

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
	"time"
)

// MaxRequestBytes bounds a request's body; a larger one answers 413.
const MaxRequestBytes = 16 << 20

// Fake is one fake server with its faults and its journal.
type Fake interface {
	http.Handler
	Faults() *Faults
	Journal() *Journal
}

// Front is what stands before every fake: journal, faults, control routes.
type Front struct {
	faults  *Faults
	journal *Journal
	state   func() any
	next    http.Handler
}

// NewFront makes a front that passes requests on to next. A seed of 0 is 1.
func NewFront(seed uint64, journalSize int, state func() any, next http.Handler) *Front {
	return &Front{faults: NewFaults(seed), journal: NewJournal(journalSize), state: state, next: next}
}

// Faults are the rules by which this fake fails.
func (f *Front) Faults() *Faults { return f.faults }

// Journal is what was asked of this fake.
func (f *Front) Journal() *Journal { return f.journal }

// exchange collects what handlers tell about the request they serve.
type exchange struct{ acted bool }

type exchangeKey struct{}

// Acted notes that the request has changed the fake's state.
func Acted(r *http.Request) {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		x.acted = true
	}
}

// ServeHTTP serves one request. Where a fault leaves the client without an
// answer it panics with http.ErrAbortHandler, which makes a real server close
// the connection and [Transport] return an error.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/__") {
		f.control(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequestBytes))
	if err != nil {
		status := http.StatusBadRequest
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "request body: "+err.Error(), status)
		return
	}
	x := &exchange{}
	entry := f.journal.begin(r, body)
	rule, hit := f.faults.take(r, body)
	status := 0 // no answer was sent
	defer func() { f.journal.end(entry, outcome{status: status, acted: x.acted, fault: rule.ID}) }()

	ctx := context.WithValue(r.Context(), exchangeKey{}, x)
	r = r.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var a *answer
	if hit {
		a = f.misbehave(r, rule)
	} else {
		a = f.act(r)
	}
	status = a.status
	a.send(w, rule.TruncateBody)
}

// misbehave applies a rule and returns the answer to send. It panics with
// http.ErrAbortHandler when there is to be none.
func (f *Front) misbehave(r *http.Request, rule Rule) *answer {
	wait(r.Context(), time.Duration(rule.Delay), rule.ActLate)
	if rule.Reset {
		panic(http.ErrAbortHandler)
	}
	if rule.Status != 0 && !rule.Act {
		wait(r.Context(), time.Duration(rule.DelayAnswer), false)
		return rule.answer()
	}
	a := f.act(r)
	if rule.DropAnswer {
		panic(http.ErrAbortHandler)
	}
	wait(r.Context(), time.Duration(rule.DelayAnswer), false)
	if rule.Status != 0 {
		return rule.answer()
	}
	for k, v := range rule.Header {
		a.header.Set(k, v)
	}
	return a
}

// act lets the fake do what was asked and keeps its answer back.
func (f *Front) act(r *http.Request) *answer {
	a := newAnswer()
	if clean := path.Clean(r.URL.Path); clean != r.URL.Path && clean+"/" != r.URL.Path {
		// ServeMux would redirect; no real server here does.
		http.NotFound(a, r)
		return a
	}
	f.next.ServeHTTP(a, r)
	return a
}

// wait lets d pass. When the client leaves meanwhile the request ends there,
// unless heedless is set.
func wait(ctx context.Context, d time.Duration, heedless bool) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	if heedless {
		<-timer.C
		return
	}
	select {
	case <-timer.C:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// answer is an answer that is not sent yet.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{header: http.Header{}, status: http.StatusOK} }

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// send writes the answer; with truncate > 0 it breaks off after so many bytes
// of the body.
func (a *answer) send(w http.ResponseWriter, truncate int) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	body := a.body.Bytes()
	cut := truncate > 0 && truncate < len(body)
	if cut {
		body = body[:truncate]
	}
	w.WriteHeader(a.status)
	// An error means that the client has left: nobody to tell.
	_, _ = w.Write(body)
	if cut {
		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}
		panic(http.ErrAbortHandler)
	}
}
