package fakes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/secret"
)

// Flavour is the product that a fake Jira is.
type Flavour int

// Flavours.
const (
	Cloud      Flavour = iota // Jira Cloud
	DataCenter                // Jira Data Center 10
)

// String returns the product's name.
func (f Flavour) String() string {
	if f == DataCenter {
		return "Jira Data Center"
	}
	return "Jira Cloud"
}

// JiraOptions describes a fake Jira. The zero value is a Jira Cloud with the
// project HMS that takes any credentials.
type JiraOptions struct {
	Flavour    Flavour
	ProjectKey string // "" is HMS

	// Email and Token: Basic authentication with these. PAT: a Bearer token,
	// Data Center's way; Cloud takes it as an OAuth access token. If none of
	// them is set every request is let in.
	Email string
	Token secret.String
	PAT   secret.String

	// BaseURL is where people see it, for `self` links; "" is the request's own host.
	BaseURL string
	// IssueTypes of the project; nil is Task (10001), Bug (10002), Incident
	// (10003) and Sub-task (10004).
	IssueTypes []JiraIssueType
	// ExtraFields are further field ids that can be set, such as
	// "customfield_10010". Any JSON value is taken.
	ExtraFields []string
	// RequiredFields must have a value at creation, besides summary.
	RequiredFields []string

	// SearchDelay is for how long a new issue is invisible to a search.
	SearchDelay time.Duration
	// MaxSummary is the greatest length of a summary in UTF-16 units; 0 is 255
	// on Cloud and 254 on Data Center, whose message says "less than 255".
	MaxSummary int
	// MaxText is the same for descriptions and comments; 0 is 32,767.
	MaxText int
	// MaxComments is how many comments an issue takes before 413; 0 is no limit.
	MaxComments int

	// Seed for Rule.Probability; 0 is 1.
	Seed uint64
	// JournalSize: see [NewJournal].
	JournalSize int
}

// JiraIssueType is an issue type of the project.
type JiraIssueType struct {
	ID, Name string
	Subtask  bool
}

// JiraIssue is an issue as it stands.
type JiraIssue struct {
	ID  string `json:"id"`
	Key string `json:"key"`
	// Fields as they were set, by field id: summary, description, labels,
	// project, issuetype …
	Fields     map[string]any `json:"fields"`
	Comments   []JiraComment  `json:"comments"` // oldest first
	Properties []JiraProperty `json:"properties"`
	Created    time.Time      `json:"created"`
	Updated    time.Time      `json:"updated"`
}

// Text returns a field if it is a string, else "".
func (i JiraIssue) Text(field string) string {
	s, _ := i.Fields[field].(string)
	return s
}

