package fakekibana

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/kibana"
)

// pageQuery is page, perPage and sortOrder of a _find.
type pageQuery struct {
	page, perPage int
	descending    bool
}

type bounds struct{ from, to int }

// cut says which part of n items the page is.
func (p pageQuery) cut(n int) bounds {
	from := min((p.page-1)*p.perPage, n)
	return bounds{from, min(from+p.perPage, n)}
}

// maxWindow is how far a _find can page.
const maxWindow = 10_000

// readPage reads it and answers 400 if it is out of bounds.
func readPage(w http.ResponseWriter, r *http.Request, order string) (pageQuery, bool) {
	q := r.URL.Query()
	page, err1 := fakes.IntParameter(q.Get("page"), 1)
	perPage, err2 := fakes.IntParameter(q.Get("perPage"), 20)
	order = orDefault(q.Get("sortOrder"), order)
	switch {
	case err1 != nil || err2 != nil || page < 1:
		kibanaRefuse(w, http.StatusBadRequest, "page and perPage must be positive numbers")
	case perPage > 100:
		kibanaRefuse(w, http.StatusBadRequest, "The provided perPage value is too high. The maximum allowed perPage value is 100.")
	case page*perPage > maxWindow:
		kibanaRefuse(w, http.StatusBadRequest, "The number of documents is too high. Paginating through more than 10000 documents is not possible.")
	case order != "asc" && order != "desc":
		kibanaRefuse(w, http.StatusBadRequest, fmt.Sprintf("Invalid value %q supplied to \"sortOrder\"", order))
	default:
		return pageQuery{page: page, perPage: perPage, descending: order == "desc"}, true
	}
	return pageQuery{}, false
}

func (k *Fake) findComments(w http.ResponseWriter, r *http.Request) {
	if !checkQuery(w, r, "page", "perPage", "sortOrder") {
		return
	}
	p, ok := readPage(w, r, "desc")
	if !ok {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.caseOr404(w, r)
	if c == nil {
		return
	}
	list := k.listed(c, p.descending)
	page := p.cut(len(list))
	fakes.WriteJSON(w, http.StatusOK, map[string]any{"comments": list[page.from:page.to], "page": p.page, "per_page": p.perPage, "total": len(list)})
}

// listed is what the comment routes show: every attachment on old versions,
// user comments alone from 9.0 on. Where exactly Kibana changed is not known.
func (k *Fake) listed(c *kibanaCase, descending bool) []*commentDoc {
	list := []*commentDoc{}
	for i := range c.comments {
		a := c.comments[i]
		if descending {
			a = c.comments[len(c.comments)-1-i]
		}
		if a.isUser() || !k.atLeast(9, 0) {
			list = append(list, a)
		}
	}
	return list
}

func (k *Fake) allComments(w http.ResponseWriter, r *http.Request) {
	if k.atLeast(9, 0) {
		kibanaRefuse(w, http.StatusNotFound, "Not Found")
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.caseOr404(w, r); c != nil {
		fakes.WriteJSON(w, http.StatusOK, k.listed(c, false))
	}
}

func (k *Fake) caseAlerts(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.caseOr404(w, r)
	if c == nil {
		return
	}
	alerts := []any{}
	for _, a := range c.comments {
		for i, id := range a.AlertID {
			alerts = append(alerts, map[string]any{"id": id, "index": a.Index[min(i, len(a.Index)-1)], "attached_at": a.CreatedAt})
		}
	}
	fakes.WriteJSON(w, http.StatusOK, alerts)
}

// commentRequest is the body of POST and PATCH of comments.
type commentRequest struct {
	ID      string            `json:"id"`
	Version string            `json:"version"`
	Type    string            `json:"type"`
	Comment *string           `json:"comment"`
	AlertID kibana.StringList `json:"alertId"`
	Index   kibana.StringList `json:"index"`
	Rule    json.RawMessage   `json:"rule"`
	Owner   string            `json:"owner"`
}

func (b commentRequest) problem() string {
	switch {
	case b.Type == "user" && b.Comment == nil:
		return `Invalid value "undefined" supplied to "comment"`
	case b.Type == "user" && (*b.Comment == "" || fakes.UTF16Len(*b.Comment) > maxLongText):
		return fmt.Sprintf("The length of the comment must be 1 to %d.", maxLongText)
	case b.Type == "alert" && (len(b.AlertID) == 0 || len(b.AlertID) != len(b.Index)):
		return "alertId and index must have the same number of entries, one at least"
	case b.Type != "user" && b.Type != "alert":
		return fmt.Sprintf("Invalid value %q supplied to \"type\"", b.Type)
	}
	return ownerProblem(b.Owner)
}

func (k *Fake) createComment(w http.ResponseWriter, r *http.Request) {
	var body commentRequest
	if !readKibana(w, r, &body) {
		return
	}
	if body.ID != "" || body.Version != "" {
		kibanaRefuse(w, http.StatusBadRequest, `invalid keys "id,version"`)
		return
	}
	if problem := body.problem(); problem != "" {
		kibanaRefuse(w, http.StatusBadRequest, problem)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.caseOr404(w, r)
	if c == nil {
		return
	}
	now, by := time.Now(), k.as(r)
	in := kibana.Comment{Type: body.Type, AlertID: body.AlertID}
	if body.Comment != nil {
		in.Text = *body.Comment
	}
	a := k.attach(c, in, by, now)
	if body.Type == "alert" {
		a.Index, a.Rule = body.Index, body.Rule
	}
	k.touch(c, by, now)
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusOK, c.render(!k.atLeast(9, 0)))
}

func (k *Fake) patchComment(w http.ResponseWriter, r *http.Request) {
	var body commentRequest
	if !readKibana(w, r, &body) {
		return
	}
	if problem := body.problem(); problem != "" || body.Type != "user" {
		kibanaRefuse(w, http.StatusBadRequest, orDefault(problem, "only user comments can be changed"))
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.caseOr404(w, r)
	if c == nil {
		return
	}
	a := c.comment(body.ID)
	switch {
	case a == nil:
		kibanaRefuse(w, http.StatusNotFound, fmt.Sprintf("This comment %s does not exist anymore.", body.ID))
		return
	case a.Version != body.Version:
		kibanaRefuse(w, http.StatusConflict, "This case has been updated. Please refresh before saving additional updates.")
		return
	}
	k.editComment(c, a, *body.Comment, k.as(r), time.Now())
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusOK, c.render(!k.atLeast(9, 0)))
}

func (k *Fake) removeComment(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.caseOr404(w, r)
	if c == nil {
		return
	}
	id := r.PathValue("comment")
	if !k.dropComment(c, id, k.as(r), time.Now()) {
		kibanaRefuse(w, http.StatusNotFound, fmt.Sprintf("This comment %s does not exist anymore.", id))
		return
	}
	fakes.Acted(r)
	w.WriteHeader(http.StatusNoContent)
}
