package fakejira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/casepush/casepush/internal/fakes"
)

// Link is a link between two issues: Inward does to Outward what the type
// says ("duplicates").
type Link struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Inward  string `json:"inward"`  // key
	Outward string `json:"outward"` // key
}

// jiraLinkType is a type of links with what it says in both directions.
type jiraLinkType struct{ id, name, inward, outward string }

func jiraLinkTypes() []jiraLinkType {
	return []jiraLinkType{
		{"10000", "Blocks", "is blocked by", "blocks"},
		{"10001", "Cloners", "is cloned by", "clones"},
		{"10002", "Duplicate", "is duplicated by", "duplicates"},
		{"10003", "Relates", "relates to", "relates to"},
	}
}

// linkEnd names an issue or a type of links.
type linkEnd struct {
	ID   string          `json:"id"`
	Key  string          `json:"key"`
	Name string          `json:"name"`
	Self json.RawMessage `json:"self"` // what clients send back of an answer is ignored

	Inward  json.RawMessage `json:"inward"`
	Outward json.RawMessage `json:"outward"`
	Fields  json.RawMessage `json:"fields"`
}

// linkIssues serves POST issueLink. A link that is there already is answered as
// if it were made, as Atlassian says. The answer has no body.
func (j *Fake) linkIssues(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ID      json.RawMessage `json:"id"`
		Self    json.RawMessage `json:"self"`
		Type    linkEnd         `json:"type"`
		Inward  linkEnd         `json:"inwardIssue"`
		Outward linkEnd         `json:"outwardIssue"`
		Comment json.RawMessage `json:"comment"`
	}
	if !j.decode(w, r, &body) {
		return
	}
	if len(body.Comment) > 0 && string(body.Comment) != "null" {
		jiraRefuse(w, http.StatusBadRequest, "comment: this fake takes none with a link.")
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	inward, outward := j.linked(body.Inward), j.linked(body.Outward)
	if problem := j.linkProblem(body.Type, inward, outward); problem != "" {
		jiraRefuse(w, http.StatusNotFound, problem)
		return
	}
	link := Link{Type: j.linkType(body.Type).name, Inward: inward.key, Outward: outward.key}
	if !slices.ContainsFunc(j.links, func(have Link) bool { have.ID = ""; return have == link }) {
		link.ID = j.newID()
		j.links = append(j.links, link)
		fakes.Acted(r)
	}
	w.WriteHeader(http.StatusCreated)
}

// linked finds the issue at an end of a link, by id first. It needs the lock.
func (j *Fake) linked(end linkEnd) *jiraIssue {
	if end.ID != "" {
		return j.find(end.ID)
	}
	return j.find(end.Key)
}

// linkType returns the type that is named, by id first, else nil.
func (j *Fake) linkType(named linkEnd) *jiraLinkType {
	for _, t := range jiraLinkTypes() {
		if slices.Contains(j.opts.NoLinkTypes, t.name) {
			continue
		}
		if named.ID == t.id || named.ID == "" && named.Name == t.name {
			return &t
		}
	}
	return nil
}

// linkProblem says why a link cannot be, "" if it can. All of it is a 404. It
// needs the lock.
func (j *Fake) linkProblem(named linkEnd, inward, outward *jiraIssue) string {
	switch {
	case inward == nil || outward == nil:
		return j.say("Issue does not exist or you do not have permission to see it.", "Issue Does Not Exist")
	case j.rights.Denied("LINK_ISSUES"):
		return fmt.Sprintf("No Link Issue Permission for issue '%s'", inward.key)
	case j.linkType(named) == nil:
		return fmt.Sprintf("No issue link type with name '%s' found.", named.Name)
	}
	return ""
}

// linksOf needs the lock.
func (j *Fake) linksOf(key string) []Link {
	var list []Link
	for _, l := range j.links {
		if l.Inward == key || l.Outward == key {
			list = append(list, l)
		}
	}
	return list
}

// renderLinks makes the field issuelinks. It needs the lock.
func (j *Fake) renderLinks(r *http.Request, key string) []any {
	list := []any{}
	for _, l := range j.linksOf(key) {
		t := j.linkType(linkEnd{Name: l.Type})
		end, other := "outwardIssue", l.Outward
		if l.Outward == key {
			end, other = "inwardIssue", l.Inward
		}
		i := j.find(other)
		list = append(list, map[string]any{
			"id": l.ID, "self": j.self(r, "/issueLink/"+l.ID),
			"type": map[string]any{"id": t.id, "name": t.name, "inward": t.inward, "outward": t.outward, "self": j.self(r, "/issueLinkType/"+t.id)},
			end:    map[string]any{"id": i.id, "key": i.key, "self": j.self(r, "/issue/"+i.id), "fields": map[string]any{"summary": i.fields["summary"]}},
		})
	}
	return list
}
