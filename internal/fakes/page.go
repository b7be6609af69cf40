package fakes

import (
	"bytes"
	"html/template"
	"net/http"
)

// Fact is one line of a [Page]; without a value it is left out.
type Fact struct{ Name, Value string }

// Page is what people see where the link of an incident or a case leads. All
// texts are plain. Pages are no part of what is played: like the control routes
// they need no credentials, are not in the journal and meet no faults.
type Page struct {
	Place, ID, Title, Text string
	Facts                  []Fact
	Comments               []string
}

const pageHTML = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.ID}} {{.Title}}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;color:#111;padding:.75rem}h1{overflow-wrap:anywhere;font-size:1.4rem}</style></head>
<body><p>Fake {{.Place}} · {{.ID}}</p><h1>{{.Title}}</h1>
<dl>{{range .Facts}}{{if .Value}}<dt>{{.Name}}</dt><dd>{{.Value}}</dd>{{end}}{{end}}</dl>
<pre>{{.Text}}</pre>
<h2>Comments: {{len .Comments}}</h2>
{{range .Comments}}<pre>{{.}}</pre>
{{end}}</body></html>
`

// Send answers the page as HTML.
func (p Page) Send(w http.ResponseWriter) { SendHTML(w, pageHTML, p) }

// SendHTML answers what html/template makes of a text and data, as a page that
// may load nothing.
func SendHTML(w http.ResponseWriter, text string, data any) {
	var b bytes.Buffer
	t, err := template.New("page").Parse(text)
	if err == nil {
		err = t.Execute(&b, data)
	}
	if err != nil {
		http.Error(w, "fake: make page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = w.Write(b.Bytes())
}
