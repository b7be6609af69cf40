package fakekibana

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/kibana"
)

// casePatch is one entry of PATCH /api/cases; nil leaves alone.
type casePatch struct {
	ID           string        `json:"id"`
	Version      string        `json:"version"`
	Status       *string       `json:"status"`
	Title        *string       `json:"title"`
	Description  *string       `json:"description"`
	Tags         *[]string     `json:"tags"`
	Connector    *connectorDoc `json:"connector"`
	Severity     *string       `json:"severity"`
	Category     *string       `json:"category"`
	Settings     *any          `json:"settings"`
	Assignees    *[]any        `json:"assignees"`
	CustomFields *[]any        `json:"customFields"`
}

// Bounds of Kibana's cases.
const (
	maxBatch       = 100
	maxTitle       = 160
	maxLongText    = 30_000
	maxTags        = 200
	maxTag         = 256
	maxUserActions = 10_000
)

// problem says what is wrong with the values, "" if nothing.
func (p casePatch) problem() string {
	enum := func(name string, v *string, allowed ...string) string {
		if v == nil || slices.Contains(allowed, *v) {
			return ""
		}
		return fmt.Sprintf("Invalid value %q supplied to %q", *v, name)
	}
	text := func(name string, v *string, limit int) string {
		switch {
		case v == nil:
			return ""
		case strings.TrimSpace(*v) == "":
			return fmt.Sprintf("The %s field cannot be an empty string.", name)
		case fakes.UTF16Len(*v) > limit:
			return fmt.Sprintf("The length of the %s is too long. The maximum length is %d.", name, limit)
		}
		return ""
	}
	for _, problem := range []string{
		enum("status", p.Status, "open", "in-progress", "closed"),
		enum("severity", p.Severity, "low", "medium", "high", "critical"),
		text("title", p.Title, maxTitle), text("description", p.Description, maxLongText), p.tagsProblem(),
	} {
		if problem != "" {
			return problem
		}
	}
	if p.Connector != nil && (p.Connector.ID == "" || p.Connector.Type == "" || p.Connector.Fields == nil) {
		return `Invalid value supplied to "connector": id, name, type and fields are required`
	}
	return ""
}

func (p casePatch) tagsProblem() string {
	if p.Tags == nil {
		return ""
	}
	if len(*p.Tags) > maxTags {
		return fmt.Sprintf("The length of the field tags is too long. Array must be of length <= %d.", maxTags)
	}
	for _, tag := range *p.Tags {
		if strings.TrimSpace(tag) == "" || fakes.UTF16Len(tag) > maxTag {
			return fmt.Sprintf("Each tag must have 1 to %d characters.", maxTag)
		}
	}
	return ""
}

