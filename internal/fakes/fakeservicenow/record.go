package fakeservicenow

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"
)

// sysTime is the form of every time at the Table API. It is in UTC.
const sysTime = "2006-01-02 15:04:05"

func sysDate(t time.Time) string { return t.UTC().Format(sysTime) }

// Incident is a record of one of the two tables as it stands.
type Incident struct {
	Table  string `json:"table"`
	SysID  string `json:"sys_id"`
	Number string `json:"number"`
	// Fields as they are stored, by column: all of them texts, those that were
	// never set "".
	Fields map[string]string `json:"fields"`
	// Journal has the work notes and the comments, oldest first.
	Journal []JournalEntry `json:"journal"`
	// Observables of a security incident, in the order in which they came.
	Observables []Observable `json:"observables,omitempty"`
	Created     time.Time    `json:"created"`
}

// Notes returns the texts of one journal field, oldest first.
func (i Incident) Notes(element string) []string {
	var out []string
	for _, e := range i.Journal {
		if e.Element == element {
			out = append(out, e.Value)
		}
	}
	return out
}

// JournalEntry is what was once written into a journal field. It never changes.
type JournalEntry struct {
	SysID   string    `json:"sys_id"`
	Element string    `json:"element"` // work_notes or comments
	Value   string    `json:"value"`
	By      string    `json:"by"`
	Created time.Time `json:"created"`
}

// Observable is one thing that was seen in a security incident.
type Observable struct {
	SysID string `json:"sys_id"` // the same for the same value and type in all incidents
	Value string `json:"value"`
	Type  string `json:"type"`
}

// row is one record of any table: texts by column. An absent one is "".
type row map[string]string

// record is the stored form of an incident.
type record struct {
	table       string
	row         row
	journal     []JournalEntry
	observables []Observable
	created     time.Time
}

func (r *record) id() string { return r.row["sys_id"] }

func (r *record) public() Incident {
	return Incident{
		Table: r.table, SysID: r.id(), Number: r.row["number"], Fields: maps.Clone(r.row),
		Journal: slices.Clone(r.journal), Observables: slices.Clone(r.observables), Created: r.created,
	}
}

// newID makes a sys_id. They follow no order, as those of a real instance. It
// needs the lock.
func (f *Fake) newID() string {
	f.ids++
	return stableID(fmt.Sprintf("%d/%d", f.opts.Seed, f.ids))
}

// stableID is the sys_id of what is always there.
func stableID(of string) string {
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:16])
}

// newNumber needs the lock.
func (f *Fake) newNumber(table string) string {
	f.numbers[table]++
	prefix := "INC"
	if table == TableSecurityIncident {
		prefix = "SIR"
	}
	return fmt.Sprintf("%s%07d", prefix, 10000+f.numbers[table])
}

// blank is a new record before anything is set. It needs the lock.
func (f *Fake) blank(table, user string, now time.Time) *record {
	r := row{
		"sys_id": f.newID(), "number": f.newNumber(table), "sys_class_name": table, "sys_domain": "global", "sys_domain_path": "/",
		"sys_created_on": sysDate(now), "sys_created_by": user, "sys_updated_on": sysDate(now), "sys_updated_by": user, "sys_mod_count": "0",
		"opened_at": sysDate(now), "opened_by": user, "active": "true", "approval": "not requested", "escalation": "0", "knowledge": "false",
		"made_sla": "true", "reassignment_count": "0", "upon_approval": "proceed", "upon_reject": "cancel", "impact": "3", "urgency": "3", "severity": "3",
	}
	if table == TableIncident {
		maps.Copy(r, row{"state": "1", "category": "inquiry", "notify": "1", "reopen_count": "0", "child_incidents": "0", "contact_type": "phone"})
	} else {
		maps.Copy(r, row{"state": "10", "priority": "4"})
	}
	return &record{table: table, row: r, created: now}
}

// find finds an incident of a table by its sys_id. It needs the lock.
func (f *Fake) find(table, id string) *record {
	if r := f.byID[id]; r != nil && r.table == table {
		return r
	}
	return nil
}

// named finds an incident by sys_id or number. It needs the lock.
func (f *Fake) named(idOrNumber string) *record {
	for _, r := range f.records {
		if r.row["number"] == idOrNumber {
			return r
		}
	}
	return f.byID[idOrNumber]
}
