package fakejira

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/fakes"
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

// Options describes a fake Jira. The zero value is a Jira Cloud with the
// project HMS that takes any credentials.
type Options struct {
	Flavour    Flavour
	ProjectKey string // in capitals; "" is HMS

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
	IssueTypes []IssueType
	// ExtraFields are further field ids that can be set, such as
	// "customfield_10010". Any JSON value is taken.
	ExtraFields []string
	// NoLinkTypes are types of links that it does not have, of Blocks, Cloners,
	// Duplicate and Relates.
	NoLinkTypes []string
	// RequiredFields must have a value at creation, besides summary.
	RequiredFields []string

	// SearchDelay is for how long a new issue is invisible to a search.
	SearchDelay time.Duration
	// MaxSummary is the greatest length of a summary in UTF-16 units; 0 is 255
	// on Cloud and 254 on Data Center, whose message says "less than 255".
	MaxSummary int
	// MaxText is the same for descriptions and comments; 0 is 32,767.
	MaxText int
	// WriteLimits bounds the writes to one issue; nil is no limit. See
	// [CloudWriteLimits].
	WriteLimits []WriteLimit
	// MaxComments is how many comments an issue takes before 413; 0 is no limit.
	MaxComments int

	// Seed for Rule.Probability; 0 is 1.
	Seed uint64
	// JournalSize: see [fakes.NewJournal].
	JournalSize int
}

// IssueType is an issue type of the project.
type IssueType struct {
	ID, Name string
	Subtask  bool
}

// Fake is a fake Jira with one project. Its routes, under /rest/api/2:
//
//	POST               issue
//	GET, PUT, DELETE   issue/{idOrKey}
//	GET, POST          issue/{idOrKey}/comment
//	GET, PUT, DELETE   issue/{idOrKey}/comment/{id}
//	GET, POST          issue/{idOrKey}/transitions
//	POST               issueLink
//	GET                issue/{idOrKey}/properties
//	GET, PUT, DELETE   issue/{idOrKey}/properties/{key}
//	GET                comment/{id}/properties
//	GET, PUT, DELETE   comment/{id}/properties/{key}
//	GET, POST          search/jql (Cloud; 404 on Data Center)
//	GET, POST          search (Data Center; 410 on Cloud)
//	GET                issue/createmeta/{project}/issuetypes
//	GET                project/{project}
//	GET                mypermissions
//	GET                myself
//	GET                serverInfo
//
// The control route /__permissions reads and sets (PUT) what its one user may
// do: see [Jira.Permit].
//
// What it does not do: several users, screens, other workflows than To Do, In
// Progress and Done, rendering of wiki markup, change logs.
type Fake struct {
	*fakes.Front
	opts   Options
	rights *fakes.Rights // permissions by key

	mu     sync.Mutex
	next   int
	number int
	issues []*jiraIssue          // oldest first
	byName map[string]*jiraIssue // by id and by key
	links  []Link                // oldest first
}

// firstJiraID is the first issue's id: ids are numbers in text.
const firstJiraID = 10000

