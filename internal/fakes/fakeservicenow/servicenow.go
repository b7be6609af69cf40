package fakeservicenow

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/secret"
)

// Options describes a fake ServiceNow instance. The zero value has both
// tables and the Elastic applications, and takes any credentials.
type Options struct {
	// Users are the passwords by user name for Basic authentication. If there
	// are none and OAuth is nil every request is let in.
	Users map[string]secret.String
	// OAuth is a client that may ask for tokens with a JWT; nil: there is none.
	OAuth *OAuth

	// BaseURL is where people see it, for links; "" is the request's own host.
	BaseURL string
	// NoElasticApps: neither of Elastic's two applications is installed, so
	// there is no import set table, no health check and no observables.
	NoElasticApps bool
	// NoSecurityIncidents: the instance has no Security Incident Response.
	NoSecurityIncidents bool

	// Lengths are greatest lengths of columns in UTF-16 units, by name; a
	// longer text is cut silently. Absent: the dictionary's, such as 160 for
	// short_description, 4,000 for description, work_notes and comments, 100 for correlation_id.
	Lengths map[string]int
	// Mandatory are columns that must have a value at creation, by data policy.
	Mandatory []string
	// HiddenFields cannot be read by our users: answers are without them, a
	// query part that names one is dropped, and so are a journal's entries.
	HiddenFields []string
	// InvalidQuery says what becomes of a query with a wrong part.
	InvalidQuery InvalidQuery
	// Closed says what a closed incident does with updates.
	Closed Closed
	// Journal says what a user without the right "journal" gets. Records show
	// their journals all the same, as display values.
	Journal JournalACL
	// Transform says how the transform maps find the incident of an update.
	Transform Transform
	// ImportNotifies: a second transform map makes an event of every import,
	// so that answers have a second item.
	ImportNotifies bool

	// SearchDelay is for how long a new incident is invisible to a query. A
	// real instance has none that is known.
	SearchDelay time.Duration
	// RequestsPerHour bounds what each user may ask; 0 is no limit.
	RequestsPerHour int
	// Zone is that of display values; nil is eight hours behind UTC.
	Zone *time.Location

	// Seed for Rule.Probability and sys_ids; 0 is 1.
	Seed uint64
	// JournalSize: see [fakes.NewJournal].
	JournalSize int
}

// InvalidQuery says what becomes of a query with a part that names an unknown
// column or has broken syntax.
type InvalidQuery int

// What becomes of such a query.
const (
	DropsPart     InvalidQuery = iota // the rest runs, and returns strangers: glide.invalid_query.returns_no_rows is false
	ReturnsNoRows                     // glide.invalid_query.returns_no_rows is true
)

// Closed says what an incident whose state is closed does with an update.
type Closed int

// What it does.
const (
	ClosedTakes   Closed = iota // takes it like any other
	ClosedRefuses               // a business rule aborts it: 403
	ClosedKeeps                 // answers 200 and keeps its fields; journal entries are added
)

// JournalACL says what a reader of sys_journal_field gets who may not.
type JournalACL int

// What he gets.
const (
	JournalForbidden JournalACL = iota // 403
	JournalFiltered                    // no rows, though they are counted
	JournalUncounted                   // no rows, and none is counted
)

// Transform says what an import with an elastic_incident_id does.
type Transform int

// What it does.
const (
	TransformUpdates        Transform = iota // updates that incident; an unknown one is an error
	TransformInsertsUnknown                  // the same, but an unknown one is made: coalescing
	TransformInsertsAlways                   // makes an incident always: no field coalesces
)

// Fake is a fake ServiceNow instance. See the package for its routes.
type Fake struct {
	*fakes.Front
	opts    Options
	rights  *fakes.Rights
	schemas map[string]schema
	visible map[string]schema // the same as users read it

	mu          sync.Mutex
	ids         int
	numbers     map[string]int // by table
	imports     int
	records     []*record               // oldest first
	byID        map[string]*record      // by sys_id
	entries     []row                   // of all journals, oldest first
	observables map[Observable]string   // sys_ids by value and type
	tokens      map[string]*accessToken // by user
	windows     map[string]*window      // by user
	hibernating bool
	loginPage   bool
}

