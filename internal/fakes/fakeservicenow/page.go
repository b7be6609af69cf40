package fakeservicenow

import (
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
)

// ServeHTTP serves the API, its control routes, and an incident for people at
// /nav_to.do?uri={table}.do?sys_id={id}.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/__permissions":
		f.rights.ServeHTTP(w, r)
	case "/__hibernating":
		f.switched(w, r, &f.hibernating)
	case "/__login":
		f.switched(w, r, &f.loginPage)
	case "/nav_to.do":
		f.show(w, r)
	case "/oauth_token.do":
		r, err := withoutSecrets(w, r)
		if err != nil {
			http.Error(w, "request body: "+err.Error(), http.StatusBadRequest)
			return
		}
		f.Front.ServeHTTP(w, r)
	default:
		f.Front.ServeHTTP(w, r)
	}
}

// show answers the page that people see.
func (f *Fake) show(w http.ResponseWriter, r *http.Request) {
	table, id, _ := strings.Cut(r.URL.Query().Get("uri"), ".do?sys_id=")
	in, found := f.Incident(id)
	if !found || in.Table != table {
		http.NotFound(w, r)
		return
	}
	p := fakes.Page{Place: "ServiceNow", ID: in.Number, Title: in.Fields["short_description"], Text: in.Fields["description"]}
	for _, name := range []string{"state", "priority", "severity", "impact", "urgency", "category", "subcategory", "correlation_id", "correlation_display"} {
		value := in.Fields[name]
		if label, ok := choiceLabel(table, name, value); ok {
			value = label
		}
		p.Facts = append(p.Facts, fakes.Fact{Name: name, Value: value})
	}
	for _, o := range in.Observables {
		p.Facts = append(p.Facts, fakes.Fact{Name: o.Type, Value: o.Value})
	}
	for _, e := range in.Journal {
		p.Comments = append(p.Comments, e.Value)
	}
	p.Send(w)
}
