package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

const (
	searchPage = 50
	// maxSearchPages bounds a search for one label, which has one issue or two.
	maxSearchPages = 20
)

// dateLayout is Jira's: RFC 3339 but for the zone's colon.
const dateLayout = "2006-01-02T15:04:05.000-0700"

// FindIncident implements [connector.Connector]: of several the oldest.
func (j *jira) FindIncident(ctx context.Context, id connector.CorrelationID) (connector.Ref, error) {
	const op = "find incident"
	found, err := j.search(ctx, op, id.Mark())
	if err != nil {
		return connector.Ref{}, err
	}
	if len(found) == 0 {
		return connector.Ref{}, &connector.Error{Op: op, Kind: connector.NotFound, Effect: connector.NotApplied}
	}
	return j.ref(found[0].issueIdentity), nil
}

// search returns the issues that carry the label, oldest first, each once: a
// JQL search, whose results are then verified. It names no project, so that an
// issue which somebody moved is found.
func (j *jira) search(ctx context.Context, op, mark string) ([]searchIssue, error) {
	query := url.Values{
		"jql":        {`labels = "` + escapeJQL(mark) + `" ORDER BY created ASC`},
		"fields":     {"labels,project,created"},
		"maxResults": {strconv.Itoa(searchPage)},
	}
	var found []searchIssue
	for range maxSearchPages {
		body, err := j.send(ctx, call{op: op, method: http.MethodGet, path: j.searchPath(), query: query, search: true})
		if err != nil {
			return nil, j.searchError(connector.AsError(op, err))
		}
		page, err := decodeSearch(body)
		if err != nil {
			return nil, connector.BadAnswer(op, err)
		}
		found = append(found, marked(page.Issues, mark)...)
		if !j.nextPage(query, page) {
			return oldestFirst(found), nil
		}
	}
	return nil, connector.BadAnswer(op, fmt.Errorf("more than %d pages for one label", maxSearchPages))
}

// searchPath is the one search that the flavour still has.
func (j *jira) searchPath() string {
	if j.settings.deployment == cloud {
		return "search/jql"
	}
	return "search"
}

// searchError says what a search that is not there most likely means.
func (j *jira) searchError(e *connector.Error) *connector.Error {
	if e.Status != http.StatusNotFound && e.Status != http.StatusGone {
		return e
	}
	c := *e
	c.Err = fmt.Errorf("no search of Jira %q at this address; is delivery.deployment right?", j.settings.deployment)
	if e.Err != nil {
		c.Err = fmt.Errorf("%w: %w", c.Err, e.Err)
	}
	return &c
}

// nextPage moves the query on, if there is more.
func (j *jira) nextPage(query url.Values, page searchAnswer) bool {
	if j.settings.deployment == cloud {
		query.Set("nextPageToken", page.NextPageToken)
		return page.NextPageToken != "" && !page.IsLast
	}
	next := page.StartAt + len(page.Issues)
	query.Set("startAt", strconv.Itoa(next))
	return len(page.Issues) > 0 && next < page.Total
}

// oldestFirst sorts the hits; those of one age keep their order. A hit may have
// come twice, when others changed between two pages.
func oldestFirst(found []searchIssue) []searchIssue {
	slices.SortStableFunc(found, func(a, b searchIssue) int { return a.created().Compare(b.created()) })
	seen := map[string]bool{}
	return slices.DeleteFunc(found, func(i searchIssue) bool {
		again := seen[i.ID]
		seen[i.ID] = true
		return again
	})
}

// searchIssue is one hit.
type searchIssue struct {
	issueIdentity
	Fields struct {
		Labels  []string `json:"labels"`
		Created string   `json:"created"`
	} `json:"fields"`
}

// created is the zero time if Jira's text is none: the answer is sorted already.
func (i searchIssue) created() time.Time {
	t, err := time.Parse(dateLayout, i.Fields.Created)
	if err != nil {
		return time.Time{}
	}
	return t
}

// marked are the issues that carry the label.
func marked(issues []searchIssue, mark string) []searchIssue {
	return slices.DeleteFunc(issues, func(i searchIssue) bool {
		return i.ID == "" || i.Key == "" || !slices.Contains(i.Fields.Labels, mark)
	})
}

// searchAnswer is a page of hits: Cloud pages by token, Data Center by number.
type searchAnswer struct {
	Issues        []searchIssue   `json:"-"`
	RawIssues     json.RawMessage `json:"issues"`
	IsLast        bool            `json:"isLast"`
	NextPageToken string          `json:"nextPageToken"`
	StartAt       int             `json:"startAt"`
	Total         int             `json:"total"`
}

// decodeSearch reads a page. An answer without a list of issues is an error:
// it must never pass for "no incident".
func decodeSearch(body []byte) (searchAnswer, error) {
	var a searchAnswer
	if err := wire.Decode(body, &a); err != nil {
		return a, err
	}
	if len(a.RawIssues) == 0 || string(a.RawIssues) == "null" {
		return a, errors.New(`key "issues": missing`)
	}
	return a, wire.Decode(a.RawIssues, &a.Issues)
}

// escapeJQL escapes a text for a quoted JQL string.
func escapeJQL(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
}
