package fakeservicenow

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// States of an incident that mean something here.
const (
	stateResolved = "6"
	stateClosed   = "7"
)

// create makes an incident.
func (f *Fake) create(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("table")
	if _, known := f.schemas[name]; !known {
		noTable(name).send(w)
		return
	}
	body, refused := fields(r)
	if refused != nil {
		refused.send(w)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	rec, refused := f.insert(name, body, user(r))
	if refused != nil {
		refused.send(w)
		return
	}
	fakes.Acted(r)
	w.Header().Set("Location", f.base(r)+"/api/now/table/"+name+"/"+rec.id())
	f.answerRecord(w, r, http.StatusCreated, rec)
}

// update changes an incident: PATCH and PUT are the same.
func (f *Fake) update(w http.ResponseWriter, r *http.Request) {
	body, refused := fields(r)
	if refused != nil {
		refused.send(w)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	rec, refused := f.target(r.PathValue("table"), r.PathValue("id"))
	if refused == nil {
		_, refused = f.change(rec, body, user(r))
	}
	if refused != nil {
		refused.send(w)
		return
	}
	fakes.Acted(r)
	f.answerRecord(w, r, http.StatusOK, rec)
}

// answerRecord needs the lock.
func (f *Fake) answerRecord(w http.ResponseWriter, r *http.Request, status int, rec *record) {
	if r.Header.Get("X-no-response-body") == "true" {
		w.WriteHeader(status)
		return
	}
	answer(w, status, f.view(r).render(f.visible[rec.table], f.withJournals(rec)))
}

// insert needs the lock.
func (f *Fake) insert(table string, body map[string]string, user string) (*record, *refusal) {
	if f.rights.Denied(RightCreate) || table != TableIncident && table != TableSecurityIncident {
		return nil, operationFailed("ACL Exception Insert Failed due to security constraints")
	}
	now := time.Now()
	rec := f.blank(table, user, now)
	next := f.applied(rec, body)
	missing := slices.DeleteFunc(slices.Clone(f.opts.Mandatory), func(name string) bool { return next[name] != "" })
	if refused := dataPolicy(missing); refused != nil {
		return nil, refused
	}
	if refused := checkClosing(rec, next); refused != nil {
		return nil, refused
	}
	f.commit(rec, next, user, now)
	rec.row["sys_mod_count"] = "0"
	f.records = append(f.records, rec)
	f.byID[rec.id()] = rec
	return rec, nil
}

// change reports whether anything is different now. It needs the lock.
func (f *Fake) change(rec *record, body map[string]string, user string) (changed bool, refused *refusal) {
	if f.rights.Denied(RightWrite) {
		return false, operationFailed("ACL Exception Update Failed due to security constraints")
	}
	next := f.applied(rec, body)
	if closed(rec) {
		switch f.opts.Closed {
		case ClosedRefuses:
			return false, operationFailed(fmt.Sprintf("Operation against file '%s' was aborted by Business Rule 'Closed records are read only^%s'. Business Rule Stack:Closed records are read only",
				rec.table, stableID("closed rule")))
		case ClosedKeeps:
			kept := maps.Clone(rec.row)
			kept["work_notes"], kept["comments"] = next["work_notes"], next["comments"]
			next = kept
		}
	}
	if refused := checkClosing(rec, next); refused != nil {
		return false, refused
	}
	return f.commit(rec, next, user, time.Now()), nil
}

// applied is the record's row with the fields of a body in it, cut to their
// lengths. Unknown and read-only fields are not looked at. It needs the lock.
func (f *Fake) applied(rec *record, body map[string]string) row {
	next := maps.Clone(rec.row)
	for name, value := range body {
		if c, ok := f.schemas[rec.table][name]; ok && !c.readOnly {
			next[name] = c.cut(value)
		}
	}
	return next
}

// dataPolicy refuses what leaves fields empty that must not be.
func dataPolicy(missing []string) *refusal {
	if len(missing) == 0 {
		return nil
	}
	var labels []string
	for _, name := range missing {
		labels = append(labels, column{name: name}.label())
	}
	return operationFailed("Data Policy Exception: The following fields are mandatory: " + strings.Join(labels, ", "))
}

// checkClosing is the data policy of ITSM: who resolves or closes an incident
// says how.
func checkClosing(rec *record, next row) *refusal {
	ending := next["state"] == stateResolved || next["state"] == stateClosed
	if rec.table != TableIncident || !ending || next["state"] == rec.row["state"] {
		return nil
	}
	missing := slices.DeleteFunc([]string{"close_code", "close_notes"}, func(name string) bool { return next[name] != "" })
	return dataPolicy(missing)
}

func closed(rec *record) bool {
	if rec.table == TableSecurityIncident {
		return rec.row["state"] == "3" || rec.row["state"] == "7"
	}
	return rec.row["state"] == stateClosed || rec.row["state"] == "8"
}

// commit makes next the record's row, moves what journal fields were given to
// the journal, and reports whether anything is different now. It needs the lock.
func (f *Fake) commit(rec *record, next row, user string, now time.Time) bool {
	before := rec.row
	added := f.addNotes(rec, next, user, now)
	rec.row = next
	derive(rec, before, user, now)
	if !added && same(before, next) {
		return false
	}
	count, _ := strconv.Atoi(next["sys_mod_count"])
	next["sys_mod_count"] = strconv.Itoa(count + 1)
	next["sys_updated_on"], next["sys_updated_by"] = sysDate(now), user
	return true
}

// same compares rows, in which an absent column is an empty one.
func same(a, b row) bool {
	for name := range b {
		if a[name] != b[name] {
			return false
		}
	}
	return true // none is ever taken out of a row
}

// addNotes needs the lock.
func (f *Fake) addNotes(rec *record, next row, user string, now time.Time) bool {
	added := false
	for _, element := range []string{"comments", "work_notes"} {
		if value := next[element]; value != "" {
			e := JournalEntry{SysID: f.newID(), Element: element, Value: value, By: user, Created: now}
			rec.journal, f.entries = append(rec.journal, e), append(f.entries, e.row(rec))
			added = true
		}
		delete(next, element)
	}
	return added
}

// derive sets what business rules of every instance set.
func derive(rec *record, before row, user string, now time.Time) {
	next := rec.row
	ended := closed(rec)
	next["active"] = strconv.FormatBool(!ended)
	if changed := next["state"] != before["state"]; changed {
		switch {
		case ended:
			next["closed_at"], next["closed_by"] = sysDate(now), user
		case next["state"] == stateResolved && rec.table == TableIncident:
			next["resolved_at"], next["resolved_by"] = sysDate(now), user
		}
	}
	if rec.table == TableIncident {
		next["incident_state"] = next["state"]
		next["priority"] = priority(next["impact"], next["urgency"])
	}
}

// priority is that of the rules that ITSM comes with: 1 and 1 make 1, 3 and 3
// make 5.
func priority(impact, urgency string) string {
	i, err1 := strconv.Atoi(impact)
	u, err2 := strconv.Atoi(urgency)
	if err1 != nil || err2 != nil || i < 1 || u < 1 {
		return "5"
	}
	return strconv.Itoa(min(5, i+u-1))
}
