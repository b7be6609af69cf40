package template

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cbroglie/mustache"
)

// doubleBraces finds {{name}}: no section, comment, delimiter or raw variable.
var doubleBraces = regexp.MustCompile(`(?:^|[^{]){{\s*([A-Za-z][\w.]*)\s*}}`)

const (
	systemID    = "external.system.id"
	systemTitle = "external.system.title"
)

// WarnJSON says what looks wrong in a template of a JSON body and yet works:
// required variables that are missing, unknown ones, double braces.
func (t *Template) WarnJSON() []string {
	known := []string{"case.title", "case.description", "case.tags", "case.id", "case.severity", "case.status"}
	var required []string
	switch t.place {
	case CreateCase:
		required = []string{"case.title", "case.description"}
	case UpdateCase:
		required = []string{"case.title", "case.description"}
		known = append(known, systemID)
	case CreateComment:
		required = []string{"case.comment"}
		known = []string{"case.comment", systemID}
	default:
		known = []string{systemID}
	}
	out := t.warn(required, known)
	for _, m := range doubleBraces.FindAllStringSubmatch(t.text, -1) {
		out = append(out, fmt.Sprintf("{{%s}} escapes for HTML and breaks the JSON: write {{{%s}}}, without quotes around it", m[1], m[1]))
	}
	return out
}

// WarnURL says what looks wrong in a template of a URL. An unknown variable is
// among it although the URL will never be sent: see [Template.RenderURL].
func (t *Template) WarnURL() []string {
	if t.place == ViewCase {
		return t.warn(nil, []string{systemID, systemTitle})
	}
	return t.warn([]string{systemID}, []string{systemID})
}

func (t *Template) warn(required, known []string) []string {
	names := variables(t.parsed.Tags())
	var out []string
	for _, name := range required {
		if !slices.Contains(names, name) && !hasSections(t.parsed.Tags()) {
			out = append(out, fmt.Sprintf("variable {{{%s}}} is required and missing", name))
		}
	}
	for _, name := range names {
		if slices.Contains(known, name) {
			continue
		}
		hint := "known are " + strings.Join(known, ", ")
		for _, k := range known {
			if strings.EqualFold(k, name) {
				hint = "write " + k
			}
		}
		out = append(out, fmt.Sprintf("variable %q is unknown here and stays empty: %s", name, hint))
	}
	return out
}

// MayUse reports whether a value of the variable may change what is rendered:
// it is named in full, as a part of an object, or perhaps inside a section.
func (t *Template) MayUse(variable string) bool {
	tags := t.parsed.Tags()
	return hasSections(tags) || slices.ContainsFunc(variables(tags), func(name string) bool {
		return name == "." || name == variable || strings.HasPrefix(variable, name+".")
	})
}

// variables returns the names outside of sections, each once: those inside may
// belong to the section's value.
func variables(tags []mustache.Tag) []string {
	var names []string
	for _, tag := range tags {
		if tag.Type() == mustache.Variable && !slices.Contains(names, tag.Name()) {
			names = append(names, tag.Name())
		}
	}
	return names
}

func hasSections(tags []mustache.Tag) bool {
	return slices.ContainsFunc(tags, func(tag mustache.Tag) bool {
		return tag.Type() == mustache.Section || tag.Type() == mustache.InvertedSection
	})
}
