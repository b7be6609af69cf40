// Package fakeresilient plays an IBM Security QRadar SOAR (once IBM Resilient)
// appliance as an API key sees it.
package fakeresilient

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/secret"
)

// Options describes a fake SOAR. The zero value has the organization HMS, with
// the id 201, and takes any credentials.
type Options struct {
	// KeyID and KeySecret are the only API key that it takes. Without them every
	// request is let in.
	KeyID     string
	KeySecret secret.String
	// Orgs are the organizations that the key's session shows; nil is one, with
	// the id 201. Incidents are made in the first one that is enabled.
	Orgs []Org
	// Fields are those of incidents; nil is [DefaultFields].
	Fields []Field

	// SearchDelay is for how long a new incident is invisible to a search.
	SearchDelay time.Duration
	// Conflicts is how many patches, from the first on, meet a conflict. See
	// [Fake.Conflict].
	Conflicts int
	// TextAsHTML keeps texts that are sent as plain text as HTML.
	TextAsHTML bool
	// MaxName and MaxText are the greatest lengths of a text field and of a
	// textarea or comment, in UTF-16 units; 0 is no limit.
	MaxName, MaxText int

	// Seed for Rule.Probability; 0 is 1.
	Seed uint64
	// JournalSize: see [fakes.NewJournal].
	JournalSize int
}

// Org is an organization.
type Org struct {
	ID           int
	Name         string
	UUID         string
	CloudAccount string
	Disabled     bool
}

// Fake is a fake SOAR. Its routes, under /rest:
//
//	GET         session
//	POST        orgs/{org}/incidents
//	POST        orgs/{org}/incidents/query_paged
//	GET, PATCH  orgs/{org}/incidents/{id}
//	GET, POST   orgs/{org}/incidents/{id}/comments
//	GET         orgs/{org}/types/incident/fields
//	GET         orgs/{org}/types/incident/fields/{name}
//
// The control route /__permissions reads and sets (PUT) what the key may do:
// see [Fake.Permit].
//
// What the record of a real appliance does not show is played as follows: an
// organization that the key does not see answers 403, an unknown route that is
// no GET 404, and an unknown field 400. A patch with a version older than the
// incident's is a conflict, whatever its old values.
//
// What it does not do: other users than the key's, tasks, artifacts,
// attachments, replies to comments, handle_format, bulk patches.
type Fake struct {
	*fakes.Front
	opts   Options
	rights *fakes.Rights

	mu        sync.Mutex
	next      int
	incidents []*incident // oldest first
	conflicts int         // so many patches more meet one
}

// firstID is one less than the first incident's id.
const firstID = 2000

// New makes a fake SOAR without incidents.
func New(opts Options) *Fake {
	if opts.Orgs == nil {
		opts.Orgs = []Org{{ID: 201, Name: "HMS", UUID: "c8165e15-0321-4c09-84f8-4338ac5833f9", CloudAccount: "73c78395-470f-46a8-af7d-5e7d999a5707"}}
	}
	if opts.Fields == nil {
		opts.Fields = DefaultFields()
	}
	f := &Fake{opts: opts, next: firstID, rights: fakes.NewRights("create", "read", "write", "comment"), conflicts: opts.Conflicts}
	f.Front = fakes.NewFront(opts.Seed, opts.JournalSize, f.dump, f.routes())
	return f
}

// Conflict makes so many of the next patches meet a conflict: as if somebody
// had changed the first of their fields since it was read.
func (f *Fake) Conflict(patches int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conflicts = patches
}

// Incidents returns copies of all incidents, oldest first.
func (f *Fake) Incidents() []Incident {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Incident, 0, len(f.incidents))
	for _, i := range f.incidents {
		list = append(list, i.public())
	}
	return list
}

// Incident returns a copy of one incident.
func (f *Fake) Incident(id string) (Incident, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.find(id)
	if i == nil {
		return Incident{}, false
	}
	return i.public(), true
}

// Delete removes an incident, and reports whether it was there.
func (f *Fake) Delete(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.find(id)
	if i == nil {
		return false
	}
	f.incidents = slices.DeleteFunc(f.incidents, func(other *incident) bool { return other == i })
	return true
}

// find needs the lock.
func (f *Fake) find(id string) *incident {
	n, err := strconv.Atoi(id)
	if err != nil {
		return nil
	}
	for _, i := range f.incidents {
		if i.id == n {
			return i
		}
	}
	return nil
}

// newID needs the lock. Incidents and comments count together.
func (f *Fake) newID() int {
	f.next++
	return f.next
}

func (f *Fake) dump() any {
	return map[string]any{"organizations": f.opts.Orgs, "incidents": f.Incidents()}
}

func (f *Fake) routes() http.Handler {
	org := http.NewServeMux()
	for pattern, handle := range map[string]http.HandlerFunc{
		"POST /incidents":                    f.need("create", f.create),
		"POST /incidents/query_paged":        f.need("read", f.query),
		"GET /incidents/{id}":                f.need("read", f.get),
		"PATCH /incidents/{id}":              f.need("write", f.patch),
		"GET /incidents/{id}/comments":       f.need("read", f.comments),
		"POST /incidents/{id}/comments":      f.need("comment", f.comment),
		"GET /types/incident/fields":         f.fields,
		"GET /types/incident/fields/{field}": f.field,
		"/":                                  noRoute,
	} {
		org.HandleFunc(pattern, handle)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /rest/session", f.session)
	mux.HandleFunc("/rest/orgs/{org}/", func(w http.ResponseWriter, r *http.Request) {
		if !f.visible(r.PathValue("org")) {
			refuse(w, http.StatusForbidden, "You do not have access to this organization.")
			return
		}
		http.StripPrefix("/rest/orgs/"+r.PathValue("org"), org).ServeHTTP(w, r)
	})
	mux.HandleFunc("/", noRoute)
	return f.authenticate(mux)
}

// noRoute is what a real one answers: 500 to a GET.
func noRoute(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		refuse(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	refuse(w, http.StatusNotFound, "Not Found")
}

// visible reports whether the id is that of an organization where the key may
// do something.
func (f *Fake) visible(id string) bool {
	return slices.ContainsFunc(f.opts.Orgs, func(o Org) bool { return strconv.Itoa(o.ID) == id && !o.Disabled })
}
