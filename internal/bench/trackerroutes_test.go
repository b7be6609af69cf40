//go:build linux

package bench

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	apiPath = "/rest/api/2/"
	// firstIssue makes issue ids as long as those of a Jira in use.
	firstIssue = 100_000
)

// take acts on a request and says how to answer it. A request that comes while
// there is a fault is counted and does nothing.
func (t *tracker) take(r *request) (status string, body []byte, fault string) {
	now := time.Now().UnixNano()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Requests++
	if t.counts.First == 0 {
		t.counts.First = now
	}
	t.counts.Last = now
	switch t.fault {
	case fault503:
		t.counts.Refused++
		return "503 Service Unavailable", []byte(`{"errorMessages":["down for maintenance"]}`), fault503
	case faultHole:
		return "", nil, faultHole
	}
	path, query, _ := strings.Cut(strings.TrimPrefix(r.target, apiPath), "?")
	status, body = t.route(r, path, query, now)
	return status, body, faultNone
}

func (t *tracker) route(r *request, path, query string, now int64) (string, []byte) {
	kind, rest, _ := strings.Cut(path, "/")
	issue, part, _ := strings.Cut(rest, "/")
	switch {
	case kind == "search":
		t.counts.Searches++
		return "200 OK", t.search(query)
	case kind != "issue":
		return t.refuse("404 Not Found", "no such route")
	case r.method == "POST" && issue == "":
		return t.create(r.body, now)
	}
	number, ok := t.caseOf(issue)
	if !ok {
		return t.refuse("404 Not Found", "Issue does not exist or you do not have permission to see it.")
	}
	c := &t.cases[number]
	switch {
	case r.method == "PUT" && part == "":
		t.counts.Updates++
		c.Updates++
		return "204 No Content", nil
	case r.method == "POST" && part == "comment":
		t.counts.Comments++
		c.Comments = append(c.Comments, numberAfter(r.body, noteMark))
		return "201 Created", fmt.Appendf(nil, `{"id":"%d"}`, t.counts.Comments)
	case r.method == "GET" && part == "":
		t.counts.Reads++
		return "200 OK", fmt.Appendf(nil, `{"id":%q,"key":"HMS-%s","fields":{}}`, issue, issue)
	}
	return t.refuse("404 Not Found", "no such route")
}

func (t *tracker) create(body []byte, now int64) (string, []byte) {
	number := numberAfter(body, caseMark)
	if number < 0 {
		return t.refuse("400 Bad Request", "no case of the benchmark")
	}
	for len(t.cases) <= number {
		t.cases = append(t.cases, make([]seen, number+1000-len(t.cases))...)
	}
	c := &t.cases[number]
	if c.First == 0 {
		c.First = now
	}
	if bytes.Contains(body, []byte(poison)) {
		c.Refused++
		return t.refuse("400 Bad Request", "the summary is poisoned")
	}
	t.counts.Creates++
	if c.Creates++; c.Creates == 1 {
		t.counts.Cases++
	}
	id := firstIssue + len(t.issues)
	t.issues = append(t.issues, number)
	return "201 Created", fmt.Appendf(nil, `{"id":"%d","key":"HMS-%d","self":"http://%s%sissue/%d"}`, id, id, t.addr, apiPath, id)
}

// search answers with the issue that has the label of the query, if a case of
// the label has one.
func (t *tracker) search(query string) []byte {
	values, err := url.ParseQuery(query)
	if err != nil {
		return []byte(`{"issues":[],"isLast":true,"total":0}`)
	}
	parts := strings.Split(values.Get("jql"), `"`)
	number := numberAfter([]byte(values.Get("jql")), caseMark)
	for i, n := range t.issues {
		if n == number && len(parts) > 1 {
			id := firstIssue + i
			return fmt.Appendf(nil, `{"issues":[{"id":"%d","key":"HMS-%d","fields":{"labels":[%q],"created":"2026-01-01T00:00:00.000+0000"}}],"isLast":true,"total":1}`, id, id, parts[1])
		}
	}
	return []byte(`{"issues":[],"isLast":true,"total":0}`)
}

func (t *tracker) refuse(status, words string) (string, []byte) {
	t.counts.Refused++
	return status, fmt.Appendf(nil, `{"errorMessages":[%q]}`, words)
}

func (t *tracker) caseOf(issue string) (int, bool) {
	id, err := strconv.Atoi(issue)
	if err != nil || id < firstIssue || id >= firstIssue+len(t.issues) {
		return 0, false
	}
	return t.issues[id-firstIssue], true
}

// numberAfter reads the digits that follow a mark, -1 if it is not there.
func numberAfter(text []byte, mark string) int {
	i := bytes.Index(text, []byte(mark))
	if i < 0 {
		return -1
	}
	n := 0
	for _, c := range text[i+len(mark):] {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}
