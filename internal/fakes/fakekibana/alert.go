package fakekibana

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
)

// maxAlertHits is Elasticsearch's result window.
const maxAlertHits = 10_000

// alertDoc is the document of an alert and its space.
type alertDoc struct {
	space  string
	source map[string]any
}

// AddAlert stores the document of an alert in a space ("" is the default one),
// under the id by which cases attach it.
func (k *Fake) AddAlert(space, id string, source map[string]any) {
	if space == "" {
		space = "default"
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.alerts[id] = alertDoc{space: space, source: source}
}

// searchAlerts answers a search for documents by their ids.
func (k *Fake) searchAlerts(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Query struct {
			IDs *struct {
				Values []string `json:"values"`
			} `json:"ids"`
		} `json:"query"`
		Size   *int     `json:"size"`
		Source []string `json:"_source"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		kibanaRefuse(w, http.StatusBadRequest, "[request body]: "+err.Error())
		return
	}
	size := 10 // Elasticsearch's own
	if body.Size != nil {
		size = *body.Size
	}
	if body.Query.IDs == nil || size < 0 || size > maxAlertHits {
		kibanaRefuse(w, http.StatusBadRequest, fmt.Sprintf("this fake finds alerts by ids alone, and at most %d", maxAlertHits))
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	hits := []any{}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(body.Query.IDs.Values))) {
		doc, ok := k.alerts[id]
		if ok && doc.space == spaceOf(r) && len(hits) < size {
			hits = append(hits, map[string]any{"_index": ".internal.alerts-security.alerts-" + doc.space + "-000001", "_id": id, "_score": 1, "_source": filterSource(doc.source, "", body.Source)})
		}
	}
	fakes.WriteJSON(w, http.StatusOK, map[string]any{
		"took": 1, "timed_out": false, "_shards": map[string]int{"total": 1, "successful": 1, "skipped": 0, "failed": 0},
		"hits": map[string]any{"total": map[string]any{"value": len(hits), "relation": "eq"}, "max_score": 1, "hits": hits},
	})
}

// filterSource keeps the named paths of a document; no names keep all. A name
// finds nested objects and keys with dots alike.
func filterSource(doc map[string]any, prefix string, names []string) map[string]any {
	if len(names) == 0 {
		return maps.Clone(doc)
	}
	out := map[string]any{}
	for key, v := range doc {
		path := prefix + key
		if slices.ContainsFunc(names, func(n string) bool { return path == n || strings.HasPrefix(path, n+".") }) {
			out[key] = v
			continue
		}
		if inner, ok := v.(map[string]any); ok {
			if kept := filterSource(inner, path+".", names); len(kept) > 0 {
				out[key] = kept
			}
		}
	}
	return out
}
