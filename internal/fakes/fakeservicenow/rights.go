package fakeservicenow

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

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

func allRights() []string {
	return []string{RightCreate, RightDelete, RightDictionary, RightImport, RightJournal, RightRead, RightWrite}
}

// Permit gives rights to all users, or takes them away, by name:
// {"write": false}. An unknown name is an error and nothing changes.
func (f *Fake) Permit(given map[string]bool) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(allRights(), name) {
			return fmt.Errorf("right %q: there are %q", name, allRights())
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, yes := range given {
		if yes {
			delete(f.denied, name)
		} else {
			f.denied[name] = true
		}
	}
	return nil
}

// mayRead says whether rows of a table are shown, or that asking for them is
// refused. It needs the lock.
func (f *Fake) mayRead(table string) (bool, *refusal) {
	switch table {
	case tableJournal:
		if f.denied[RightJournal] && f.opts.Journal == JournalForbidden {
			return false, &refusal{http.StatusForbidden, "Insufficient rights", "Insufficient rights to query records"}
		}
		return !f.denied[RightJournal], nil
	case tableDictionary, tableChoice:
		if f.denied[RightDictionary] {
			return false, &refusal{status: http.StatusForbidden, message: "Insufficient rights to query records"}
		}
		return true, nil
	default:
		return !f.denied[RightRead], nil
	}
}

// permissions serves the control route /__permissions.
func (f *Fake) permissions(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut:
		var given map[string]bool
		err := controlBody(w, r, &given)
		if err == nil {
			err = f.Permit(given)
		}
		if err != nil {
			fakes.ControlError(w, http.StatusBadRequest, err)
			return
		}
	default:
		onlyGetAndPut(w, r)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	all := map[string]bool{}
	for _, name := range allRights() {
		all[name] = !f.denied[name]
	}
	fakes.WriteJSON(w, http.StatusOK, all)
}

func controlBody(w http.ResponseWriter, r *http.Request, v any) error {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, fakes.MaxRequestBytes))
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

func onlyGetAndPut(w http.ResponseWriter, r *http.Request) {
	fakes.ControlError(w, http.StatusMethodNotAllowed, fmt.Errorf("%s %q: there are GET and PUT", r.Method, r.URL.Path))
}
