package fakeresilient

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// maxPage is the greatest page of a query.
const maxPage = 100

// queryBody is the body of a query: conditions of a filter hold all, of several
// filters any.
type queryBody struct {
	Filters []struct {
		Conditions []condition `json:"conditions"`
		LogicType  string      `json:"logic_type"`
	} `json:"filters"`
	Sorts []struct {
		Field string `json:"field_name"`
		Type  string `json:"type"`
	} `json:"sorts"`
	Start     int    `json:"start"`
	Length    *int   `json:"length"`
	LogicType string `json:"logic_type"`
}

type condition struct {
	Field  string `json:"field_name"`
	Method string `json:"method"`
	Value  any    `json:"value"`
}

func (f *Fake) query(w http.ResponseWriter, r *http.Request) {
	format, ok := textFormat(w, r)
	var body queryBody
	if !ok || !decode(w, r, &body) {
		return
	}
	level := r.URL.Query().Get("return_level")
	if level != "" && level != "partial" && level != "normal" && level != "full" {
		refuse(w, http.StatusBadRequest, "Invalid value for return_level.")
		return
	}
	if problem := f.checkQuery(body); problem != "" {
		refuse(w, http.StatusBadRequest, problem)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []*incident
	for _, i := range f.incidents {
		if time.Since(i.created) >= f.opts.SearchDelay && f.matches(i, body) {
			found = append(found, i)
		}
	}
	for _, s := range slices.Backward(body.Sorts) {
		d, _ := f.anywhere(s.Field)
		slices.SortStableFunc(found, func(a, b *incident) int {
			if s.Type == "desc" {
				a, b = b, a
			}
			return f.compare(a, b, d)
		})
	}
	length := maxPage
	if body.Length != nil {
		length = min(*body.Length, maxPage)
	}
	start := min(body.Start, len(found))
	rows := []any{}
	for _, i := range found[start:min(start+length, len(found))] {
		row := f.show(i, format)
		if level == "partial" {
			delete(row, "description")
			delete(row, "properties")
		}
		rows = append(rows, row)
	}
	fakes.WriteJSON(w, http.StatusOK, map[string]any{"recordsTotal": len(f.incidents), "recordsFiltered": len(found), "data": rows})
}

// checkQuery says what is wrong with a query.
func (f *Fake) checkQuery(body queryBody) string {
	if body.Start < 0 || body.Length != nil && *body.Length < 0 {
		return "start and length must not be negative."
	}
	for _, filter := range body.Filters {
		for _, c := range filter.Conditions {
			if _, ok := f.anywhere(c.Field); !ok {
				return "Unable to find the field " + c.Field + "."
			}
			switch c.Method {
			case "equals", "not_equals", "contains", "not_contains", "gte", "lte":
			default:
				return "Invalid method " + c.Method + "."
			}
		}
	}
	for _, s := range body.Sorts {
		if _, ok := f.anywhere(s.Field); !ok || s.Type != "asc" && s.Type != "desc" {
			return "Invalid sort."
		}
	}
	return ""
}

// matches needs the lock.
func (f *Fake) matches(i *incident, body queryBody) bool {
	every := body.LogicType == "ALL"
	for _, filter := range body.Filters {
		hit := filter.LogicType != "ANY"
		for _, c := range filter.Conditions {
			if f.holds(i, c) != hit {
				hit = !hit
				break
			}
		}
		if hit != every {
			return hit
		}
	}
	return every || len(body.Filters) == 0
}

func (f *Fake) holds(i *incident, c condition) bool {
	d, _ := f.anywhere(c.Field)
	have, want := f.comparable(i, d), asText(c.Value)
	switch c.Method {
	case "equals":
		return have == want
	case "not_equals":
		return have != want
	case "contains":
		return strings.Contains(strings.ToLower(have), strings.ToLower(want))
	case "not_contains":
		return !strings.Contains(strings.ToLower(have), strings.ToLower(want))
	case "gte":
		return compareTexts(have, want) >= 0
	}
	return compareTexts(have, want) <= 0
}

func (f *Fake) compare(a, b *incident, d Field) int {
	return compareTexts(f.comparable(a, d), f.comparable(b, d))
}

// comparable is a field's value as a query sees it. Texts have no markup.
func (f *Fake) comparable(i *incident, d Field) string {
	switch d.Name {
	case "id":
		return strconv.Itoa(i.id)
	case "create_date":
		return strconv.FormatInt(millis(i.created), 10)
	}
	v := i.get(d)
	if t, ok := v.(*Text); ok {
		return t.plain()
	}
	return asText(v)
}

func asText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// compareTexts compares numbers as such.
func compareTexts(a, b string) int {
	x, errA := strconv.ParseInt(a, 10, 64)
	y, errB := strconv.ParseInt(b, 10, 64)
	if errA == nil && errB == nil {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a, b)
}
