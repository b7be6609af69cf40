package kibana

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
)

// Bounds of what is read of a case's alerts.
const (
	// maxAlerts is how many alerts of one case are read: as many as Kibana
	// attaches to a case.
	maxAlerts = 1000
	// alertsPerSearch keeps an answer within the bound of a response's size.
	alertsPerSearch = 100
)

// Alerts returns the documents of the first 1,000 alerts of the case, in the
// order in which they were attached, with the named fields alone. An alert whose
// document is gone, or lies where the API key may not read, is left out. A
// Kibana without detection rules answers NotFound.
func (c *Client) Alerts(ctx context.Context, space, id string, fields []string) ([]map[string]any, error) {
	ids, err := c.alertIDs(ctx, space, id)
	if err != nil {
		return nil, err
	}
	docs := []map[string]any{} // not nil: they were read
	for chunk := range slices.Chunk(ids, alertsPerSearch) {
		found, err := c.alertDocuments(ctx, space, chunk, fields)
		if err != nil {
			return nil, err
		}
		for _, alert := range chunk {
			if doc, ok := found[alert]; ok {
				docs = append(docs, doc)
			}
		}
	}
	return docs, nil
}

// alertIDs are the ids of the case's alerts, each once.
func (c *Client) alertIDs(ctx context.Context, space, id string) ([]string, error) {
	k := call{op: "read alerts", method: http.MethodGet, space: space, path: []string{"cases", id, "alerts"}}
	body, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	var list []struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, unreadable(k, err)
	}
	var ids []string
	seen := map[string]bool{}
	for _, a := range list {
		if a.ID != "" && !seen[a.ID] && len(ids) < maxAlerts {
			seen[a.ID] = true
			ids = append(ids, a.ID)
		}
	}
	return ids, nil
}

// alertDocuments looks documents up by their ids.
func (c *Client) alertDocuments(ctx context.Context, space string, ids, fields []string) (map[string]map[string]any, error) {
	k := call{
		op: "read alert documents", method: http.MethodPost, lookup: true, space: space, path: []string{"detection_engine", "signals", "search"},
		body: map[string]any{
			"query": map[string]any{"ids": map[string]any{"values": ids}}, "size": len(ids), "_source": fields,
		},
	}
	body, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Hits *struct {
			Hits []struct {
				ID     string         `json:"_id"`
				Source map[string]any `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, unreadable(k, err)
	}
	if answer.Hits == nil {
		return nil, unreadable(k, errors.New("no hits in it"))
	}
	docs := map[string]map[string]any{}
	for _, h := range answer.Hits.Hits {
		docs[h.ID] = h.Source
	}
	return docs, nil
}
