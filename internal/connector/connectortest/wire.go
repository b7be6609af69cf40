package connectortest

import (
	"net/http"
	"slices"
	"sync"
)

// wire is the round-tripper between the rules of the real client and the
// socket. It counts what the adapter really sends.
type wire struct {
	reads func(*http.Request) bool
	base  *http.Transport

	mu      sync.Mutex
	all     int
	writes  int
	queries []string
	targets []string
	hosts   []string
}

// RoundTrip counts and passes on.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.all++
	if !w.reads(r) {
		w.writes++
	}
	if r.URL.RawQuery != "" {
		w.queries = append(w.queries, r.URL.RawQuery)
	}
	w.targets = append(w.targets, r.URL.RequestURI())
	w.hosts = append(w.hosts, r.URL.Host)
	w.mu.Unlock()
	return w.base.RoundTrip(r)
}

// CloseIdleConnections closes what is idle.
func (w *wire) CloseIdleConnections() { w.base.CloseIdleConnections() }

// reset forgets what was counted.
func (w *wire) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all, w.writes, w.queries, w.targets, w.hosts = 0, 0, nil, nil, nil
}

// counted returns the number of requests, and of those that change something.
func (w *wire) counted() (all, writes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all, w.writes
}

// seen returns the query strings and request targets that were sent.
func (w *wire) seen() (queries, targets []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.queries), slices.Clone(w.targets)
}

// strangers returns the hosts that were asked other than the given one.
func (w *wire) strangers(host string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.hosts), func(h string) bool { return h == host })
}