// New makes a fake Jira without issues.
func New(opts Options) *Fake {
	opts.ProjectKey = strings.ToUpper(opts.ProjectKey)
	if opts.ProjectKey == "" {
		opts.ProjectKey = "HMS"
	}
	if opts.IssueTypes == nil {
		opts.IssueTypes = []IssueType{{ID: "10001", Name: "Task"}, {ID: "10002", Name: "Bug"}, {ID: "10003", Name: "Incident"}, {ID: "10004", Name: "Sub-task", Subtask: true}}
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
	j := &Fake{opts: opts, next: firstJiraID, byName: map[string]*jiraIssue{}, rights: fakes.NewRights(slices.Collect(maps.Keys(jiraPermissions()))...)}
	j.Front = fakes.NewFront(opts.Seed, opts.JournalSize, j.dump, j.routes())
	return j
}

// Issues returns copies of all issues, oldest first.
func (j *Fake) Issues() []Issue {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := make([]Issue, 0, len(j.issues))
	for _, i := range j.issues {
		list = append(list, j.public(i))
	}
	return list
}

// Issue returns a copy of one issue, by id or key.
func (j *Fake) Issue(idOrKey string) (Issue, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.find(idOrKey)
	if i == nil {
		return Issue{}, false
	}
	return j.public(i), true
}

// Delete removes an issue, by id or key, and reports whether it was there.
func (j *Fake) Delete(idOrKey string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.find(idOrKey)
	if i == nil {
		return false
	}
	j.remove(i)
	return true
}

// remove needs the lock.
func (j *Fake) remove(i *jiraIssue) {
	j.issues = slices.DeleteFunc(j.issues, func(other *jiraIssue) bool { return other == i })
	j.links = slices.DeleteFunc(j.links, func(l Link) bool { return l.Inward == i.key || l.Outward == i.key })
	delete(j.byName, i.id)
	delete(j.byName, i.key)
}

// find needs the lock. Keys are found in any case, as Jira does.
func (j *Fake) find(idOrKey string) *jiraIssue { return j.byName[strings.ToUpper(idOrKey)] }

// newID needs the lock.
func (j *Fake) newID() string {
	j.next++
	return fmt.Sprint(j.next)
}

func (j *Fake) dump() any {
	return map[string]any{"flavour": j.opts.Flavour.String(), "project": j.opts.ProjectKey, "issues": j.Issues()}
}

// jiraAPI is the prefix of every route.
const jiraAPI = "/rest/api/2"

// table has the handlers by method and path below jiraAPI.
func (j *Fake) table() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"POST /issue":                                j.need("CREATE_ISSUES", j.createIssue),
		"GET /issue/{issue}":                         j.getIssue,
		"PUT /issue/{issue}":                         j.need("EDIT_ISSUES", j.updateIssue),
		"DELETE /issue/{issue}":                      j.deleteIssue,
		"GET /issue/{issue}/comment":                 j.listComments,
		"POST /issue/{issue}/comment":                j.need("ADD_COMMENTS", j.addComment),
		"GET /issue/{issue}/comment/{comment}":       j.getComment,
		"PUT /issue/{issue}/comment/{comment}":       j.updateComment,
		"DELETE /issue/{issue}/comment/{comment}":    j.deleteComment,
		"GET /issue/{issue}/transitions":             j.transitions,
		"POST /issue/{issue}/transitions":            j.transition,
		"POST /issueLink":                            j.linkIssues,
		"GET /issue/{issue}/properties":              j.issueProperties,
		"GET /issue/{issue}/properties/{key}":        j.issueProperty,
		"PUT /issue/{issue}/properties/{key}":        j.issueProperty,
		"DELETE /issue/{issue}/properties/{key}":     j.issueProperty,
		"GET /comment/{comment}/properties":          j.commentProperties,
		"GET /comment/{comment}/properties/{key}":    j.commentProperty,
		"PUT /comment/{comment}/properties/{key}":    j.commentProperty,
		"DELETE /comment/{comment}/properties/{key}": j.commentProperty,
		createMeta:               j.issueTypes,
		"GET /project/{project}": j.project,
		"GET /mypermissions":     j.myPermissions,
		"GET /myself":            j.myself,
		"GET /serverInfo":        j.serverInfo,
		"GET /search":            j.searchOffset,
		"POST /search":           j.searchOffset,
		"GET /search/jql":        j.searchToken,
		"POST /search/jql":       j.searchToken,
	}
}

// createMeta is on a mux of its own: to ServeMux it is in conflict with
// issue/{issue}/comment/{comment}.
const createMeta = "GET /issue/createmeta/{project}/issuetypes"

func (j *Fake) routes() http.Handler {
	mux, meta := http.NewServeMux(), http.NewServeMux()
	for pattern, handle := range j.table() {
		switch {
		case pattern == createMeta:
			meta.HandleFunc(pattern, handle)
		case strings.Contains(pattern, "{issue}") && !strings.HasPrefix(pattern, "GET "):
			mux.HandleFunc(pattern, j.limitWrites(handle))
		default:
			mux.HandleFunc(pattern, handle)
		}
	}
	return http.StripPrefix(jiraAPI, j.authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/issue/createmeta/") {
			meta.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})))
}
