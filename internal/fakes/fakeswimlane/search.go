package fakeswimlane

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/fakes"
)

// searchBody is a report that is not stored.
type searchBody struct {
	Type           string         `json:"$type"`
	ApplicationIDs []string       `json:"applicationIds"`
	Columns        []string       `json:"columns"`
	Filters        []searchFilter `json:"filters"`
	PageSize       int            `json:"pageSize"`
	Offset         int            `json:"offset"` // counts pages

	ID            json.RawMessage `json:"id"`
	Name          string          `json:"name"`
	Sorts         json.RawMessage `json:"sorts"`
	GroupBys      []any           `json:"groupBys"`
	Aggregates    []any           `json:"aggregates"`
	Allowed       []any           `json:"allowed"`
	Permissions   json.RawMessage `json:"permissions"`
	Keywords      string          `json:"keywords"`
	DefaultReport bool            `json:"defaultSearchReport"`
	Disabled      bool            `json:"disabled"`
	CreatedDate   json.RawMessage `json:"createdDate"`
	ModifiedDate  json.RawMessage `json:"modifiedDate"`
	CreatedBy     json.RawMessage `json:"createdByUser"`
	ModifiedBy    json.RawMessage `json:"modifiedByUser"`
}

type searchFilter struct {
	FieldID    string `json:"fieldId"`
	FilterType string `json:"filterType"`
	Value      any    `json:"value"`
}

const (
	searchPage    = 50
	maxSearchPage = 1000
)

// search answers the records by application. As swimlane-python tells it, hits
// have neither name nor trackingFull; they have the values of the columns.
func (f *Fake) search(w http.ResponseWriter, r *http.Request) {
	var body searchBody
	if !decode(w, r, &body) {
		return
	}
	if body.PageSize == 0 {
		body.PageSize = searchPage
	}
	if body.PageSize < 0 || body.PageSize > maxSearchPage || body.Offset < 0 || body.Keywords != "" || len(body.GroupBys)+len(body.Aggregates) > 0 {
		refused(badFilter, "pageSize, offset, keywords, groupBys or aggregates").send(w)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	hits, wrong := f.hits(body)
	if wrong != nil {
		wrong.send(w)
		return
	}
	results := map[string][]any{}
	start := min(body.Offset*body.PageSize, len(hits))
	for _, rec := range hits[start:min(start+body.PageSize, len(hits))] {
		results[rec.appID] = append(results[rec.appID], f.renderHit(rec, body.Columns))
	}
	fakes.WriteJSON(w, http.StatusOK, map[string]any{
		"$type": "Core.Models.Search.GroupedSearchResults, Core", "count": len(hits), "offset": body.Offset, "limit": body.PageSize, "results": results,
	})
}

// hits needs the lock. The newest come first, so that nobody relies on order.
func (f *Fake) hits(body searchBody) ([]*record, *refusal) {
	for _, id := range body.ApplicationIDs {
		app := f.app(id)
		if app == nil {
			return nil, refused(applicationNotFound, id)
		}
		for _, filter := range body.Filters {
			if field, ok := app.field(filter.FieldID); !ok {
				return nil, refused(fieldNotFound, filter.FieldID)
			} else if filter.FilterType != "equals" || (field.FieldType != "text" && field.FieldType != "numeric") {
				return nil, refused(badFilter, field.Name)
			}
		}
	}
	var hits []*record
	for _, rec := range slices.Backward(f.records) {
		visible := time.Since(rec.created) >= f.opts.SearchDelay
		if visible && slices.Contains(body.ApplicationIDs, rec.appID) && rec.matches(body.Filters) {
			hits = append(hits, rec)
		}
	}
	return hits, nil
}

// matches compares texts without regard to case: whether a real one does is
// not known, and nobody shall rely on it.
func (r *record) matches(filters []searchFilter) bool {
	return !slices.ContainsFunc(filters, func(f searchFilter) bool {
		have, text := r.values[f.FieldID].(string)
		want, textWanted := f.Value.(string)
		if text && textWanted {
			return !strings.EqualFold(have, want)
		}
		return r.values[f.FieldID] != f.Value
	})
}

func (f *Fake) renderHit(rec *record, columns []string) map[string]any {
	hit := f.render(rec)
	for _, key := range []string{"name", "trackingFull", "comments"} {
		delete(hit, key)
	}
	values := map[string]any{"$type": valuesType}
	for _, id := range columns {
		if v, ok := rec.values[id]; ok {
			values[id] = v
		}
	}
	hit["values"] = values
	return hit
}
