package fakes

import (
	"bytes"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/kibana"
)

// Pages are what people see where an incident's or a case's link leads. They
// are no part of what is played: like the control routes they need no
// credentials, are not in the journal and meet no faults.

// ServeHTTP serves the API, and an issue for people at /browse/{key}.
func (j *Jira) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/__permissions" {
		j.permissions(w, r)
		return
	}
	key, ok := strings.CutPrefix(r.URL.Path, "/browse/")
	if !ok {
		j.front.ServeHTTP(w, r)
		return
	}
	issue, found := j.Issue(key)
	if !found {
		http.NotFound(w, r)
		return
	}
	p := page{Place: j.opts.Flavour.String(), ID: issue.Key, Title: issue.Text("summary"), Text: issue.Text("description")}
	p.Facts = []fact{{"labels", strings.Join(issue.Labels(), " ")}}
	for _, name := range []string{"issuetype", "priority"} {
		if f, ok := issue.Fields[name].(map[string]any); ok {
			if s, ok := firstText(f, "name", "id"); ok {
				p.Facts = append(p.Facts, fact{name, s})
			}
		}
	}
	for _, c := range issue.Comments {
		p.Comments = append(p.Comments, c.Body)
	}
	p.send(w)
}

func firstText(m map[string]any, keys ...string) (string, bool) {
	for _, k := range keys {
		if s, ok := m[k].(string); ok && s != "" {
			return s, true
		}
	}
	return "", false
}

// ServeHTTP serves the API, and a case for people at the address that Kibana
// has for it: [/s/{space}]/app/…/cases/{id}.
func (k *Kibana) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, rest := splitSpace(r.URL.Path)
	if !strings.HasPrefix(rest, "/app/") {
		k.front.ServeHTTP(w, r)
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
	casePage(c).send(w)
}

func casePage(c kibana.Case) page {
	p := page{Place: "Kibana", ID: c.ID, Title: c.Title, Text: c.Description, Facts: []fact{
		{"status", c.Status}, {"severity", c.Severity}, {"owner", c.Owner}, {"connector", c.Connector.ID}, {"tags", strings.Join(c.Tags, ", ")},
	}}
	if s := c.ExternalService; s != nil {
		p.Facts = append(p.Facts, fact{"pushed by Kibana to", s.ExternalTitle})
	}
	for _, a := range c.Comments {
		if a.IsUser() {
			p.Comments = append(p.Comments, a.Text)
		}
	}
	return p
}

type fact struct{ Name, Value string }

// page is an issue or a case. All texts are plain.
type page struct {
	Place, ID, Title, Text string
	Facts                  []fact
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

func (p page) send(w http.ResponseWriter) {
	var b bytes.Buffer
	t, err := template.New("page").Parse(pageHTML)
	if err == nil {
		err = t.Execute(&b, p)
	}
	if err != nil {
		http.Error(w, "fake: make page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = w.Write(b.Bytes())
}
