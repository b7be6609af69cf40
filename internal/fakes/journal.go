package fakes

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/secret"
)

const (
	// defaultJournalSize is how many requests a journal keeps by default.
	defaultJournalSize = 10_000
	// maxJournalBytes bounds the bodies that a journal keeps in all.
	maxJournalBytes = 64 << 20
)

// Journal keeps the newest requests, oldest first: so many as it was made for,
// and no more than 64 MiB of bodies. Safe for concurrent use.
type Journal struct {
	mu        sync.Mutex
	limit     int
	bytes     int
	first     int // sequence number of entries[0]
	entries   []Request
	forgotten int
}

// NewJournal returns a journal for limit requests; 0 is 10,000.
func NewJournal(limit int) *Journal {
	if limit <= 0 {
		limit = defaultJournalSize
	}
	return &Journal{limit: limit, first: 1}
}

// Request is one request that a fake was asked. Credentials are never in it:
// headers and query values that hold them are [secret.Redacted].
type Request struct {
	Seq    int               `json:"seq"` // from 1, in order of arrival
	Time   time.Time         `json:"time"`
	Method string            `json:"method"`
	Path   string            `json:"path"` // escaped, as it was sent, without the prefix of a Server
	Query  string            `json:"query,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"`
	// Status that was answered; 0 while it runs and when there was no answer.
	Status int `json:"status"`
	// Acted: the request changed something, whatever was answered.
	Acted bool `json:"acted"`
	// Fault is the id of the rule that was applied, if any.
	Fault string `json:"fault,omitempty"`
}

// Requests returns all that is kept.
func (j *Journal) Requests() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.entries)
}

// Writes returns the requests that changed something.
func (j *Journal) Writes() []Request {
	return slices.DeleteFunc(j.Requests(), func(r Request) bool { return !r.Acted })
}

// Count says for how many requests match is true.
func (j *Journal) Count(match func(Request) bool) int {
	n := 0
	for _, r := range j.Requests() {
		if match(r) {
			n++
		}
	}
	return n
}

// Forgotten says how many requests were dropped because the journal was full.
func (j *Journal) Forgotten() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.forgotten
}

// Clear empties the journal. Sequence numbers go on.
func (j *Journal) Clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.first += len(j.entries)
	j.entries, j.bytes, j.forgotten = nil, 0, 0
}

// outcome is how a request ended.
type outcome struct {
	status int
	acted  bool
	fault  string
}

// begin notes a request at its arrival and returns its sequence number.
func (j *Journal) begin(r *http.Request, body []byte) int {
	entry := Request{
		Time: time.Now().UTC(), Method: r.Method, Path: r.URL.EscapedPath(),
		Query: redactQuery(r.URL.RawQuery), Header: redactHeader(r.Header), Body: string(body),
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	entry.Seq = j.first + len(j.entries)
	j.entries = append(j.entries, entry)
	j.bytes += len(body)
	for len(j.entries) > 1 && (len(j.entries) > j.limit || j.bytes > maxJournalBytes) {
		j.bytes -= len(j.entries[0].Body)
		j.entries = j.entries[1:]
		j.first++
		j.forgotten++
	}
	return entry.Seq
}

// end notes how it ended; without effect if it was forgotten meanwhile.
func (j *Journal) end(seq int, o outcome) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := seq - j.first
	if i < 0 || i >= len(j.entries) {
		return
	}
	j.entries[i].Status, j.entries[i].Acted, j.entries[i].Fault = o.status, o.acted, o.fault
}

// holdsCredential judges by the name of a header or query parameter.
func holdsCredential(name string) bool {
	name = strings.ToLower(name)
	if name == "x-atlassian-token" || name == "nextpagetoken" { // a CSRF switch and a page number
		return false
	}
	return slices.ContainsFunc([]string{"auth", "token", "secret", "cookie", "passw", "apikey", "api-key", "api_key", "signature"},
		func(part string) bool { return strings.Contains(name, part) })
}

func redactHeader(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for k, v := range h {
		if holdsCredential(k) {
			out[k] = secret.Redacted
		} else {
			out[k] = strings.Join(v, ", ")
		}
	}
	return out
}

func redactQuery(raw string) string {
	parts := strings.Split(raw, "&")
	for i, part := range parts {
		name, _, ok := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); ok && (err != nil || holdsCredential(plain)) {
			parts[i] = name + "=" + secret.Redacted
		}
	}
	return strings.Join(parts, "&")
}