// New makes an instance without incidents.
func New(opts Options) *Fake {
	opts.Seed = max(opts.Seed, 1)
	if opts.Zone == nil {
		opts.Zone = time.FixedZone("PST", -8*60*60)
	}
	all := schemas(opts)
	f := &Fake{
		opts: opts, schemas: all, visible: visible(all, opts.HiddenFields), numbers: map[string]int{}, byID: map[string]*record{}, observables: map[Observable]string{},
		rights: newRights(), tokens: map[string]*accessToken{}, windows: map[string]*window{},
	}
	f.Front = fakes.NewFront(opts.Seed, opts.JournalSize, f.dump, f.routes())
	return f
}

// Incidents returns copies of all incidents of a table, oldest first; "" is
// both.
func (f *Fake) Incidents(table string) []Incident {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Incident, 0, len(f.records))
	for _, r := range f.records {
		if table == "" || r.table == table {
			list = append(list, r.public())
		}
	}
	return list
}

// Incident returns a copy of one incident, by sys_id or number.
func (f *Fake) Incident(idOrNumber string) (Incident, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.named(idOrNumber)
	if r == nil {
		return Incident{}, false
	}
	return r.public(), true
}

// Edit sets columns of an incident as a person there does, by sys_id or
// number, past all rules, and reports whether it was there. What journal
// fields are given is added to them.
func (f *Fake) Edit(idOrNumber string, fields map[string]string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.named(idOrNumber)
	if r == nil {
		return false
	}
	f.commit(r, f.applied(r, fields), "agent", time.Now())
	return true
}

// Delete removes an incident, by sys_id or number, and reports whether it was
// there.
func (f *Fake) Delete(idOrNumber string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.named(idOrNumber)
	if r == nil {
		return false
	}
	f.remove(r)
	return true
}

// remove needs the lock.
func (f *Fake) remove(r *record) {
	f.records = slices.DeleteFunc(f.records, func(other *record) bool { return other == r })
	f.entries = slices.DeleteFunc(f.entries, func(e row) bool { return e["element_id"] == r.id() })
	delete(f.byID, r.id())
}

func (f *Fake) dump() any {
	return map[string]any{"incidents": f.Incidents(TableIncident), "security_incidents": f.Incidents(TableSecurityIncident)}
}

// table has the handlers by method and path.
func (f *Fake) table() map[string]http.HandlerFunc {
	routes := map[string]http.HandlerFunc{
		"POST /api/now/import/{staging}":                                       f.importOne,
		"POST /api/now/v1/import/{staging}":                                    f.importOne,
		"GET /api/{scope}/elastic_api/health":                                  f.health,
		"POST /api/x_elas2_sir_int/elastic_api/incident/{id}/observables":      f.addObservable,
		"POST /api/x_elas2_sir_int/elastic_api/incident/{id}/observables/bulk": f.addObservables,
	}
	for _, prefix := range []string{"/api/now/table/", "/api/now/v1/table/", "/api/now/v2/table/"} {
		routes["GET "+prefix+"{table}"] = f.list
		routes["POST "+prefix+"{table}"] = f.create
		routes["GET "+prefix+"{table}/{id}"] = f.get
		routes["PATCH "+prefix+"{table}/{id}"] = f.update
		routes["PUT "+prefix+"{table}/{id}"] = f.update
		routes["DELETE "+prefix+"{table}/{id}"] = f.delete
	}
	return routes
}

func (f *Fake) routes() http.Handler {
	api := http.NewServeMux()
	paths := map[string]bool{}
	for pattern, handle := range f.table() {
		api.HandleFunc(pattern, handle)
		_, path, _ := strings.Cut(pattern, " ")
		paths[path] = true
	}
	for path := range paths {
		api.HandleFunc(path, wrongMethod)
	}
	api.HandleFunc("/api/", noResource)
	outer := http.NewServeMux()
	outer.Handle("/api/", f.authenticate(f.limit(api)))
	outer.HandleFunc("POST /oauth_token.do", f.token)
	outer.HandleFunc("GET /login.do", loginForm)
	return f.awake(outer)
}
