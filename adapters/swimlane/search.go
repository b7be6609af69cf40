package swimlane

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

const (
	searchPage = 50
	// maxSearchPages bounds a search for one case id, which has one record or two.
	maxSearchPages = 20
)

// FindIncident implements [connector.Connector]: of several the oldest, which
// has the smallest tracking number.
func (s *swimlane) FindIncident(ctx context.Context, id connector.CorrelationID) (connector.Ref, error) {
	const op = "find incident"
	found, err := s.search(ctx, op, id.CaseID)
	if err != nil {
		return connector.Ref{}, err
	}
	if len(found) == 0 {
		return connector.Ref{}, &connector.Error{Op: op, Kind: connector.NotFound, Effect: connector.NotApplied}
	}
	return found[0], nil
}

// search returns the records whose case id field holds the case id to the
// letter, oldest first.
func (s *swimlane) search(ctx context.Context, op, caseID string) ([]connector.Ref, error) {
	mark, mapped := s.settings.mapped[fieldCaseID]
	if !mapped {
		return nil, connector.Unsendable(op, errors.New("config.mappings has no caseIdConfig, so records cannot be found by their case"))
	}
	if caseID == "" {
		return nil, connector.Unsendable(op, errors.New("no case id to look for"))
	}
	var found []record
	for page := range maxSearchPages {
		hits, err := s.searchPage(ctx, op, mark, caseID, page)
		if err != nil {
			return nil, err
		}
		for _, hit := range hits {
			ok, err := hit.marked(mark, caseID)
			if err != nil {
				return nil, connector.BadAnswer(op, err)
			}
			if ok {
				found = append(found, hit)
			}
		}
		if len(hits) < searchPage {
			return s.refs(ctx, op, found)
		}
	}
	return nil, connector.BadAnswer(op, fmt.Errorf("more than %d pages for one case id", maxSearchPages))
}

func (s *swimlane) searchPage(ctx context.Context, op string, mark mappedField, caseID string, page int) ([]record, error) {
	body, err := s.searchBody(mark, caseID, page)
	if err != nil {
		return nil, connector.Unsendable(op, err)
	}
	answer, err := s.send(ctx, call{op: op, method: http.MethodPost, path: []string{"search"}, body: body, search: true})
	if err != nil {
		return nil, connector.AsError(op, err).OfCreate()
	}
	hits, err := decodeSearch(answer, s.settings.appID)
	if err != nil {
		return nil, connector.BadAnswer(op, err)
	}
	return hits, nil
}

// Types of a search's parts, which the .NET server wants first in each.
const (
	reportType     = "Core.Models.Search.Report, Core"
	sortsType      = "System.Collections.Generic.Dictionary`2[[System.String, mscorlib],[Core.Models.Search.SortTypes, Core]], mscorlib"
	permissionType = "Core.Models.Security.PermissionMatrix, Core"
)

// dotNet is an object with a type and nothing else.
type dotNet struct {
	Type string `json:"$type"`
}

// filter is one condition of a search.
type filter struct {
	FieldID    string `json:"fieldId"`
	FilterType string `json:"filterType"`
	Value      string `json:"value"`
}

// searchBody is a report that is not stored, as swimlane-python sends it; its
// offset counts pages.
func (s *swimlane) searchBody(mark mappedField, caseID string, page int) ([]byte, error) {
	return wire.Marshal(struct {
		Type           string   `json:"$type"`
		ID             *string  `json:"id"`
		Name           string   `json:"name"`
		ApplicationIDs []string `json:"applicationIds"`
		Columns        []string `json:"columns"`
		Filters        []filter `json:"filters"`
		Sorts          dotNet   `json:"sorts"`
		GroupBys       []string `json:"groupBys"`
		Aggregates     []string `json:"aggregates"`
		Allowed        []string `json:"allowed"`
		Permissions    dotNet   `json:"permissions"`
		Keywords       string   `json:"keywords"`
		DefaultReport  bool     `json:"defaultSearchReport"`
		Disabled       bool     `json:"disabled"`
		PageSize       int      `json:"pageSize"`
		Offset         int      `json:"offset"`
	}{
		Type: reportType, Name: "casepush", ApplicationIDs: []string{s.settings.appID}, Columns: []string{mark.id},
		Filters: []filter{{mark.id, "equals", caseID}},
		Sorts:   dotNet{sortsType}, GroupBys: []string{}, Aggregates: []string{}, Allowed: []string{}, Permissions: dotNet{permissionType},
		PageSize: searchPage, Offset: page,
	})
}

// decodeSearch reads a page of hits. An answer without results is an error: it
// must never pass for "no record". An application without hits may have no list.
func decodeSearch(body []byte, appID string) ([]record, error) {
	answer, err := wire.DecodeAs[struct {
		Count   json.Number                `json:"count"`
		Results map[string]json.RawMessage `json:"results"`
	}](body)
	if err != nil {
		return nil, err
	}
	if answer.Results == nil {
		return nil, errors.New(`key "results": missing`)
	}
	raw := answer.Results[appID]
	if len(raw) == 0 || string(raw) == "null" {
		if n, err := answer.Count.Float64(); err != nil || n != 0 {
			return nil, errors.New("no results of the application, and the count is not 0")
		}
		return nil, nil
	}
	hits, err := wire.DecodeAs[[]record](raw)
	if err != nil {
		return nil, err // what was read until then is not all
	}
	return hits, nil
}

// marked reports whether the hit's case id is this one. A hit that does not
// show it is an error: it may be the record, or not.
func (rec record) marked(mark mappedField, caseID string) (bool, error) {
	if rec.ID == "" {
		return false, errors.New("a hit without an id")
	}
	raw, shown := rec.Values[mark.id]
	if !shown {
		return false, fmt.Errorf("record %q: the field %q is not shown", rec.ID, mark.id)
	}
	var have string
	return json.Unmarshal(raw, &have) == nil && have == caseID, nil
}

// refs names the records, oldest first, each once: one may have come twice,
// when others changed between two pages. Hits have no names of their own, so
// the application is asked for, unless it is known.
func (s *swimlane) refs(ctx context.Context, op string, found []record) ([]connector.Ref, error) {
	if len(found) == 0 {
		return nil, nil
	}
	app, _, err := s.application(ctx, op)
	if err != nil {
		return nil, connector.AsError(op, err).OfCreate() // NotFound would say that there is no record
	}
	slices.SortStableFunc(found, func(a, b record) int { return cmp.Compare(a.number(), b.number()) })
	var refs []connector.Ref
	for _, rec := range found {
		if ref := s.ref(rec, app); !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}
