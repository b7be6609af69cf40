package fakekibana

import (
	"net/http"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/kibana"
)

// ServeHTTP serves the API, and a case for people at the address that Kibana
// has for it: [/s/{space}]/app/…/cases/{id}.
func (k *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, rest := splitSpace(r.URL.Path)
	if !strings.HasPrefix(rest, "/app/") {
		k.Front.ServeHTTP(w, r)
		return
	}
	parts := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	at := slices.Index(parts, "cases")
	if at < 0 || at+1 >= len(parts) {
		http.NotFound(w, r)
		return
	}
	c, found := k.Case(parts[at+1])
	if !found {
		http.NotFound(w, r)
		return
	}
	casePage(c).Send(w)
}

func casePage(c kibana.Case) fakes.Page {
	p := fakes.Page{Place: "Kibana", ID: c.ID, Title: c.Title, Text: c.Description, Facts: []fakes.Fact{
		{Name: "status", Value: c.Status}, {Name: "severity", Value: c.Severity}, {Name: "owner", Value: c.Owner}, {Name: "connector", Value: c.Connector.ID}, {Name: "tags", Value: strings.Join(c.Tags, ", ")},
	}}
	if s := c.ExternalService; s != nil {
		p.Facts = append(p.Facts, fakes.Fact{Name: "pushed by Kibana to", Value: s.ExternalTitle})
	}
	for _, a := range c.Comments {
		if a.IsUser() {
			p.Comments = append(p.Comments, a.Text)
		}
	}
	return p
}
