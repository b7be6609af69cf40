package connectortest

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
)

// Limits of the tiny tracker, in UTF-16 units and bytes.
const (
	tinyMaxTitle   = 100
	tinyMaxComment = 5000
)

const tinyToken = "t1ny-s3cret/token+=="

// tinyTracker is a tracker of five routes:
//
//	POST /incidents, GET /incidents?mark=M, GET|PUT /incidents/{id}, POST /incidents/{id}/comments, GET /rights
type tinyTracker struct {
	mux *http.ServeMux

	mu        sync.Mutex
	incidents []*tinyIncident
}

type tinyIncident struct {
	ID       string   `json:"id"`
	Mark     string   `json:"mark"`
	Title    string   `json:"title"`
	Body     string   `json:"body"`
	Comments []string `json:"comments"`
	// Places are where the comments stand, as many: "comments" or "notes".
	Places []string `json:"places"`
}

func newTinyTracker() Tracker {
	t := &tinyTracker{mux: http.NewServeMux()}
	t.mux.HandleFunc("POST /incidents", t.create)
	t.mux.HandleFunc("GET /incidents", t.search)
	t.mux.HandleFunc("GET /rights", func(w http.ResponseWriter, _ *http.Request) { tinyAnswer(w, map[string]bool{"write": true}) })
	t.mux.HandleFunc("GET /incidents/{id}", t.get)
	t.mux.HandleFunc("PUT /incidents/{id}", t.update)
	t.mux.HandleFunc("POST /incidents/{id}/comments", t.comment)
	return t
}

func (t *tinyTracker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+tinyToken {
		tinyRefuse(w, http.StatusUnauthorized, "who are you")
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mux.ServeHTTP(w, r)
}

func (t *tinyTracker) Incidents() []Incident {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Incident
	for _, in := range t.incidents {
		places := map[string][]string{}
		for i, text := range in.Comments {
			places[in.Places[i]] = append(places[in.Places[i]], text)
		}
		out = append(out, Incident{
			ID: in.ID, Texts: map[string]string{"title": in.Title, "body": in.Body}, Comments: append([]string(nil), in.Comments...), Targets: places,
		})
	}
	return out
}

func tinyRefuse(w http.ResponseWriter, status int, words string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"error":"`+words+`"}`)
}

func tinyAnswer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

// set stores what the body has and reports whether it was good.
func (in *tinyIncident) set(w http.ResponseWriter, r *http.Request) bool {
	next := *in
	if err := json.NewDecoder(r.Body).Decode(&next); err != nil || next.Title == "" {
		tinyRefuse(w, http.StatusBadRequest, "no title")
		return false
	}
	if len(utf16.Encode([]rune(next.Title))) > tinyMaxTitle {
		tinyRefuse(w, http.StatusBadRequest, "title too long")
		return false
	}
	*in = next
	return true
}

func (t *tinyTracker) create(w http.ResponseWriter, r *http.Request) {
	in := &tinyIncident{ID: strconv.Itoa(len(t.incidents) + 1)}
	if in.set(w, r) {
		t.incidents = append(t.incidents, in)
		w.WriteHeader(http.StatusCreated)
		tinyAnswer(w, map[string]string{"id": in.ID})
	}
}

func (t *tinyTracker) search(w http.ResponseWriter, r *http.Request) {
	found := []*tinyIncident{}
	for _, in := range t.incidents {
		if strings.Contains(in.Mark, r.URL.Query().Get("mark")) {
			found = append(found, in)
		}
	}
	tinyAnswer(w, map[string]any{"incidents": found})
}

func (t *tinyTracker) find(w http.ResponseWriter, r *http.Request) *tinyIncident {
	for _, in := range t.incidents {
		if in.ID == r.PathValue("id") {
			return in
		}
	}
	tinyRefuse(w, http.StatusNotFound, "no such incident")
	return nil
}

func (t *tinyTracker) get(w http.ResponseWriter, r *http.Request) {
	if in := t.find(w, r); in != nil {
		tinyAnswer(w, in)
	}
}

func (t *tinyTracker) update(w http.ResponseWriter, r *http.Request) {
	if in := t.find(w, r); in != nil && in.set(w, r) {
		w.WriteHeader(http.StatusNoContent)
	}
}

func (t *tinyTracker) comment(w http.ResponseWriter, r *http.Request) {
	in := t.find(w, r)
	if in == nil {
		return
	}
	var c struct {
		Text  string `json:"text"`
		Place string `json:"place"`
	}
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil || c.Text == "" || len(c.Text) > tinyMaxComment {
		tinyRefuse(w, http.StatusBadRequest, "bad comment")
		return
	}
	in.Comments, in.Places = append(in.Comments, c.Text), append(in.Places, cmp.Or(c.Place, "comments"))
	w.WriteHeader(http.StatusCreated)
	tinyAnswer(w, map[string]int{"comments": len(in.Comments)})
}
