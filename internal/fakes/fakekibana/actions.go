package fakekibana

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/casepush/casepush/internal/fakes"
)

// actionTypes are the values of the query key types: user actions' own, and
// those that pick comments by what they attach.
func actionTypes() []string {
	return []string{
		"assignees", "category", "comment", "connector", "create_case", "customFields", "delete_case", "description",
		"observables", "pushed", "settings", "severity", "status", "tags", "title", "action", "alert", "user", "attachment",
	}
}

func (k *Fake) findActions(w http.ResponseWriter, r *http.Request) {
	if !k.atLeast(8, 7) {
		kibanaRefuse(w, http.StatusNotFound, "Not Found")
		return
	}
	if !checkQuery(w, r, "types", "sortOrder", "page", "perPage") {
		return
	}
	types := r.URL.Query()["types"]
	for _, t := range types {
		if !slices.Contains(actionTypes(), t) {
			kibanaRefuse(w, http.StatusBadRequest, fmt.Sprintf("Invalid value %q supplied to \"types\"", t))
			return
		}
	}
	p, ok := readPage(w, r, "asc")
	if !ok {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.caseOr404(w, r)
	if c == nil {
		return
	}
	found := []actionDoc{}
	for _, a := range c.actions {
		if a.is(types) {
			found = append(found, a)
		}
	}
	if p.descending {
		slices.Reverse(found)
	}
	page := p.cut(len(found))
	fakes.WriteJSON(w, http.StatusOK, map[string]any{"userActions": found[page.from:page.to], "page": p.page, "perPage": p.perPage, "total": len(found)})
}

// is reports whether the action is of one of the types; none is all.
func (a actionDoc) is(types []string) bool {
	if len(types) == 0 || slices.Contains(types, a.Type) {
		return true
	}
	if a.Type != "comment" {
		return false
	}
	switch a.attachment {
	case "user", "comment":
		return slices.Contains(types, "user")
	case "alert":
		return slices.Contains(types, "alert")
	case "actions":
		return slices.Contains(types, "action")
	}
	return slices.Contains(types, "attachment")
}
