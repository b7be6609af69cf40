package fakeservicenow

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// defaultLimit is how many records a list has at most when nothing is asked.
const defaultLimit = 10000

// list answers records of any table.
func (f *Fake) list(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("table")
	s, known := f.visible[name]
	if !known {
		noTable(name).send(w)
		return
	}
	limit, err1 := fakes.IntParameter(r.URL.Query().Get("sysparm_limit"), defaultLimit)
	offset, err2 := fakes.IntParameter(r.URL.Query().Get("sysparm_offset"), 0)
	if err1 != nil || err2 != nil {
		limit, offset = defaultLimit, 0 // what is no number is not looked at
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	readable, refused := f.mayRead(name)
	if refused != nil {
		refused.send(w)
		return
	}
	hits := f.hits(name, s, r.URL.Query())
	if !readable && f.opts.Journal == JournalUncounted {
		hits = nil
	}
	f.pages(w, r, limit, offset, len(hits))
	var page []row
	if readable { // rules of access are applied to the page, after the limit
		page = hits[min(offset, len(hits)):min(offset+limit, len(hits))]
	}
	if len(page) == 0 && strings.HasPrefix(r.URL.Path, "/api/now/v1/") {
		noRecord().send(w)
		return
	}
	answer(w, http.StatusOK, f.renderPage(f.view(r), name, page))
}

// renderPage writes the rows of a page that may be read. It needs the lock.
func (f *Fake) renderPage(v view, table string, page []row) []any {
	out := make([]any, 0, len(page))
	for _, hit := range page {
		if table == tableJournal && slices.Contains(f.opts.HiddenFields, hit["element"]) {
			continue
		}
		if rec := f.byID[hit["sys_id"]]; rec != nil {
			hit = f.withJournals(rec)
		}
		out = append(out, v.render(f.visible[table], hit))
	}
	return out
}

// hits are the rows of a table that a request asks for, in its order. It needs
// the lock.
func (f *Fake) hits(name string, s schema, parameters url.Values) []row {
	q := parseQuery(parameters.Get("sysparm_query"), s)
	for column, values := range parameters {
		if _, known := s[column]; known { // a column may be a parameter of its own
			q.all(condition{column, "=", values[0]})
		}
	}
	if q.invalid && f.opts.InvalidQuery == ReturnsNoRows {
		return nil
	}
	var hits []row
	for _, candidate := range f.rows(name) {
		if q.matches(candidate) {
			hits = append(hits, candidate)
		}
	}
	q.arrange(hits)
	return hits
}

// rows are all rows of a table that a query sees. It needs the lock.
func (f *Fake) rows(name string) []row {
	switch name {
	case tableJournal:
		return f.entries
	case tableDictionary:
		return f.dictionaryRows()
	case tableChoice:
		return choiceRows()
	}
	var out []row
	for _, r := range f.records {
		if (r.table == name || name == tableTask) && time.Since(r.created) >= f.opts.SearchDelay {
			out = append(out, r.row)
		}
	}
	return out
}

// pages sets the headers that tell of other pages.
func (f *Fake) pages(w http.ResponseWriter, r *http.Request, limit, offset, total int) {
	q := r.URL.Query()
	if q.Get("sysparm_no_count") != "true" {
		w.Header().Set("X-Total-Count", strconv.Itoa(total))
	}
	if q.Get("sysparm_suppress_pagination_header") == "true" || limit == 0 {
		return
	}
	link := func(rel string, offset int) string {
		q.Set("sysparm_limit", strconv.Itoa(limit))
		q.Set("sysparm_offset", strconv.Itoa(offset))
		return fmt.Sprintf(`<%s%s?%s>;rel="%s"`, f.base(r), r.URL.Path, q.Encode(), rel)
	}
	links := []string{link("first", 0)}
	if offset > 0 {
		links = append(links, link("prev", max(0, offset-limit)))
	}
	if offset+limit < total {
		links = append(links, link("next", offset+limit))
	}
	links = append(links, link("last", max(0, total-1)/limit*limit))
	w.Header().Set("Link", strings.Join(links, ","))
}

// get answers one record.
func (f *Fake) get(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("table")
	s, known := f.visible[name]
	if !known {
		noTable(name).send(w)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	readable, refused := f.mayRead(name)
	if refused != nil {
		refused.send(w)
		return
	}
	found := f.oneRow(name, r.PathValue("id"))
	if found == nil || !readable {
		noRecord().send(w)
		return
	}
	answer(w, http.StatusOK, f.view(r).render(s, found))
}

// oneRow needs the lock; nil is none. A record is there at once by its id,
// whatever queries see.
func (f *Fake) oneRow(name, id string) row {
	if rec := f.find(name, id); rec != nil {
		return f.withJournals(rec)
	}
	for _, candidate := range f.rows(name) {
		if candidate["sys_id"] == id {
			return candidate
		}
	}
	return nil
}

// delete removes one incident.
func (f *Fake) delete(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("table")
	f.mu.Lock()
	defer f.mu.Unlock()
	rec, refused := f.target(name, r.PathValue("id"))
	if refused == nil && f.rights.Denied(RightDelete) {
		refused = operationFailed("ACL Exception Delete Failed due to security constraints")
	}
	if refused != nil {
		refused.send(w)
		return
	}
	f.remove(rec)
	fakes.Acted(r)
	w.WriteHeader(http.StatusNoContent)
}

// target is the incident that a request would change. It needs the lock.
func (f *Fake) target(table, id string) (*record, *refusal) {
	if _, known := f.schemas[table]; !known {
		return nil, noTable(table)
	}
	if rec := f.find(table, id); rec != nil && !f.rights.Denied(RightRead) {
		return rec, nil
	}
	if f.oneRow(table, id) != nil && !f.rights.Denied(RightRead) {
		return nil, operationFailed("ACL Exception Update Failed due to security constraints") // a system table
	}
	return nil, noRecord()
}
