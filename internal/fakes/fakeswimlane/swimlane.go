// Package fakeswimlane has a fake Swimlane, as package fakes describes fakes.
package fakeswimlane

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/secret"
)

// TurbinePrefix is where Swimlane Turbine has the API of a tenant.
const TurbinePrefix = "/api/account/a1b2/tenant/c3d4"

// Options describes a fake Swimlane. The zero value has the application of
// [SampleApp] and takes any token.
type Options struct {
	// Token: the only Private-Token that is let in; not set lets all in.
	Token secret.String
	// Prefix is where the API is; "" is /api. See [TurbinePrefix].
	Prefix string
	// Apps are its applications; nil is [SampleApp] alone.
	Apps []App
	// UserName is whose the token is; "" is "casepush".
	UserName string

	// SearchDelay is for how long a new record is invisible to a search.
	SearchDelay time.Duration
	// LockedStatus answers a change of a record that another user has locked:
	// 423 if it is 0. What a real one answers is published nowhere.
	LockedStatus int

	// Seed for Rule.Probability; 0 is 1.
	Seed uint64
	// JournalSize: see [fakes.NewJournal].
	JournalSize int
}

// Fake is a fake Swimlane. Its routes, under the prefix:
//
//	GET                 user/authorize
//	GET                 settings
//	GET                 app
//	GET                 app/{app}: 204 if there is none
//	POST                app/{app}/record
//	GET, PATCH, DELETE  app/{app}/record/{record}
//	GET                 app/{app}/record/tracking/{number}
//	POST                app/{app}/record/{record}/{field}/comment
//	POST                app/{app}/record/{record}/lock, …/unlock
//	POST                search: filters with "equals" on text and numeric fields
//
// Only 400 has a body: {"ErrorCode", "Argument"}.
//
// What it does not do: logins, reports, attachments, references, history,
// roles, calculated fields; fields are set by PATCH, not by PUT of a whole
// record.
type Fake struct {
	*fakes.Front
	opts Options

	mu      sync.Mutex
	next    int
	records []*record // of all applications, oldest first
}

// New makes a fake Swimlane without records.
func New(opts Options) *Fake {
	if opts.Prefix == "" {
		opts.Prefix = "/api"
	}
	if opts.Apps == nil {
		opts.Apps = []App{SampleApp()}
	}
	if opts.UserName == "" {
		opts.UserName = "casepush"
	}
	if opts.LockedStatus == 0 {
		opts.LockedStatus = http.StatusLocked
	}
	f := &Fake{opts: opts}
	f.Front = fakes.NewFront(opts.Seed, opts.JournalSize, f.dump, f.routes())
	return f
}

// Records returns copies of all records, oldest first.
func (f *Fake) Records() []Record {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Record, 0, len(f.records))
	for _, r := range f.records {
		list = append(list, r.public())
	}
	return list
}

// Record returns a copy of one record.
func (f *Fake) Record(id string) (Record, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.find(id); r != nil {
		return r.public(), true
	}
	return Record{}, false
}

// Delete removes a record and reports whether it was there.
func (f *Fake) Delete(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.records)
	f.records = slices.DeleteFunc(f.records, func(r *record) bool { return r.id == id })
	return len(f.records) < n
}

// Lock locks a record for a user, or unlocks it for "", and reports whether it
// is there.
func (f *Fake) Lock(id, user string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.find(id)
	if r == nil {
		return false
	}
	r.lockedBy, r.lockedAt = user, time.Now()
	return true
}

// find needs the lock.
func (f *Fake) find(id string) *record {
	for _, r := range f.records {
		if r.id == id {
			return r
		}
	}
	return nil
}

func (f *Fake) dump() any {
	return map[string]any{"prefix": f.opts.Prefix, "applications": f.opts.Apps, "records": f.Records()}
}

// app returns an application by its id, nil if there is none.
func (f *Fake) app(id string) *App {
	for i := range f.opts.Apps {
		if f.opts.Apps[i].ID == id {
			return &f.opts.Apps[i]
		}
	}
	return nil
}

func (f *Fake) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /user/authorize":                             f.authorize,
		"GET /settings":                                   f.settings,
		"GET /app":                                        f.listApps,
		"GET /app/{app}":                                  f.getApp,
		"POST /app/{app}/record":                          f.createRecord,
		"GET /app/{app}/record/{record}":                  f.getRecord,
		"PATCH /app/{app}/record/{record}":                f.patchRecord,
		"DELETE /app/{app}/record/{record}":               f.deleteRecord,
		"GET /app/{app}/record/tracking/{number}":         f.getTracked,
		"POST /app/{app}/record/{record}/{field}/comment": f.addComment,
		"POST /app/{app}/record/{record}/lock":            f.lockRecord,
		"POST /app/{app}/record/{record}/unlock":          f.unlockRecord,
		"POST /search":                                    f.search,
	} {
		mux.HandleFunc(pattern, handle)
	}
	return http.StripPrefix(f.opts.Prefix, f.authenticate(mux))
}

// newID needs the lock: 24 hexadecimal digits, as MongoDB makes them.
func (f *Fake) newID() string {
	f.next++
	return fmt.Sprintf("58ebb22807637a02%08x", f.next)
}

// ServeHTTP serves the API, and a record for people at /record/{app}/{id}.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/record/")
	if !ok {
		f.Front.ServeHTTP(w, r)
		return
	}
	appID, id, _ := strings.Cut(path, "/")
	rec, found := f.Record(id)
	app := f.app(appID)
	if !found || app == nil || rec.AppID != appID {
		http.NotFound(w, r)
		return
	}
	f.page(app, rec).Send(w)
}
