package connectortest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// canary stands in every body that the suite makes up. It never shows.
const canary = "canary-body-5c1e"

// fault is one way in which an exchange goes wrong.
type fault struct {
	name   string
	acts   bool // the tracker has acted before it goes wrong
	answer func(w http.ResponseWriter, r *http.Request, tracker http.Handler)
	// What the connector's error shall say.
	kind       connector.Kind
	effect     connector.Effect // of a write; a read's is always NotApplied
	status     int              // 0: not asked
	retryAfter [2]time.Duration // from, to
	// success: a write may succeed all the same, if it needs nothing of the answer.
	success bool
	slow    bool // ends when the client's patience does
}

// faults is the table: what each must become follows from the status, and
// from whether the tracker can have acted.
func faults() []fault {
	list := []fault{
		{name: "reset", answer: reset(false)},
		{name: "answer lost", acts: true, answer: reset(true)},
		{name: "answer truncated", acts: true, answer: truncated},
		{name: "not HTTP", answer: raw("canary \"" + canary + "\"\r\n\r\n")},
		{name: "login page", answer: page("text/html"), status: 200},
		{name: "login page as JSON", answer: page("application/json"), status: 200},
		{name: "empty 200", answer: reply(200, nil, ""), success: true},
		{name: "empty object", answer: reply(200, nil, "{}"), success: true},
		{name: "null", answer: reply(200, nil, "null"), success: true},
		{name: "10 MiB", acts: true, answer: huge, status: 200},
		{name: "no answer", answer: silent, slow: true},
		{name: "body stalls", acts: true, answer: stalls, slow: true},
		{name: "302 to another host", answer: redirect(302), status: 302},
		{name: "307 to another host", answer: redirect(307), status: 307},
		{
			name: "429 in seconds", answer: reply(429, http.Header{"Retry-After": {"7"}}, notes), status: 429,
			kind: connector.RateLimited, effect: connector.NotApplied, retryAfter: [2]time.Duration{7 * time.Second, 7 * time.Second},
		},
		{
			name: "429 until a date", answer: untilDate, status: 429,
			kind: connector.RateLimited, effect: connector.NotApplied, retryAfter: [2]time.Duration{89 * time.Second, 91 * time.Second},
		},
		{
			name: "503 with Retry-After", answer: reply(503, http.Header{"Retry-After": {"5"}}, htmlPage), status: 503,
			retryAfter: [2]time.Duration{5 * time.Second, 5 * time.Second},
		},
	}
	refused := map[int]connector.Kind{
		400: connector.Rejected, 401: connector.Unauthenticated, 403: connector.Forbidden, 404: connector.NotFound,
		405: connector.Rejected, 409: connector.Conflict, 410: connector.Rejected, 413: connector.Rejected,
		422: connector.Rejected, 423: connector.Conflict, 429: connector.RateLimited,
	}
	for _, status := range []int{400, 401, 403, 404, 405, 408, 409, 410, 413, 422, 423, 429, 500, 502, 503, 504} {
		f := fault{name: fmt.Sprint(status), answer: reply(status, nil, notes), status: status}
		if kind, definite := refused[status]; definite {
			f.kind, f.effect = kind, connector.NotApplied
		}
		list = append(list, f)
	}
	return append(list,
		fault{name: "500 after acting", acts: true, answer: afterActing(500), status: 500},
		fault{name: "504 after acting", acts: true, answer: afterActing(504), status: 504},
		fault{name: "404 page", answer: reply(404, nil, htmlPage), status: 404, kind: connector.NotFound, effect: connector.NotApplied})
}

const (
	notes    = `{"` + canary + `":["` + canary + `"]}`
	htmlPage = "<!doctype html><title>" + canary + "</title>"
)

type responder = func(http.ResponseWriter, *http.Request, http.Handler)

func reply(status int, header http.Header, body string) responder {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for k, v := range header {
			w.Header()[k] = v
		}
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func page(contentType string) responder {
	return reply(200, http.Header{"Content-Type": {contentType}}, "\n"+htmlPage)
}

func untilDate(w http.ResponseWriter, r *http.Request, next http.Handler) {
	now := time.Now().UTC().Truncate(time.Second)
	header := http.Header{"Date": {now.Format(http.TimeFormat)}, "Retry-After": {now.Add(90 * time.Second).Format(http.TimeFormat)}}
	reply(429, header, notes)(w, r, next)
}

func redirect(status int) responder {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_, port, _ := net.SplitHostPort(r.Host)
		// Another host by name that leads to this very server, which would serve it.
		to := "http://localhost:" + port + r.URL.RequestURI()
		reply(status, http.Header{"Location": {to}}, htmlPage)(w, r, next)
	}
}

func afterActing(status int) responder {
	return func(w http.ResponseWriter, r *http.Request, tracker http.Handler) {
		ask(tracker, r)
		reply(status, nil, notes)(w, r, tracker)
	}
}

// reset lets the tracker act or not, and ends the connection without a word.
func reset(acts bool) responder {
	return func(w http.ResponseWriter, r *http.Request, tracker http.Handler) {
		if acts {
			ask(tracker, r)
		}
		conn := hijack(w)
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // RST instead of FIN
		}
		_ = conn.Close()
	}
}

func raw(text string) responder {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		conn := hijack(w)
		_, _ = io.WriteString(conn, text)
		_ = conn.Close()
	}
}

// truncated sends half of the tracker's own answer.
func truncated(w http.ResponseWriter, r *http.Request, tracker http.Handler) {
	a := ask(tracker, r)
	text := fmt.Sprintf("HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	if half := len(a.body) / 2; half > 0 {
		text += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(a.body), a.body[:half])
	}
	raw(text)(w, r, tracker)
}

func hijack(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err) // the server's own writer can
	}
	return conn
}

func huge(w http.ResponseWriter, r *http.Request, tracker http.Handler) {
	a := ask(tracker, r)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(200)
	// What the tracker said, with room for 10 MiB before its end: valid JSON.
	body := strings.TrimSpace(string(a.body))
	if body == "" {
		body = "{}"
	}
	_, _ = io.WriteString(w, body[:len(body)-1])
	blank := strings.Repeat(" ", 1<<20)
	for range 10 {
		if _, err := io.WriteString(w, blank); err != nil {
			return
		}
	}
	_, _ = io.WriteString(w, body[len(body)-1:])
}

func silent(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }

// stalls acts, begins to answer and says no more.
func stalls(w http.ResponseWriter, r *http.Request, tracker http.Handler) {
	ask(tracker, r)
	w.WriteHeader(200)
	_, _ = io.WriteString(w, `{"`)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}
