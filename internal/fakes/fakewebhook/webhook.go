// Package fakewebhook has a fake target of webhooks: a small issue tracker over
// REST, as people build them or put them before something older.
package fakewebhook

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/secret"
)

// Options describes a fake target. The zero value takes any credentials,
// answers {"id": "1001", …} as JSON and takes no notice of idempotency keys.
type Options struct {
	// User and Password: Basic authentication with these. Header and Value: a
	// header of that name with that value. Every one that is set is needed.
	User     string
	Password secret.String
	Header   string
	Value    secret.String

	// Idempotent: a create or a comment whose Idempotency-Key was seen before
	// gets the same answer as then and has no further effect, for ever. The key
	// alone counts; the body may differ.
	Idempotent bool
	// Nested: an incident's answers are {"data": {"incidents": [{…}]}}.
	Nested bool
	// NumericIDs: ids are JSON numbers in answers.
	NumericIDs bool
	// ContentType of every answer; "" is application/json.
	ContentType string
	// EmptyAnswers: updates and comments answer 204 without a body.
	EmptyAnswers bool

	// Seed for Rule.Probability; 0 is 1.
	Seed uint64
	// JournalSize: see [fakes.NewJournal].
	JournalSize int
}

// Fake is a fake target. Its routes:
//
//	POST, PUT, PATCH   /api/incidents                  creates one: 201
//	POST               /api/incidents/lookup           reads the one of {"id": …}
//	GET                /api/incidents/{id}             reads one
//	PUT                /api/incidents/{id}             replaces one
//	POST, PATCH        /api/incidents/{id}             sets what is given
//	GET                /api/incidents/{id}/comments    lists the comments
//	POST, PUT, PATCH   /api/incidents/{id}/comments    adds one: 201
//
// An incident has title (a text that is not blank), description, severity,
// status, case_id (texts) and tags (a list of texts), a comment has text (not
// blank). Anything else is refused with 422, what is no JSON object with 400,
// and another content type than application/json with 415; the body of a
// refusal is {"error": {"message": …}}.
//
// For people an incident is at /incidents/{reference}.
type Fake struct {
	*fakes.Front
	opts Options

	mu        sync.Mutex
	number    int
	incidents []*Incident      // oldest first
	seen      map[string]reply // by Idempotency-Key and route
}

// firstNumber is before that of the first incident.
const firstNumber = 1000

// New makes a fake target without incidents.
func New(opts Options) *Fake {
	if opts.ContentType == "" {
		opts.ContentType = "application/json"
	}
	f := &Fake{opts: opts, number: firstNumber, seen: map[string]reply{}}
	f.Front = fakes.NewFront(opts.Seed, opts.JournalSize, f.dump, f.routes())
	return f
}

func (f *Fake) routes() http.Handler {
	mux := http.NewServeMux()
	for _, method := range []string{"POST", "PUT", "PATCH"} {
		mux.HandleFunc(method+" /api/incidents", f.once(f.create))
		mux.HandleFunc(method+" /api/incidents/{id}", f.write(f.update))
		mux.HandleFunc(method+" /api/incidents/{id}/comments", f.once(f.comment))
	}
	mux.HandleFunc("POST /api/incidents/lookup", f.write(f.lookup))
	mux.HandleFunc("GET /api/incidents/{id}", f.write(f.read))
	mux.HandleFunc("GET /api/incidents/{id}/comments", f.write(f.comments))
	return f.authenticate(mux)
}

// Incidents returns copies of all incidents, oldest first.
func (f *Fake) Incidents() []Incident {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Incident, 0, len(f.incidents))
	for _, i := range f.incidents {
		list = append(list, i.clone())
	}
	return list
}

// Delete removes an incident, by id, and reports whether it was there.
func (f *Fake) Delete(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, i := range f.incidents {
		if i.ID == id {
			f.incidents = append(f.incidents[:n:n], f.incidents[n+1:]...)
			return true
		}
	}
	return false
}

// find needs the lock.
func (f *Fake) find(id string) *Incident {
	for _, i := range f.incidents {
		if i.ID == id {
			return i
		}
	}
	return nil
}

// add needs the lock.
func (f *Fake) add(fields Fields) *Incident {
	f.number++
	i := &Incident{ID: fmt.Sprint(f.number), Reference: fmt.Sprintf("INC-%d", f.number), Fields: fields}
	f.incidents = append(f.incidents, i)
	return i
}

func (f *Fake) dump() any { return map[string]any{"incidents": f.Incidents()} }
