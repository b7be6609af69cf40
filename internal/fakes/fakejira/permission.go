package fakejira

import (
	"encoding/json"
	"fmt"
	"io"
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
// key: {"EDIT_ISSUES": false}. All are given at first. An unknown key is an
// error and nothing changes.
func (j *Fake) Permit(given map[string]bool) error {
	known := jiraPermissions()
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if known[key] == "" {
			return fmt.Errorf("permission %q: there are %q", key, slices.Sorted(maps.Keys(known)))
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for key, yes := range given {
		if yes {
			delete(j.denied, key)
		} else {
			j.denied[key] = true
		}
	}
	return nil
}

// permissions serves the control route /__permissions.
func (j *Fake) permissions(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut:
		var given map[string]bool
		b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, fakes.MaxRequestBytes))
		if err == nil {
			err = json.Unmarshal(b, &given)
		}
		if err == nil {
			err = j.Permit(given)
		}
		if err != nil {
			fakes.ControlError(w, http.StatusBadRequest, err)
			return
		}
	default:
		fakes.ControlError(w, http.StatusMethodNotAllowed, fmt.Errorf("%s %q: there are GET and PUT", r.Method, r.URL.Path))
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	all := map[string]bool{}
	for key := range jiraPermissions() {
		all[key] = !j.denied[key]
	}
	fakes.WriteJSON(w, http.StatusOK, all)
}

// need lets only requests through whose user has the permission.
func (j *Fake) need(permission string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		j.mu.Lock()
		denied := j.denied[permission]
		j.mu.Unlock()
		if denied {
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
			"description": known[key] + ".", "havePermission": !j.denied[key],
		}
	}
	fakes.WriteJSON(w, http.StatusOK, map[string]any{"permissions": answer})
}
