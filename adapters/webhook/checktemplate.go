package webhook

import (
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/definition"
	"github.com/casepush/casepush/internal/mapping/template"
)

// kibanaPrefix begins what Kibana says of a wrong URL.
const kibanaPrefix = "error configuring cases webhook action: "

// plain is the text of a template's error without the class that it wraps.
func plain(err error) string {
	return strings.TrimPrefix(err.Error(), connector.ErrTemplate.Error()+": ")
}

// fixedURL reads the URL for creates, which has no variables, and its origin.
func fixedURL(r *definition.Reader, key, text string) (fixed, origin string) {
	clean, err := template.CleanURL(template.CreateCase, text)
	if err != nil {
		r.Add(definition.Config, key, "%s%s", kibanaPrefix, plain(err))
		return "", ""
	}
	if !fixedHost(r, key, text) {
		return "", ""
	}
	return clean, originOf(clean)
}

// originOf is where a URL leads: scheme://host, in lower case, with the port if
// it is not the scheme's own.
func originOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	switch {
	case port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme]:
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"): // IPv6
		host = "[" + host + "]"
	}
	return u.Scheme + "://" + host
}

// urlTemplate reads a template of a URL; nil if it is "" or wrong. That a
// variable stays empty is a warning, although the URL will not be sent: a
// definition that Kibana takes can be loaded.
func urlTemplate(r *definition.Reader, place template.Place, key, text string) *template.Template {
	if text == "" || !fixedHost(r, key, text) {
		return nil
	}
	t, err := template.Parse(place, text)
	if err != nil {
		r.Add(definition.Config, key, "%s", plain(err))
		return nil
	}
	warnings := t.WarnURL()
	for _, w := range warnings {
		r.Warn(definition.Config, key, w)
	}
	if _, err := t.RenderURL(ofIncident(nil, sampleRef())); err != nil && len(warnings) == 0 {
		r.Add(definition.Config, key, "%s%s", kibanaPrefix, plain(err))
		return nil
	}
	return t
}

// fixedHost judges the part of a URL before its first variable: it has the
// whole host, since credentials go there.
func fixedHost(r *definition.Reader, key, text string) bool {
	fixed, _, variable := strings.Cut(text, "{{")
	u, err := url.Parse(fixed)
	switch {
	case err != nil: // err shows the URL
		err = errors.New("unable to parse the URL")
	case u.Scheme != "http" && u.Scheme != "https":
		err = errors.New("want a URL with http:// or https://")
	case u.Hostname() == "" || variable && u.Path == "" && u.RawQuery == "" && !u.ForceQuery:
		err = errors.New("the URL has no host, or a variable in it")
	case u.User != nil:
		err = errors.New("the URL must not hold credentials: they belong into secrets")
	}
	if err != nil {
		r.Add(definition.Config, key, "%s%v", kibanaPrefix, err)
	}
	return err == nil
}

// bodyTemplate reads a template of a JSON body; nil if it is "" or wrong. That
// a sample does not make JSON of it is a warning: sections may depend on the
// case.
func bodyTemplate(r *definition.Reader, place template.Place, key, text string) *template.Template {
	if text == "" {
		return nil
	}
	t, err := template.Parse(place, text)
	if err != nil {
		r.Add(definition.Config, key, "%s", plain(err))
		return nil
	}
	for _, w := range t.WarnJSON() {
		r.Warn(definition.Config, key, w)
	}
	if _, err := t.RenderJSON(sampleVars()); err != nil {
		r.Warn(definition.Config, key, "with a sample case: "+plain(err)+": pushes become dead letters (template)")
	}
	return t
}

// sampleVars have a value for every variable.
func sampleVars() template.Vars {
	sample := connector.Incident{}
	for _, name := range fieldNames() {
		sample.Fields = append(sample.Fields, connector.Field{Name: name, Value: "sample"})
	}
	vars := ofIncident(caseVars(sample), sampleRef())
	if values, ok := vars["case"].(map[string]any); ok {
		values[fieldTags] = []string{"sample"}
		values["comment"] = "sample"
	}
	return vars
}
