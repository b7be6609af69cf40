package fakejira

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

func (j *Fake) issueTypes(w http.ResponseWriter, r *http.Request) {
	startAt, maxResults, ok := j.paging(w, r, 50)
	if !ok || !j.ourProject(w, r) {
		return
	}
	types := []any{}
	for _, t := range window(j.opts.IssueTypes, startAt, maxResults) {
		types = append(types, map[string]any{"id": t.ID, "name": t.Name, "subtask": t.Subtask, "self": j.self(r, "/issuetype/"+t.ID)})
	}
	total := len(j.opts.IssueTypes)
	answer := map[string]any{"startAt": startAt, "maxResults": maxResults, "total": total}
	if j.opts.Flavour == DataCenter {
		answer["values"], answer["isLast"] = types, startAt+len(types) >= total
	} else {
		answer["issueTypes"] = types
	}
	fakes.WriteJSON(w, http.StatusOK, answer)
}

func (j *Fake) project(w http.ResponseWriter, r *http.Request) {
	if !j.ourProject(w, r) {
		return
	}
	fakes.WriteJSON(w, http.StatusOK, map[string]any{"id": projectID, "key": j.opts.ProjectKey, "name": j.opts.ProjectKey, "self": j.self(r, "/project/"+projectID)})
}

// ourProject answers 404 for another project than the one there is.
func (j *Fake) ourProject(w http.ResponseWriter, r *http.Request) bool {
	p := r.PathValue("project")
	if p == projectID || strings.EqualFold(p, j.opts.ProjectKey) {
		return true
	}
	jiraRefuse(w, http.StatusNotFound, fmt.Sprintf("No project could be found with key '%s'.", p))
	return false
}

func (j *Fake) myself(w http.ResponseWriter, r *http.Request) {
	fakes.WriteJSON(w, http.StatusOK, j.user(r))
}

// user is the one user that writes everything.
func (j *Fake) user(r *http.Request) map[string]any {
	if j.opts.Flavour == DataCenter {
		return map[string]any{"self": j.self(r, "/user?username=casepush"), "key": "JIRAUSER10000", "name": "casepush", "displayName": "casepush", "active": true, "timeZone": "Etc/UTC"}
	}
	const id = "5b10a2844c20165700ede21g"
	return map[string]any{"self": j.self(r, "/user?accountId="+id), "accountId": id, "accountType": "atlassian", "displayName": "casepush", "active": true, "timeZone": "Etc/UTC"}
}

func (j *Fake) serverInfo(w http.ResponseWriter, r *http.Request) {
	info := map[string]any{
		"baseUrl": strings.TrimSuffix(j.self(r, ""), "/rest/api/2"), "serverTitle": "Jira", "serverTime": jiraDate(time.Now()),
	}
	if j.opts.Flavour == DataCenter {
		info["deploymentType"], info["version"], info["versionNumbers"], info["buildNumber"] = "Server", "10.3.24", []int{10, 3, 24}, 10030024
	} else {
		info["deploymentType"], info["version"], info["versionNumbers"], info["buildNumber"] = "Cloud", "1001.0.0-SNAPSHOT", []int{1001, 0, 0}, 100288
	}
	fakes.WriteJSON(w, http.StatusOK, info)
}