func (k *Fake) patchCases(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Cases []casePatch `json:"cases"`
	}
	if !readKibana(w, r, &body) {
		return
	}
	if len(body.Cases) == 0 || len(body.Cases) > maxBatch {
		kibanaRefuse(w, http.StatusBadRequest, fmt.Sprintf("cases: want 1 to %d entries", maxBatch))
		return
	}
	for _, p := range body.Cases {
		if problem := p.problem(); problem != "" || p.ID == "" || p.Version == "" {
			kibanaRefuse(w, http.StatusBadRequest, orDefault(problem, "Invalid value \"undefined\" supplied to \"id\" or \"version\""))
			return
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	cases, ok := k.patched(w, r, body.Cases)
	if !ok {
		return
	}
	now, by := time.Now(), k.as(r)
	changed := []caseDoc{}
	for i, c := range cases {
		if k.applyPatch(c, body.Cases[i], by, now) {
			changed = append(changed, c.render(false))
		}
	}
	if len(changed) == 0 {
		kibanaRefuse(w, http.StatusNotAcceptable, "All update fields are identical to current version.")
		return
	}
	fakes.Acted(r)
	fakes.WriteJSON(w, http.StatusOK, changed)
}

// patched finds the cases of a batch and checks their versions: all or none.
// It needs the lock.
func (k *Fake) patched(w http.ResponseWriter, r *http.Request, batch []casePatch) ([]*kibanaCase, bool) {
	var cases []*kibanaCase
	var missing, conflicting []string
	for _, p := range batch {
		c := k.cases[p.ID]
		if c == nil || c.space != spaceOf(r) {
			missing = append(missing, p.ID)
			continue
		}
		cases = append(cases, c)
		if k.conflicts > 0 {
			c.doc.Version = k.nextVersion() // as a background job would
		}
		if c.doc.Version != p.Version {
			conflicting = append(conflicting, p.ID)
		}
	}
	if len(missing) > 0 {
		kibanaRefuse(w, http.StatusNotFound, fmt.Sprintf("These cases %s do not exist. Please check you have the correct ids.", strings.Join(missing, ", ")))
		return nil, false
	}
	if k.conflicts > 0 {
		k.conflicts--
	}
	if len(conflicting) > 0 {
		kibanaRefuse(w, http.StatusConflict, fmt.Sprintf("These cases %s has been updated. Please refresh before saving additional updates.", strings.Join(conflicting, ", ")))
		return nil, false
	}
	for _, c := range cases {
		if k.atLeast(8, 10) && len(c.actions) >= maxUserActions {
			kibanaRefuse(w, http.StatusBadRequest, fmt.Sprintf("The case with id %s has reached the limit of %d user actions.", c.doc.ID, maxUserActions))
			return nil, false
		}
	}
	return cases, true
}

// applyPatch changes what differs, with a user action for each, and reports
// whether anything did. It needs the lock.
func (k *Fake) applyPatch(c *kibanaCase, p casePatch, by kibana.User, now time.Time) bool {
	before := len(c.actions)
	d := &c.doc
	text := func(name string, to *string, v *string) {
		if v != nil && *to != *v {
			*to = *v
			k.note(c, by, now, actionDoc{Action: "update", Type: name, Payload: map[string]any{name: *v}})
		}
	}
	text("title", &d.Title, p.Title)
	text("description", &d.Description, p.Description)
	text("severity", &d.Severity, p.Severity)
	if p.Status != nil && *p.Status != d.Status {
		k.setStatus(c, *p.Status, by, now)
	}
	if p.Tags != nil {
		k.setTags(c, *p.Tags, by, now)
	}
	if p.Connector != nil && !sameConnector(*p.Connector, d.Connector) {
		d.Connector = *p.Connector
		k.note(c, by, now, actionDoc{Action: "update", Type: "connector", Payload: map[string]any{"connector": d.Connector}})
	}
	k.applyRest(c, p, by, now)
	if len(c.actions) == before {
		return false
	}
	k.touch(c, by, now)
	return true
}

// applyRest changes what no push looks at.
func (k *Fake) applyRest(c *kibanaCase, p casePatch, by kibana.User, now time.Time) {
	d := &c.doc
	note := func(name string, v any) {
		k.note(c, by, now, actionDoc{Action: "update", Type: name, Payload: map[string]any{name: v}})
	}
	if p.Category != nil && (d.Category == nil || *d.Category != *p.Category) {
		d.Category = p.Category
		note("category", *p.Category)
	}
	if p.Settings != nil && !reflect.DeepEqual(d.Settings, *p.Settings) {
		d.Settings = *p.Settings
		note("settings", *p.Settings)
	}
	if p.Assignees != nil && !reflect.DeepEqual(d.Assignees, *p.Assignees) {
		d.Assignees = *p.Assignees
		note("assignees", *p.Assignees)
	}
	if p.CustomFields != nil && !reflect.DeepEqual(d.CustomFields, *p.CustomFields) {
		d.CustomFields = *p.CustomFields
		note("customFields", *p.CustomFields)
	}
}

// setTags notes added and removed tags apart, as Kibana does.
func (k *Fake) setTags(c *kibanaCase, tags []string, by kibana.User, now time.Time) {
	less := func(a, b []string) []string {
		return slices.DeleteFunc(slices.Clone(a), func(t string) bool { return slices.Contains(b, t) })
	}
	added, removed := less(tags, c.doc.Tags), less(c.doc.Tags, tags)
	if len(added)+len(removed) == 0 {
		return
	}
	c.doc.Tags = append([]string{}, tags...)
	for _, change := range []struct {
		action string
		tags   []string
	}{{"add", added}, {"delete", removed}} {
		if len(change.tags) > 0 {
			k.note(c, by, now, actionDoc{Action: change.action, Type: "tags", Payload: map[string]any{"tags": change.tags}})
		}
	}
}

func sameConnector(a, b connectorDoc) bool {
	var fieldsA, fieldsB any
	if json.Unmarshal(a.Fields, &fieldsA) != nil || json.Unmarshal(b.Fields, &fieldsB) != nil {
		return false
	}
	return a.ID == b.ID && a.Name == b.Name && a.Type == b.Type && reflect.DeepEqual(fieldsA, fieldsB)
}
