package fakejira

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
)

// jiraPermissions are the project permissions that the fake knows, by key.
func jiraPermissions() map[string]string {
	return map[string]string{
		"BROWSE_PROJECTS": "Browse Projects", "CREATE_ISSUES": "Create Issues", "EDIT_ISSUES": "Edit Issues",
		"ADD_COMMENTS": "Add Comments", "LINK_ISSUES": "Link Issues", "TRANSITION_ISSUES": "Transition Issues",
	}
}

// Permit gives project permissions to the one user, or takes them away, by
// key: {"EDIT_ISSUES": false}. See [fakes.Rights].
func (j *Fake) Permit(given map[string]bool) error { return j.rights.Permit(given) }

// need lets only requests through whose user has the permission.
func (j *Fake) need(permission string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if j.rights.Denied(permission) {
			jiraRefuse(w, http.StatusForbidden, fmt.Sprintf("You do not have the permission '%s' in this project.", jiraPermissions()[permission]))
			return
		}
		next(w, r)
	}
}

// myPermissions answers those that were asked for on Cloud, where a list is
// required, and all on Data Center.
func (j *Fake) myPermissions(w http.ResponseWriter, r *http.Request) {
	q, known := r.URL.Query(), jiraPermissions()
	asked := slices.Sorted(maps.Keys(known))
	if j.opts.Flavour == Cloud {
		if asked = splitList(q["permissions"]); len(asked) == 0 {
			jiraRefuse(w, http.StatusBadRequest, "The 'permissions' query parameter is required.")
			return
		}
	}
	if p := q.Get("projectKey"); p != "" && !strings.EqualFold(p, j.opts.ProjectKey) {
		jiraRefuse(w, http.StatusNotFound, fmt.Sprintf("No project could be found with key '%s'.", p))
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	answer := map[string]any{}
	for n, key := range asked {
		if known[key] == "" {
			jiraRefuse(w, http.StatusBadRequest, fmt.Sprintf("Unrecognized permission: %s", key))
			return
		}
		answer[key] = map[string]any{
			"id": fmt.Sprint(10 + n), "key": key, "name": known[key], "type": "PROJECT",
			"description": known[key] + ".", "havePermission": !j.rights.Denied(key),
		}
	}
	fakes.WriteJSON(w, http.StatusOK, map[string]any{"permissions": answer})
}
