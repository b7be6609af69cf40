package fakejira

import (
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
)

// ServeHTTP serves the API, and an issue for people at /browse/{key}.
func (j *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/__permissions" {
		j.rights.ServeHTTP(w, r)
		return
	}
	key, ok := strings.CutPrefix(r.URL.Path, "/browse/")
	if !ok {
		j.Front.ServeHTTP(w, r)
		return
	}
	issue, found := j.Issue(key)
	if !found {
		http.NotFound(w, r)
		return
	}
	p := fakes.Page{Place: j.opts.Flavour.String(), ID: issue.Key, Title: issue.Text("summary"), Text: issue.Text("description")}
	p.Facts = []fakes.Fact{{Name: "labels", Value: strings.Join(issue.Labels(), " ")}}
	for _, name := range []string{"issuetype", "priority"} {
		if f, ok := issue.Fields[name].(map[string]any); ok {
			if s, ok := firstText(f, "name", "id"); ok {
				p.Facts = append(p.Facts, fakes.Fact{Name: name, Value: s})
			}
		}
	}
	for _, c := range issue.Comments {
		p.Comments = append(p.Comments, c.Body)
	}
	p.Send(w)
}

func firstText(m map[string]any, keys ...string) (string, bool) {
	for _, k := range keys {
		if s, ok := m[k].(string); ok && s != "" {
			return s, true
		}
	}
	return "", false
}
