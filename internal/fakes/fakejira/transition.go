package fakejira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// jiraStatus is a status of the one workflow; every status can be reached from
// every other by the transition of the same name.
type jiraStatus struct{ id, name, transition, category string }

func jiraStatuses() []jiraStatus {
	return []jiraStatus{
		{"1", "To Do", "11", "new"}, {"3", "In Progress", "21", "indeterminate"}, {"10001", "Done", "31", "done"},
	}
}

// statusOf is the issue's status, To Do at first.
func (i *jiraIssue) statusOf() jiraStatus {
	all := jiraStatuses()
	for _, s := range all {
		if s.id == i.status {
			return s
		}
	}
	return all[0]
}

func (s jiraStatus) render() map[string]any {
	ids := map[string]int{"new": 2, "indeterminate": 4, "done": 3}
	names := map[string]string{"new": "To Do", "indeterminate": "In Progress", "done": "Done"}
	return map[string]any{
		"id": s.id, "name": s.name,
		"statusCategory": map[string]any{"id": ids[s.category], "key": s.category, "name": names[s.category]},
	}
}

// offered are the transitions that the issue has now; none without the
// permission. It needs the lock.
func (j *Fake) offered(i *jiraIssue) []jiraStatus {
	var list []jiraStatus
	for _, s := range jiraStatuses() {
		if s.id != i.statusOf().id && !j.rights.Denied("TRANSITION_ISSUES") {
			list = append(list, s)
		}
	}
	return list
}

func (j *Fake) transitions(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.findOr404(w, r)
	if i == nil {
		return
	}
	list := []any{}
	for _, s := range j.offered(i) {
		list = append(list, map[string]any{"id": s.transition, "name": s.name, "to": s.render()})
	}
	fakes.WriteJSON(w, http.StatusOK, map[string]any{"expand": "transitions", "transitions": list})
}

// transition moves an issue. No transition has a screen, so none takes fields.
func (j *Fake) transition(w http.ResponseWriter, r *http.Request) {
	var body issueBody
	if !j.decode(w, r, &body) {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.findOr404(w, r)
	if i == nil {
		return
	}
	var named linkEnd
	if json.Unmarshal(body.Transition, &named) != nil || named.ID == "" {
		jiraRefuse(w, http.StatusBadRequest, "Missing 'transition' identifier")
		return
	}
	for name := range body.Fields {
		jiraRefuseFields(w, map[string]string{name: fmt.Sprintf("Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", name)})
		return
	}
	for _, s := range j.offered(i) {
		if s.transition == named.ID {
			i.status, i.updated = s.id, time.Now()
			fakes.Acted(r)
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	// Data Center's own specification: "500: If transition ID is incorrect."
	status := http.StatusBadRequest
	if j.opts.Flavour == DataCenter {
		status = http.StatusInternalServerError
	}
	jiraRefuse(w, status, fmt.Sprintf("The transition '%s' is not valid for this issue.", named.ID))
}
