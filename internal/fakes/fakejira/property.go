package fakejira

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/casepush/casepush/internal/fakes"
)

// maxProperty is the greatest size of a property's value in bytes.
const maxProperty = 32768

// maxPropertyKey is the greatest length of a property's key.
const maxPropertyKey = 255

func checkProperties(list []Property) string {
	for _, p := range list {
		if problem := checkProperty(p); problem != "" {
			return problem
		}
	}
	return ""
}

func checkProperty(p Property) string {
	switch {
	case p.Key == "" || len(p.Key) > maxPropertyKey:
		return fmt.Sprintf("The property key must have 1 to %d characters.", maxPropertyKey)
	case len(p.Value) == 0 || !json.Valid(p.Value):
		return fmt.Sprintf("The value of property '%s' is not valid JSON.", p.Key)
	case len(p.Value) > maxProperty:
		return fmt.Sprintf("The value of property '%s' exceeds %d characters.", p.Key, maxProperty)
	}
	return ""
}

// setProperty returns list with p in it, once.
func setProperty(list []Property, p Property) []Property {
	list = slices.Clone(list)
	for i := range list {
		if list[i].Key == p.Key {
			list[i] = p
			return list
		}
	}
	return append(list, p)
}

// selectProperties picks by key; "*all" is all.
func selectProperties(list []Property, names []string) any {
	picked := []Property{}
	for _, p := range list {
		if slices.Contains(names, "*all") || slices.Contains(names, p.Key) {
			picked = append(picked, p)
		}
	}
	return picked
}

func (j *Fake) issueProperties(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if i := j.findOr404(w, r); i != nil {
		j.writeKeys(w, r, "/issue/"+i.id, i.properties)
	}
}

func (j *Fake) issueProperty(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if i := j.findOr404(w, r); i != nil {
		j.serveProperty(w, r, &i.properties)
	}
}

func (j *Fake) commentProperties(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if c := j.commentByID(w, r); c != nil {
		j.writeKeys(w, r, "/comment/"+c.ID, c.Properties)
	}
}

func (j *Fake) commentProperty(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if c := j.commentByID(w, r); c != nil {
		j.serveProperty(w, r, &c.Properties)
	}
}

// commentByID finds a comment without its issue, or answers 404. It needs the
// lock.
func (j *Fake) commentByID(w http.ResponseWriter, r *http.Request) *Comment {
	id := r.PathValue("comment")
	for _, i := range j.issues {
		for _, c := range i.comments {
			if c.ID == id {
				return c
			}
		}
	}
	jiraRefuse(w, http.StatusNotFound, fmt.Sprintf("Can not find a comment for the id: %s.", id))
	return nil
}

func (j *Fake) writeKeys(w http.ResponseWriter, r *http.Request, owner string, list []Property) {
	keys := []map[string]string{}
	for _, p := range list {
		keys = append(keys, map[string]string{"key": p.Key, "self": j.self(r, owner+"/properties/"+p.Key)})
	}
	fakes.WriteJSON(w, http.StatusOK, map[string]any{"keys": keys})
}

// serveProperty reads, sets or removes one property of list.
func (j *Fake) serveProperty(w http.ResponseWriter, r *http.Request, list *[]Property) {
	key := r.PathValue("key")
	at := slices.IndexFunc(*list, func(p Property) bool { return p.Key == key })
	if r.Method == http.MethodPut {
		value, err := io.ReadAll(r.Body)
		p := Property{Key: key, Value: value}
		if problem := checkProperty(p); err != nil || problem != "" {
			jiraRefuse(w, http.StatusBadRequest, problem)
			return
		}
		*list = setProperty(*list, p)
		fakes.Acted(r)
		if at < 0 {
			w.WriteHeader(http.StatusCreated)
		}
		return
	}
	if at < 0 {
		jiraRefuse(w, http.StatusNotFound, fmt.Sprintf("The property with key '%s' does not exist.", key))
		return
	}
	if r.Method == http.MethodGet {
		fakes.WriteJSON(w, http.StatusOK, (*list)[at])
		return
	}
	*list = slices.Delete(slices.Clone(*list), at, at+1)
	fakes.Acted(r)
	w.WriteHeader(http.StatusNoContent)
}
