package fakeservicenow

import (
	"maps"
	"slices"
	"strings"
)

// row is the entry as a row of sys_journal_field.
func (e JournalEntry) row(rec *record) row {
	return row{
		"sys_id": e.SysID, "name": rec.table, "element": e.Element, "element_id": rec.id(), "value": e.Value,
		"sys_created_on": sysDate(e.Created), "sys_created_by": e.By,
	}
}

// withJournals is the record's row with the display values of its journals. It
// needs the lock.
func (f *Fake) withJournals(rec *record) row {
	r := maps.Clone(rec.row)
	for name, elements := range map[string][]string{
		"comments": {"comments"}, "work_notes": {"work_notes"}, "comments_and_work_notes": {"comments", "work_notes"},
	} {
		r[name] = f.journalText(rec, elements)
	}
	return r
}

// journalText is a journal as people read it, newest entry first.
func (f *Fake) journalText(rec *record, elements []string) string {
	var b strings.Builder
	for _, e := range slices.Backward(rec.journal) {
		if slices.Contains(elements, e.Element) {
			b.WriteString(e.Created.In(f.opts.Zone).Format(sysTime) + " - " + e.By + " (" + column{name: e.Element}.label() + ")\n" + e.Value + "\n\n")
		}
	}
	return b.String()
}