// Labels returns the labels.
func (i JiraIssue) Labels() []string {
	list, _ := i.Fields["labels"].([]any)
	out := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// JiraComment is a comment of an issue.
type JiraComment struct {
	ID         string         `json:"id"`
	Body       string         `json:"body"`
	Properties []JiraProperty `json:"properties"`
	Created    time.Time      `json:"created"`
	Updated    time.Time      `json:"updated"`
}

// JiraProperty is an entity property of an issue or a comment.
type JiraProperty struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// Jira is a fake Jira with one project. Its routes, under /rest/api/2:
//
//	POST               issue
//	GET, PUT, DELETE   issue/{idOrKey}
//	GET, POST          issue/{idOrKey}/comment
//	GET, PUT, DELETE   issue/{idOrKey}/comment/{id}
//	GET                issue/{idOrKey}/properties
//	GET, PUT, DELETE   issue/{idOrKey}/properties/{key}
//	GET                comment/{id}/properties
//	GET, PUT, DELETE   comment/{id}/properties/{key}
//	GET, POST          search/jql (Cloud; 404 on Data Center)
//	GET, POST          search (Data Center; 410 on Cloud)
//	GET                issue/createmeta/{project}/issuetypes
//	GET                project/{project}
//	GET                myself
//	GET                serverInfo
//
// What it does not do: permissions of single users, screens, workflows,
// rendering of wiki markup, change logs, rate limits of its own (a [Rule] can
// answer 429).
type Jira struct {
	*front
	opts JiraOptions

	mu     sync.Mutex
	next   int
	number int
	issues []*jiraIssue // oldest first
}

// jiraIssue is the stored form.
type jiraIssue struct {
	id, key    string
	fields     map[string]any
	comments   []*JiraComment
	properties []JiraProperty
	created    time.Time
	updated    time.Time
}

// firstJiraID is the first issue's id: ids are numbers in text.
const firstJiraID = 10000

// NewJira makes a fake Jira without issues.
func NewJira(opts JiraOptions) *Jira {
	if opts.ProjectKey == "" {
		opts.ProjectKey = "HMS"
	}
	if opts.IssueTypes == nil {
		opts.IssueTypes = []JiraIssueType{{ID: "10001", Name: "Task"}, {ID: "10002", Name: "Bug"}, {ID: "10003", Name: "Incident"}, {ID: "10004", Name: "Sub-task", Subtask: true}}
	}
	if opts.MaxSummary == 0 {
		opts.MaxSummary = 255
		if opts.Flavour == DataCenter {
			opts.MaxSummary = 254
		}
	}
	if opts.MaxText == 0 {
		opts.MaxText = 32767
	}
	j := &Jira{opts: opts, next: firstJiraID}
	j.front = newFront(opts.Seed, opts.JournalSize, j.dump, j.routes())
	return j
}

// Issues returns copies of all issues, oldest first.
func (j *Jira) Issues() []JiraIssue {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := make([]JiraIssue, 0, len(j.issues))
	for _, i := range j.issues {
		list = append(list, i.public())
	}
	return list
}

// Issue returns a copy of one issue, by id or key.
func (j *Jira) Issue(idOrKey string) (JiraIssue, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.find(idOrKey)
	if i == nil {
		return JiraIssue{}, false
	}
	return i.public(), true
}

// Delete removes an issue, by id or key, and reports whether it was there.
func (j *Jira) Delete(idOrKey string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.find(idOrKey)
	if i == nil {
		return false
	}
	j.issues = slices.DeleteFunc(j.issues, func(other *jiraIssue) bool { return other == i })
	return true
}

// find needs the lock. Keys are found in any case, as Jira does.
func (j *Jira) find(idOrKey string) *jiraIssue {
	for _, i := range j.issues {
		if i.id == idOrKey || strings.EqualFold(i.key, idOrKey) {
			return i
		}
	}
	return nil
}

// newID needs the lock.
func (j *Jira) newID() string {
	j.next++
	return fmt.Sprint(j.next)
}

func (j *Jira) dump() any {
	return map[string]any{"flavour": j.opts.Flavour.String(), "project": j.opts.ProjectKey, "issues": j.Issues()}
}

func (i *jiraIssue) public() JiraIssue {
	out := JiraIssue{
		ID: i.id, Key: i.key, Fields: cloneJSON(i.fields).(map[string]any),
		Properties: slices.Clone(i.properties), Created: i.created, Updated: i.updated,
	}
	for _, c := range i.comments {
		comment := *c
		comment.Properties = slices.Clone(c.Properties)
		out.Comments = append(out.Comments, comment)
	}
	return out
}

// cloneJSON copies a decoded JSON value.
func cloneJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = cloneJSON(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = cloneJSON(item)
		}
		return out
	default:
		return v
	}
}

func (j *Jira) routes() http.Handler {
	const api = "/rest/api/2"
	mux, meta := http.NewServeMux(), http.NewServeMux()
	// On a mux of its own: to ServeMux it conflicts with issue/{issue}/comment/….
	meta.HandleFunc("GET "+api+"/issue/createmeta/{project}/issuetypes", j.issueTypes)
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request){
		"POST " + api + "/issue":                             j.createIssue,
		"GET " + api + "/issue/{issue}":                      j.getIssue,
		"PUT " + api + "/issue/{issue}":                      j.updateIssue,
		"DELETE " + api + "/issue/{issue}":                   j.deleteIssue,
		"GET " + api + "/issue/{issue}/comment":              j.listComments,
		"POST " + api + "/issue/{issue}/comment":             j.addComment,
		"GET " + api + "/issue/{issue}/comment/{comment}":    j.getComment,
		"PUT " + api + "/issue/{issue}/comment/{comment}":    j.updateComment,
		"DELETE " + api + "/issue/{issue}/comment/{comment}": j.deleteComment,
		"GET " + api + "/issue/{issue}/properties":           j.issueProperties,
		api + "/issue/{issue}/properties/{key}":              j.issueProperty,
		"GET " + api + "/comment/{comment}/properties":       j.commentProperties,
		api + "/comment/{comment}/properties/{key}":          j.commentProperty,
		"GET " + api + "/project/{project}":                  j.project,
		"GET " + api + "/myself":                             j.myself,
		"GET " + api + "/serverInfo":                         j.serverInfo,
		"GET " + api + "/search":                             j.searchOffset,
		"POST " + api + "/search":                            j.searchOffset,
		"GET " + api + "/search/jql":                         j.searchToken,
		"POST " + api + "/search/jql":                        j.searchToken,
	} {
		mux.HandleFunc(pattern, handle)
	}
	return j.authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, api+"/issue/createmeta/") {
			meta.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
}
