//go:build linux

package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
)

// serveControl opens the door by which the rig asks and commands the tracker.
func (t *tracker) serveControl() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) {
		t.mu.Lock()
		c := t.counts
		t.mu.Unlock()
		answer(w, c)
	})
	mux.HandleFunc("GET /cases", func(w http.ResponseWriter, _ *http.Request) {
		t.mu.Lock()
		defer t.mu.Unlock()
		answer(w, t.cases)
	})
	mux.HandleFunc("POST /fault", func(w http.ResponseWriter, r *http.Request) {
		if err := t.setFault(r.URL.Query().Get("is")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	go func() { _ = http.Serve(l, mux) }()
	return l.Addr().String(), nil
}

func answer(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// trackerProcess is a tracker as the rig sees it.
type trackerProcess struct {
	t       testing.TB
	url     string
	control string
}

func startTracker(t testing.TB, latencyMS int) *trackerProcess {
	t.Helper()
	p := startRole(t, "tracker", spec{LatencyMS: latencyMS})
	tr := &trackerProcess{t: t}
	until(t, "addresses of the tracker", func() bool {
		n, _ := fmt.Sscan(p.output(), &tr.url, &tr.control)
		return n == 2
	})
	return tr
}

func (tr *trackerProcess) ask(method, path string, into any) {
	tr.t.Helper()
	req, err := http.NewRequestWithContext(tr.t.Context(), method, tr.control+path, nil)
	if err != nil {
		tr.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		tr.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		tr.t.Fatalf("tracker: %s: %s %s %v", path, strconv.Itoa(resp.StatusCode), body, err)
	}
	if into != nil {
		if err := json.Unmarshal(body, into); err != nil {
			tr.t.Fatal(err)
		}
	}
}

func (tr *trackerProcess) counts() (c counts) {
	tr.t.Helper()
	tr.ask("GET", "/counts", &c)
	return c
}

// cases is what was seen of each case, by number.
func (tr *trackerProcess) cases() (c []seen) {
	tr.t.Helper()
	tr.ask("GET", "/cases", &c)
	return c
}

func (tr *trackerProcess) fault(fault string) {
	tr.t.Helper()
	tr.ask("POST", "/fault?is="+fault, nil)
}
