package fakekibana

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/kibana"
)

// checkQuery answers 400 for a query key that the route does not know.
func checkQuery(w http.ResponseWriter, r *http.Request, known ...string) bool {
	for key := range r.URL.Query() {
		if !slices.Contains(known, key) {
			kibanaRefuse(w, http.StatusBadRequest, fmt.Sprintf("[request query.%s]: definition for this key is missing", key))
			return false
		}
	}
	return true
}

// caseOr404 finds the case of the path in the space of the request. It needs
// the lock.
func (k *Fake) caseOr404(w http.ResponseWriter, r *http.Request) *kibanaCase {
	id := r.PathValue("case")
	c := k.cases[id]
	if c == nil || c.space != spaceOf(r) {
		kibanaRefuse(w, http.StatusNotFound, fmt.Sprintf("Saved object [cases/%s] not found", id))
		return nil
	}
	return c
}

func (k *Fake) getCase(w http.ResponseWriter, r *http.Request) {
	known := []string{"includeComments"}
	if k.atLeast(9, 0) {
		known = nil
	}
	if !checkQuery(w, r, known...) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.caseOr404(w, r)
	if c == nil {
		return
	}
	withComments := !k.atLeast(9, 0) && r.URL.Query().Get("includeComments") != "false"
	doc := c.render(withComments)
	if !withComments && !k.atLeast(8, 3) { // which counted only what it answered
		doc.TotalComment, doc.TotalAlerts = 0, 0
	}
	fakes.WriteJSON(w, http.StatusOK, doc)
}

// findCases knows of Kibana's filters owner, status and tags.
func (k *Fake) findCases(w http.ResponseWriter, r *http.Request) {
	if !checkQuery(w, r, "page", "perPage", "sortField", "sortOrder", "owner", "status", "tags") {
		return
	}
	p, ok := readPage(w, r, "desc")
	if !ok {
		return
	}
	sortField := orDefault(r.URL.Query().Get("sortField"), "createdAt")
	if !slices.Contains([]string{"createdAt", "updatedAt", "closedAt"}, sortField) {
		kibanaRefuse(w, http.StatusBadRequest, fmt.Sprintf("Invalid value %q supplied to \"sortField\"", sortField))
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	counts := map[string]int{}
	found := []caseDoc{}
	for _, id := range k.order {
		c := k.cases[id]
		if c.space != spaceOf(r) || !c.passes(r) {
			continue
		}
		counts[c.doc.Status]++
		if status := r.URL.Query().Get("status"); status == "" || status == c.doc.Status {
			found = append(found, c.render(false))
		}
	}
	slices.SortStableFunc(found, func(a, b caseDoc) int { return sortTime(a, sortField).Compare(sortTime(b, sortField)) })
	if p.descending {
		slices.Reverse(found)
	}
	page := p.cut(len(found))
	fakes.WriteJSON(w, http.StatusOK, map[string]any{
		"cases": found[page.from:page.to], "page": p.page, "per_page": p.perPage, "total": len(found),
		"count_open_cases": counts["open"], "count_in_progress_cases": counts["in-progress"], "count_closed_cases": counts["closed"],
	})
}

func sortTime(c caseDoc, field string) time.Time {
	switch field {
	case "updatedAt":
		return c.UpdatedAt.Time
	case "closedAt":
		return c.ClosedAt.Time
	}
	return c.CreatedAt.Time
}

// passes applies the filters owner and tags.
func (c *kibanaCase) passes(r *http.Request) bool {
	q := r.URL.Query()
	if owners := q["owner"]; len(owners) > 0 && !slices.Contains(owners, c.doc.Owner) {
		return false
	}
	tags := q["tags"]
	return len(tags) == 0 || slices.ContainsFunc(tags, func(t string) bool { return slices.Contains(c.doc.Tags, t) })
}

// readKibana reads a JSON body strictly and answers 400 if it cannot.
func readKibana(w http.ResponseWriter, r *http.Request, v any) bool {
	if ct := r.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		kibanaRefuse(w, http.StatusUnsupportedMediaType, "Unsupported Media Type")
		return false
	}
	b, err := io.ReadAll(r.Body)
	if err == nil {
		err = fakes.DecodeOne(b, v)
	}
	if err != nil {
		message := err.Error()
		if name, ok := strings.CutPrefix(message, "json: unknown field "); ok {
			message = "invalid keys " + name
		}
		kibanaRefuse(w, http.StatusBadRequest, message)
		return false
	}
	return true
}

// createBody is the body of POST /api/cases.
type createBody struct {
	Title        *string       `json:"title"`
	Description  *string       `json:"description"`
	Tags         *[]string     `json:"tags"`
	Connector    *connectorDoc `json:"connector"`
	Settings     any           `json:"settings"`
	Owner        *string       `json:"owner"`
	Severity     *string       `json:"severity"`
	Category     *string       `json:"category"`
	Assignees    []any         `json:"assignees"`
	CustomFields []any         `json:"customFields"`
}

func (k *Fake) createCase(w http.ResponseWriter, r *http.Request) {
	var body createBody
	if !readKibana(w, r, &body) {
		return
	}
	for _, required := range []struct {
		name    string
		missing bool
	}{
		{"title", body.Title == nil},
		{"description", body.Description == nil},
		{"tags", body.Tags == nil},
		{"connector", body.Connector == nil},
		{"settings", body.Settings == nil},
		{"owner", body.Owner == nil},
	} {
		if required.missing {
			kibanaRefuse(w, http.StatusBadRequest, fmt.Sprintf("Invalid value \"undefined\" supplied to %q", required.name))
			return
		}
	}
	patch := casePatch{Title: body.Title, Description: body.Description, Tags: body.Tags, Severity: body.Severity, Connector: body.Connector}
	if problem := cmp.Or(patch.problem(), ownerProblem(*body.Owner)); problem != "" {
		kibanaRefuse(w, http.StatusBadRequest, problem)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now, by := time.Now(), k.as(r)
	c := newCase(spaceOf(r), kibana.Case{
		ID: newUUID(), Title: *body.Title, Description: *body.Description, Tags: *body.Tags, Owner: *body.Owner,
		Connector: kibana.CaseConnector(*body.Connector),
	}, now)
	if body.Severity != nil {
		c.doc.Severity = *body.Severity
	}
	c.doc.Settings, c.doc.Category, c.doc.CreatedBy = body.Settings, body.Category, userOf(&by)
	c.doc.Assignees, c.doc.CustomFields = append(c.doc.Assignees, body.Assignees...), append(c.doc.CustomFields, body.CustomFields...)
	k.insert(c, by, now)
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusOK, c.render(!k.atLeast(9, 0)))
}

func ownerProblem(owner string) string {
	if slices.Contains([]string{"cases", "observability", "securitySolution"}, owner) {
		return ""
	}
	return fmt.Sprintf("Invalid value %q supplied to \"owner\"", owner)
}
