package fakewebhook

import (
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
)

// ServeHTTP serves the API, and an incident for people at /incidents/{reference}.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reference, ok := strings.CutPrefix(r.URL.Path, "/incidents/")
	if !ok {
		f.Front.ServeHTTP(w, r)
		return
	}
	for _, i := range f.Incidents() {
		if i.Reference == reference {
			i.page().Send(w)
			return
		}
	}
	http.NotFound(w, r)
}

func (i Incident) page() fakes.Page {
	p := fakes.Page{Place: "webhook target", ID: i.Reference, Title: i.Title, Text: i.Description, Facts: []fakes.Fact{
		{Name: "severity", Value: i.Severity},
		{Name: "status", Value: i.Status},
		{Name: "tags", Value: strings.Join(i.Tags, " ")},
		{Name: "case", Value: i.CaseID},
	}}
	for _, c := range i.Comments {
		p.Comments = append(p.Comments, c.Text)
	}
	return p
}
