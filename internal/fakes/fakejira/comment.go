package fakejira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// commentBody is the body of a comment. What clients send back of an answer
// (author, created …) is read-only and ignored.
type commentBody struct {
	Body       *string    `json:"body"`
	Properties []Property `json:"properties"`

	Visibility   json.RawMessage `json:"visibility"`
	ID           json.RawMessage `json:"id"`
	Self         json.RawMessage `json:"self"`
	Author       json.RawMessage `json:"author"`
	UpdateAuthor json.RawMessage `json:"updateAuthor"`
	Created      json.RawMessage `json:"created"`
	Updated      json.RawMessage `json:"updated"`
	RenderedBody json.RawMessage `json:"renderedBody"`
	JSDPublic    json.RawMessage `json:"jsdPublic"`
}

// readComment decodes and checks a comment and answers 400 if it is wrong.
func (j *Fake) readComment(w http.ResponseWriter, r *http.Request) (commentBody, bool) {
	var body commentBody
	if !j.decode(w, r, &body) {
		return body, false
	}
	if body.Body == nil || strings.TrimSpace(*body.Body) == "" {
		jiraRefuseFields(w, map[string]string{"comment": "Comment body can not be empty!"})
		return body, false
	}
	if problem := j.checkText(*body.Body); problem != "" {
		jiraRefuseFields(w, map[string]string{"comment": problem})
		return body, false
	}
	if problem := checkProperties(body.Properties); problem != "" {
		jiraRefuse(w, http.StatusBadRequest, problem)
		return body, false
	}
	return body, true
}

func (j *Fake) addComment(w http.ResponseWriter, r *http.Request) {
	body, ok := j.readComment(w, r)
	if !ok {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.findOr404(w, r)
	if i == nil {
		return
	}
	if j.opts.MaxComments > 0 && len(i.comments) >= j.opts.MaxComments {
		jiraRefuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("The issue has reached its limit of %d comments.", j.opts.MaxComments))
		return
	}
	now := time.Now()
	c := &Comment{ID: j.newID(), Body: *body.Body, Properties: body.Properties, Visibility: body.Visibility, Created: now, Updated: now}
	i.comments = append(i.comments, c)
	i.updated = now
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusCreated, j.renderComment(r, i, c, false))
}

func (j *Fake) updateComment(w http.ResponseWriter, r *http.Request) {
	body, ok := j.readComment(w, r)
	if !ok {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	i, c := j.commentOr404(w, r)
	if c == nil {
		return
	}
	c.Body, c.Updated = *body.Body, time.Now()
	if body.Visibility != nil {
		c.Visibility = body.Visibility
	}
	for _, p := range body.Properties {
		c.Properties = setProperty(c.Properties, p)
	}
	i.updated = c.Updated
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusOK, j.renderComment(r, i, c, false))
}

func (j *Fake) deleteComment(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i, c := j.commentOr404(w, r)
	if c == nil {
		return
	}
	i.comments = slices.DeleteFunc(i.comments, func(other *Comment) bool { return other == c })
	i.updated = time.Now()
	fakes.Acted(r)
	w.WriteHeader(http.StatusNoContent)
}

func (j *Fake) getComment(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i, c := j.commentOr404(w, r)
	if c == nil {
		return
	}
	fakes.WriteJSON(w, http.StatusOK, j.renderComment(r, i, c, j.wantsProperties(r)))
}

// commentOr404 needs the lock.
func (j *Fake) commentOr404(w http.ResponseWriter, r *http.Request) (*jiraIssue, *Comment) {
	i := j.findOr404(w, r)
	if i == nil {
		return nil, nil
	}
	id := r.PathValue("comment")
	for _, c := range i.comments {
		if c.ID == id {
			return i, c
		}
	}
	jiraRefuse(w, http.StatusNotFound, fmt.Sprintf("Can not find a comment for the id: %s.", id))
	return nil, nil
}

// wantsProperties: Cloud alone expands them; Data Center has them on their own
// route only.
func (j *Fake) wantsProperties(r *http.Request) bool {
	return j.opts.Flavour == Cloud && slices.Contains(splitList(r.URL.Query()["expand"]), "properties")
}

func (j *Fake) listComments(w http.ResponseWriter, r *http.Request) {
	startAt, maxResults, ok := j.paging(w, r, j.commentPage())
	if !ok {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.findOr404(w, r)
	if i == nil {
		return
	}
	comments := slices.Clone(i.comments)
	switch order := r.URL.Query().Get("orderBy"); order {
	case "", "created", "+created", " created": // a "+" that was not escaped is a space
	case "-created":
		slices.Reverse(comments)
	default:
		jiraRefuse(w, http.StatusBadRequest, fmt.Sprintf("The orderBy value '%s' is not valid.", order))
		return
	}
	page := []any{}
	for _, c := range window(comments, startAt, maxResults) {
		page = append(page, j.renderComment(r, i, c, j.wantsProperties(r)))
	}
	fakes.WriteJSON(w, http.StatusOK, map[string]any{"startAt": startAt, "maxResults": maxResults, "total": len(comments), "comments": page})
}

// commentPage is how many comments are listed unless the client says: Cloud
// 100 by its specification, Data Center all of them.
func (j *Fake) commentPage() int {
	if j.opts.Flavour == DataCenter {
		return 1 << 20
	}
	return 100
}

// paging reads startAt and maxResults. Cloud gives no more than its default.
func (j *Fake) paging(w http.ResponseWriter, r *http.Request, size int) (startAt, maxResults int, ok bool) {
	q := r.URL.Query()
	startAt, err1 := fakes.IntParameter(q.Get("startAt"), 0)
	maxResults, err2 := fakes.IntParameter(q.Get("maxResults"), size)
	if err1 != nil || err2 != nil {
		jiraRefuse(w, http.StatusBadRequest, "startAt and maxResults must be numbers that are not negative.")
		return 0, 0, false
	}
	return startAt, min(maxResults, size), true
}

// window cuts a page out of a list.
func window[T any](list []T, startAt, n int) []T {
	startAt = min(startAt, len(list))
	return list[startAt:min(startAt+n, len(list))]
}

func (j *Fake) renderComment(r *http.Request, i *jiraIssue, c *Comment, withProperties bool) map[string]any {
	author := j.user(r)
	out := map[string]any{
		"self": j.self(r, "/issue/"+i.id+"/comment/"+c.ID), "id": c.ID, "author": author, "body": c.Body,
		"updateAuthor": author, "created": jiraDate(c.Created), "updated": jiraDate(c.Updated),
	}
	if c.Visibility != nil {
		out["visibility"] = c.Visibility
	}
	if j.opts.Flavour == Cloud {
		out["jsdPublic"] = true
	}
	if withProperties {
		out["properties"] = selectProperties(c.Properties, []string{"*all"})
	}
	return out
}
