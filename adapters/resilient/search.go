package resilient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

const (
	// searchPage is below the API's greatest page, 100.
	searchPage = 50
	// maxSearchPages bounds a search for one mark, which has one incident or two.
	maxSearchPages = 20
)

// FindIncident implements [connector.Connector]: of several the oldest.
func (r *resilient) FindIncident(ctx context.Context, id connector.CorrelationID) (connector.Ref, error) {
	const op = "find incident"
	found, err := r.search(ctx, op, id.Mark())
	if err != nil {
		return connector.Ref{}, err
	}
	if len(found) == 0 {
		return connector.Ref{}, &connector.Error{Op: op, Kind: connector.NotFound, Effect: connector.NotApplied}
	}
	return r.ref(found[0].incidentIdentity), nil
}

// search returns the incidents that carry the mark, oldest first, each once.
// Open and closed ones are looked at.
func (r *resilient) search(ctx context.Context, op, mark string) ([]hit, error) {
	var found []hit
	for page, start := 0, 0; page < maxSearchPages; page++ {
		c, err := r.searchCall(op, mark, start)
		if err != nil {
			return nil, err
		}
		body, err := r.send(ctx, c)
		if err != nil {
			return nil, err
		}
		answer, err := decodeSearch(body)
		if err != nil {
			return nil, connector.BadAnswer(op, err)
		}
		for _, h := range answer.hits {
			switch marked, err := r.isMarked(h.rec, mark); {
			case err != nil:
				return nil, connector.BadAnswer(op, err)
			case marked:
				found = append(found, h)
			}
		}
		start += len(answer.hits)
		if len(answer.hits) == 0 || len(answer.hits) < searchPage && start >= answer.filtered {
			return oldestFirst(found), nil
		}
	}
	return nil, connector.BadAnswer(op, fmt.Errorf("more than %d pages for one mark", maxSearchPages))
}

// condition, filter, order and query are the body of a search.
type condition struct {
	Field  string `json:"field_name"`
	Method string `json:"method"`
	Value  string `json:"value"`
}

type filter struct {
	Conditions []condition `json:"conditions"`
}

type order struct {
	Field string `json:"field_name"`
	Type  string `json:"type"`
}

type query struct {
	Filters []filter `json:"filters"`
	Sorts   []order  `json:"sorts"`
	Start   int      `json:"start"`
	Length  int      `json:"length"`
}

// searchCall asks for one page of the incidents with the mark, oldest first,
// so that one that is made meanwhile moves no other.
func (r *resilient) searchCall(op, mark string, start int) (call, error) {
	where := condition{Field: fieldDescription, Method: "contains", Value: mark}
	if p := r.settings.correlationProperty; p != "" {
		where = condition{Field: apiProperties + "." + p, Method: "equals", Value: mark}
	}
	body, err := wire.Marshal(query{
		Filters: []filter{{[]condition{where}}}, Sorts: []order{{"create_date", "asc"}}, Start: start, Length: searchPage,
	})
	if err != nil {
		return call{}, connector.Unsendable(op, err)
	}
	parameters := asObjects()
	parameters.Set("return_level", "full")
	return call{op: op, method: http.MethodPost, path: "incidents/query_paged", query: parameters, body: body, search: true}, nil
}

// isMarked verifies the mark. A hit without the place where the mark would be
// is an error: it must never pass for an incident of another case.
func (r *resilient) isMarked(rec record, mark string) (bool, error) {
	if p := r.settings.correlationProperty; p != "" {
		if rec.value("", apiProperties) == nil {
			return false, fmt.Errorf("a hit without %q", apiProperties)
		}
		var have string
		raw := rec.value(apiProperties, p)
		return json.Unmarshal(raw, &have) == nil && have == mark, nil
	}
	raw, ok := rec[fieldDescription]
	if !ok {
		return false, fmt.Errorf("a hit without %q", fieldDescription)
	}
	text, err := decodeContent(raw)
	return text.marked(mark), err
}

// hit is one incident of an answer.
type hit struct {
	incidentIdentity
	created int64 // epoch ms; 0 if the answer does not say: it is sorted already
	rec     record
}

// oldestFirst sorts the hits; those of one age go by id. A hit may have come
// twice, when others changed between two pages.
func oldestFirst(found []hit) []hit {
	slices.SortStableFunc(found, func(a, b hit) int {
		if a.created != b.created {
			return int(max(-1, min(1, a.created-b.created)))
		}
		return compareNumbers(string(a.ID), string(b.ID))
	})
	seen := map[number]bool{}
	return slices.DeleteFunc(found, func(h hit) bool {
		again := seen[h.ID]
		seen[h.ID] = true
		return again
	})
}

// compareNumbers compares two texts of digits.
func compareNumbers(a, b string) int {
	x, errA := strconv.ParseUint(a, 10, 64)
	y, errB := strconv.ParseUint(b, 10, 64)
	switch {
	case errA != nil || errB != nil || x == y:
		return 0
	case x < y:
		return -1
	}
	return 1
}

// searchAnswer is a page of hits.
type searchAnswer struct {
	hits     []hit
	filtered int // all that match; 0 if the answer does not say
}

// decodeSearch reads a page. An answer without a list is an error: it must
// never pass for "no incident".
func decodeSearch(body []byte) (searchAnswer, error) {
	var page struct {
		Data     []record    `json:"data"`
		Filtered json.Number `json:"recordsFiltered"`
	}
	if err := wire.Decode(body, &page); err != nil {
		return searchAnswer{}, err
	}
	if page.Data == nil {
		return searchAnswer{}, errors.New(`key "data": missing`)
	}
	answer := searchAnswer{hits: make([]hit, 0, len(page.Data))}
	answer.filtered, _ = strconv.Atoi(page.Filtered.String())
	for _, rec := range page.Data {
		who, err := rec.identity()
		if err != nil {
			return searchAnswer{}, err
		}
		if !who.valid() {
			return searchAnswer{}, errors.New("a hit without an id")
		}
		h := hit{incidentIdentity: who, rec: rec}
		var created number
		if json.Unmarshal(rec["create_date"], &created) == nil {
			h.created, _ = strconv.ParseInt(string(created), 10, 64)
		}
		answer.hits = append(answer.hits, h)
	}
	return answer, nil
}
