package fakeservicenow

import (
	"net/http"

	"github.com/casepush/casepush/internal/fakes"
)

// Rights that users have at first and can lose: see [Fake.Permit].
const (
	RightCreate     = "create"     // incidents, through either API
	RightRead       = "read"       // incidents; without it they seem not to be there
	RightWrite      = "write"      // incidents, through either API
	RightDelete     = "delete"     // incidents
	RightJournal    = "journal"    // read sys_journal_field: see Options.Journal
	RightDictionary = "dictionary" // read sys_dictionary and sys_choice
	RightImport     = "import"     // the roles that Elastic's applications need
)

func newRights() *fakes.Rights {
	return fakes.NewRights(RightCreate, RightDelete, RightDictionary, RightImport, RightJournal, RightRead, RightWrite)
}

// Permit gives rights to all users, or takes them away, by name:
// {"write": false}. See [fakes.Rights].
func (f *Fake) Permit(given map[string]bool) error { return f.rights.Permit(given) }

// mayRead says whether rows of a table are shown, or that asking for them is
// refused. It needs the lock.
func (f *Fake) mayRead(table string) (bool, *refusal) {
	switch table {
	case tableJournal:
		if f.rights.Denied(RightJournal) && f.opts.Journal == JournalForbidden {
			return false, &refusal{http.StatusForbidden, "Insufficient rights", "Insufficient rights to query records"}
		}
		return !f.rights.Denied(RightJournal), nil
	case tableDictionary, tableChoice:
		if f.rights.Denied(RightDictionary) {
			return false, &refusal{status: http.StatusForbidden, message: "Insufficient rights to query records"}
		}
		return true, nil
	default:
		return !f.rights.Denied(RightRead), nil
	}
}
