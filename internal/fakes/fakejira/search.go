package fakejira

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// searchBody is what both searches take, from the query or the body.
type searchBody struct {
	JQL             string          `json:"jql"`
	Fields          []string        `json:"fields"`
	Expand          json.RawMessage `json:"expand"`
	MaxResults      *int            `json:"maxResults"`
	StartAt         int             `json:"startAt"`       // Data Center
	ValidateQuery   json.RawMessage `json:"validateQuery"` // Data Center
	NextPageToken   string          `json:"nextPageToken"` // Cloud
	Properties      []string        `json:"properties"`    // Cloud
	FieldsByKeys    bool            `json:"fieldsByKeys"`  // Cloud
	FailFast        bool            `json:"failFast"`      // Cloud
	ReconcileIssues []json.Number   `json:"reconcileIssues"`
}

const (
	searchPage = 50
	// maxReconcile is how many ids reconcileIssues takes.
	maxReconcile = 50
)

// maxSearchPage bounds maxResults: 5,000 on Cloud, 1,000 on Data Center.
func (j *Fake) maxSearchPage() int {
	if j.opts.Flavour == DataCenter {
		return 1000
	}
	return 5000
}

// searchToken is Cloud's search/jql.
func (j *Fake) searchToken(w http.ResponseWriter, r *http.Request) {
	if j.opts.Flavour == DataCenter {
		jiraRefuse(w, http.StatusNotFound, "null for uri: "+jiraAPI+r.URL.Path)
		return
	}
	s, ok := j.readSearch(w, r)
	if !ok {
		return
	}
	offset, err := decodePageToken(s.NextPageToken)
	if err != nil || len(s.ReconcileIssues) > maxReconcile || len(s.Properties) > 5 {
		jiraRefuse(w, http.StatusBadRequest, "Invalid nextPageToken, or more than 50 reconcileIssues or 5 properties.")
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	hits, ok := j.search(w, s)
	if !ok {
		return
	}
	page := window(hits, offset, *s.MaxResults)
	answer := map[string]any{"issues": j.renderHits(r, page, s, nil), "isLast": offset+len(page) >= len(hits)}
	if offset+len(page) < len(hits) {
		answer["nextPageToken"] = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "offset=%d", offset+len(page)))
	}
	fakes.WriteJSON(w, http.StatusOK, answer)
}

