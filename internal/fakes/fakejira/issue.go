package fakejira

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// issueBody is the body of a create or an update.
type issueBody struct {
	Fields          map[string]any              `json:"fields"`
	Update          map[string][]map[string]any `json:"update"`
	Properties      []Property                  `json:"properties"`
	HistoryMetadata json.RawMessage             `json:"historyMetadata"`
	Transition      json.RawMessage             `json:"transition"`
}

// problem says what is wrong apart from the fields, "" if nothing.
func (b issueBody) problem() string {
	if len(b.Transition) > 0 {
		return "transition: this fake takes it on its own route only."
	}
	return checkProperties(b.Properties)
}

func (j *Fake) createIssue(w http.ResponseWriter, r *http.Request) {
	var body issueBody
	if !j.decode(w, r, &body) {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	fields := body.Fields
	if fields == nil {
		fields = map[string]any{}
	}
	errs := j.checkCreate(fields)
	j.mergeUpdate(fields, body.Update, errs)
	if len(errs) > 0 {
		jiraRefuseFields(w, errs)
		return
	}
	if parent := j.checkParent(fields); parent != "" {
		jiraRefuse(w, http.StatusBadRequest, parent)
		return
	}
	if problem := body.problem(); problem != "" {
		jiraRefuse(w, http.StatusBadRequest, problem)
		return
	}
	i := j.store(fields, body.Properties)
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusCreated, map[string]string{"id": i.id, "key": i.key, "self": j.self(r, "/issue/"+i.id)})
}

// store needs the lock.
func (j *Fake) store(fields map[string]any, properties []Property) *jiraIssue {
	j.number++
	now := time.Now()
	i := &jiraIssue{
		id: j.newID(), key: fmt.Sprintf("%s-%d", j.opts.ProjectKey, j.number),
		fields: dropNulls(fields), properties: properties, created: now, updated: now,
	}
	j.issues = append(j.issues, i)
	j.byName[i.id], j.byName[i.key] = i, i
	return i
}

func dropNulls(fields map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range fields {
		if v != nil {
			out[k] = v
		}
	}
	return out
}

func (j *Fake) updateIssue(w http.ResponseWriter, r *http.Request) {
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
	merged, errs := j.edited(i, body)
	if len(errs) > 0 {
		jiraRefuseFields(w, errs)
		return
	}
	if parent := j.checkParent(merged); parent != "" && body.Fields["parent"] != nil {
		jiraRefuse(w, http.StatusBadRequest, parent)
		return
	}
	if problem := body.problem(); problem != "" {
		jiraRefuse(w, http.StatusBadRequest, problem)
		return
	}
	i.fields, i.updated = dropNulls(merged), time.Now()
	for _, p := range body.Properties {
		i.properties = setProperty(i.properties, p)
	}
	fakes.Acted(r)
	if j.opts.Flavour == Cloud && r.URL.Query().Get("returnIssue") == "true" {
		fakes.WriteJSON(w, http.StatusOK, j.render(r, i, []string{"*all"}))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// edited returns the issue's fields as they will be, and what is wrong with the
// request by field. It needs the lock.
func (j *Fake) edited(i *jiraIssue, body issueBody) (merged map[string]any, errs map[string]string) {
	errs = j.checkFields(body.Fields)
	for _, name := range []string{"summary", "project", "issuetype"} {
		if v, ok := body.Fields[name]; ok && v == nil {
			errs[name] = j.checkCreate(map[string]any{})[name]
		}
	}
	merged = cloneJSON(i.fields).(map[string]any)
	maps.Copy(merged, body.Fields)
	for name := range body.Update {
		if _, both := body.Fields[name]; both {
			errs[name] = fmt.Sprintf("Field '%s' cannot appear in both 'fields' and 'update'", name)
		}
	}
	j.mergeUpdate(merged, body.Update, errs)
	return merged, errs
}

func (j *Fake) deleteIssue(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.findOr404(w, r)
	if i == nil {
		return
	}
	j.remove(i)
	fakes.Acted(r)
	w.WriteHeader(http.StatusNoContent)
}

func (j *Fake) getIssue(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.findOr404(w, r)
	if i == nil {
		return
	}
	fields := splitList(r.URL.Query()["fields"])
	if len(fields) == 0 {
		fields = []string{"*all"}
	}
	answer := j.render(r, i, fields)
	if names := splitList(r.URL.Query()["properties"]); len(names) > 0 {
		answer["properties"] = selectProperties(i.properties, names)
	}
	fakes.WriteJSON(w, http.StatusOK, answer)
}

// findOr404 needs the lock.
func (j *Fake) findOr404(w http.ResponseWriter, r *http.Request) *jiraIssue {
	i := j.find(r.PathValue("issue"))
	if i == nil {
		jiraRefuse(w, http.StatusNotFound, j.say("Issue does not exist or you do not have permission to see it.", "Issue Does Not Exist"))
	}
	return i
}

// splitList splits repeated and comma-separated parameters.
func splitList(values []string) []string {
	var out []string
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// render makes the answer's form of an issue. fields as the API has them:
// names, *all, *navigable, and -name to leave one out. It needs the lock.
func (j *Fake) render(r *http.Request, i *jiraIssue, fields []string) map[string]any {
	out := map[string]any{"id": i.id, "key": i.key, "self": j.self(r, "/issue/"+i.id), "expand": "renderedFields,names,schema,operations,editmeta,changelog"}
	all := j.allFields(r, i)
	picked := map[string]any{}
	onlyLess := !slices.ContainsFunc(fields, func(f string) bool { return !strings.HasPrefix(f, "-") })
	for name, v := range all {
		wide := onlyLess || slices.Contains(fields, "*all") || slices.Contains(fields, "*navigable") && name != "comment"
		if (wide || slices.Contains(fields, name)) && !slices.Contains(fields, "-"+name) {
			picked[name] = v
		}
	}
	out["fields"] = picked
	return out
}

func (j *Fake) allFields(r *http.Request, i *jiraIssue) map[string]any {
	all := map[string]any{"labels": []any{}, "description": nil}
	for _, name := range j.opts.ExtraFields {
		all[name] = nil
	}
	maps.Copy(all, cloneJSON(i.fields).(map[string]any))
	if parent := j.parent(i.fields["parent"]); parent != nil {
		all["parent"] = map[string]any{"id": parent.id, "key": parent.key, "self": j.self(r, "/issue/"+parent.id), "fields": map[string]any{"summary": parent.fields["summary"]}}
	}
	all["project"] = map[string]any{"id": projectID, "key": j.opts.ProjectKey, "name": j.opts.ProjectKey, "self": j.self(r, "/project/"+projectID)}
	if t, ok := j.issueType(i.fields["issuetype"]); ok {
		all["issuetype"] = map[string]any{"id": t.ID, "name": t.Name, "subtask": t.Subtask, "self": j.self(r, "/issuetype/"+t.ID)}
	}
	all["status"], all["issuelinks"] = i.statusOf().render(), j.renderLinks(r, i.key)
	all["created"], all["updated"] = jiraDate(i.created), jiraDate(i.updated)
	comments := make([]any, 0, len(i.comments))
	for _, c := range i.comments {
		comments = append(comments, j.renderComment(r, i, c, false))
	}
	all["comment"] = map[string]any{"comments": comments, "maxResults": len(comments), "total": len(comments), "startAt": 0}
	return all
}
