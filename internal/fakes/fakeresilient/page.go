package fakeresilient

import (
	"net/http"

	"github.com/casepush/casepush/internal/fakes"
)

// pageHTML has every incident: the link to one is a fragment, which no server
// gets to see.
const pageHTML = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Fake IBM QRadar SOAR</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;color:#111;padding:.75rem}h1{overflow-wrap:anywhere;font-size:1.4rem}
:target{border-left:.3rem solid #06c;padding-left:1rem}</style></head>
<body><p>Fake IBM QRadar SOAR · incidents: {{len .}}</p>
{{range .}}<section id="incidents/{{.ID}}"><h1>{{.ID}} {{.Name}}</h1>
{{if .Closed}}<p>closed</p>{{end}}
<pre>{{.Description}}</pre>
<h2>Comments: {{len .Comments}}</h2>
{{range .Comments}}<pre>{{.}}</pre>
{{end}}</section>
{{end}}</body></html>
`

// row is an incident on the page, in plain text.
type row struct {
	ID, Name, Description string
	Closed                bool
	Comments              []string
}

// ServeHTTP serves the API, and at / the incidents for people. That page is no
// part of what is played: it needs no key and is not in the journal.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/__permissions":
		f.rights.ServeHTTP(w, r)
	case "/", "":
		f.page(w)
	default:
		f.Front.ServeHTTP(w, r)
	}
}

func (f *Fake) page(w http.ResponseWriter) {
	var rows []row
	for _, i := range f.Incidents() {
		text := i.Text("description")
		one := row{ID: i.ID, Name: i.Name(), Description: text.plain(), Closed: i.Closed()}
		for _, c := range i.Comments {
			if c.Text != nil {
				one.Comments = append(one.Comments, c.Text.plain())
			}
		}
		rows = append(rows, one)
	}
	fakes.SendHTML(w, pageHTML, rows)
}