// searchOffset is Data Center's search, which Cloud has removed.
func (j *Fake) searchOffset(w http.ResponseWriter, r *http.Request) {
	if j.opts.Flavour == Cloud {
		jiraRefuse(w, http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046")
		return
	}
	s, ok := j.readSearch(w, r)
	if !ok {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	hits, ok := j.search(w, s)
	if !ok {
		return
	}
	page := window(hits, s.StartAt, *s.MaxResults)
	fakes.WriteJSON(w, http.StatusOK, map[string]any{
		"expand": "schema,names", "startAt": s.StartAt, "maxResults": *s.MaxResults, "total": len(hits),
		"issues": j.renderHits(r, page, s, []string{"*navigable"}),
	})
}

func (j *Fake) renderHits(r *http.Request, page []*jiraIssue, s searchBody, preset []string) []any {
	fields := splitList(s.Fields)
	if len(fields) == 0 {
		fields = preset
	}
	out := make([]any, 0, len(page))
	for _, i := range page {
		if len(fields) == 0 || len(fields) == 1 && fields[0] == "id" {
			out = append(out, map[string]any{"id": i.id})
			continue
		}
		hit := j.render(r, i, fields)
		if len(s.Properties) > 0 {
			hit["properties"] = selectProperties(i.properties, s.Properties)
		}
		out = append(out, hit)
	}
	return out
}

// readSearch reads a search from the body (POST) or the query (GET).
func (j *Fake) readSearch(w http.ResponseWriter, r *http.Request) (searchBody, bool) {
	var s searchBody
	if r.Method == http.MethodPost {
		if !j.decode(w, r, &s) {
			return s, false
		}
		if key := s.foreign(j.opts.Flavour); key != "" {
			jiraRefuse(w, http.StatusBadRequest, fmt.Sprintf("Unrecognized field %q", key))
			return s, false
		}
	} else if err := s.fromQuery(r); err != nil {
		jiraRefuse(w, http.StatusBadRequest, err.Error())
		return s, false
	}
	if s.MaxResults == nil {
		n := searchPage
		s.MaxResults = &n
	}
	if *s.MaxResults < 0 || s.StartAt < 0 {
		jiraRefuse(w, http.StatusBadRequest, "startAt and maxResults must be numbers that are not negative.")
		return s, false
	}
	*s.MaxResults = min(*s.MaxResults, j.maxSearchPage())
	return s, true
}

// foreign names a key that only the other flavour's search knows.
func (s *searchBody) foreign(f Flavour) string {
	keys := map[string]bool{
		"nextPageToken": s.NextPageToken != "", "properties": s.Properties != nil, "fieldsByKeys": s.FieldsByKeys,
		"failFast": s.FailFast, "reconcileIssues": s.ReconcileIssues != nil,
	}
	if f == Cloud {
		keys = map[string]bool{"startAt": s.StartAt != 0, "validateQuery": s.ValidateQuery != nil}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if keys[key] {
			return key
		}
	}
	return ""
}

func (s *searchBody) fromQuery(r *http.Request) error {
	q := r.URL.Query()
	n, err1 := fakes.IntParameter(q.Get("maxResults"), searchPage)
	startAt, err2 := fakes.IntParameter(q.Get("startAt"), 0)
	if err1 != nil || err2 != nil {
		return refusal("startAt and maxResults must be numbers that are not negative.")
	}
	s.JQL, s.Fields, s.NextPageToken, s.Properties = q.Get("jql"), q["fields"], q.Get("nextPageToken"), splitList(q["properties"])
	s.MaxResults, s.StartAt = &n, startAt
	for _, id := range splitList(q["reconcileIssues"]) {
		s.ReconcileIssues = append(s.ReconcileIssues, json.Number(id))
	}
	return nil
}

// search answers 400 and returns false if the query is wrong. It needs the lock.
func (j *Fake) search(w http.ResponseWriter, s searchBody) ([]*jiraIssue, bool) {
	q, err := parseJQL(s.JQL)
	if err != nil {
		jiraRefuse(w, http.StatusBadRequest, err.Error())
		return nil, false
	}
	if j.opts.Flavour == Cloud && !q.bounded() {
		jiraRefuse(w, http.StatusBadRequest, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
		return nil, false
	}
	for _, p := range q.projects {
		if !strings.EqualFold(p, j.opts.ProjectKey) && p != projectID {
			jiraRefuse(w, http.StatusBadRequest, fmt.Sprintf("The value '%s' does not exist for the field 'project'.", p))
			return nil, false
		}
	}
	var hits []*jiraIssue
	for _, i := range j.issues {
		if j.indexed(i, s.ReconcileIssues) && q.matches(i) {
			hits = append(hits, i)
		}
	}
	if q.descending {
		slices.Reverse(hits)
	}
	return hits, true
}

// indexed reports whether a search sees the issue yet.
func (j *Fake) indexed(i *jiraIssue, reconcile []json.Number) bool {
	return time.Since(i.created) >= j.opts.SearchDelay || slices.Contains(reconcile, json.Number(i.id))
}

func (q jql) matches(i *jiraIssue) bool {
	labels, _ := i.fields["labels"].([]any)
	for _, want := range q.labels {
		// Jira compares labels in a search without regard to case.
		if !slices.ContainsFunc(labels, func(v any) bool { s, _ := v.(string); return strings.EqualFold(s, want) }) {
			return false
		}
	}
	for _, key := range q.keys {
		if !strings.EqualFold(key, i.key) && key != i.id {
			return false
		}
	}
	return true
}

func decodePageToken(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, err
	}
	n, ok := strings.CutPrefix(string(b), "offset=")
	if !ok {
		return 0, fmt.Errorf("not a page token")
	}
	offset, err := strconv.ParseUint(n, 10, 31)
	return int(offset), err
}
