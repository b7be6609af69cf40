// Package template renders the Mustache templates of webhook connectors as
// Kibana does, and is the only user of the Mustache library: it keeps the
// library from reading files, calling methods and growing without bound.
//
// Triple braces give a value as it is, double braces escape it for HTML. Values
// are encoded beforehand for the place they go to: [Template.RenderJSON] gives
// every one as JSON (a string comes with its quotes), [Template.RenderURL] as a
// part of a URL. All errors wrap connector.ErrTemplate; their texts are Kibana's
// where it has one, and show neither values nor rendered text.
package template

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cbroglie/mustache"

	"github.com/casepush/casepush/internal/connector"
)

// Bounds. Kibana has none; these are far beyond any template that was written
// for a case, and small enough to stay harmless.
const (
	maxTemplateBytes = 256 << 10
	maxDepth         = 32 // of sections, and of data
	maxOutputBytes   = 8 << 20
	maxWrites        = 1 << 20 // pieces of output: bounds loops that write nothing
)

// Place is what a template is for; errors name it in Kibana's words.
type Place int

// Places.
const (
	CreateCase Place = iota
	UpdateCase
	GetCase
	CreateComment
	ViewCase
)

// String returns Kibana's name of the place.
func (p Place) String() string {
	switch p {
	case CreateCase:
		return "Create case"
	case UpdateCase:
		return "Update case"
	case GetCase:
		return "Get case"
	case CreateComment:
		return "Create comment"
	case ViewCase:
		return "View case"
	}
	return fmt.Sprintf("Place(%d)", int(p))
}

// Template is a parsed template. It is safe for concurrent use.
type Template struct {
	place  Place
	text   string
	parsed *mustache.Template
}

// Parse parses a template. Partials are allowed and empty, as in Kibana.
func Parse(place Place, text string) (*Template, error) {
	if len(text) > maxTemplateBytes {
		return nil, problem(place, fmt.Errorf("is longer than %d bytes", maxTemplateBytes))
	}
	parsed, err := parse(text)
	if err != nil {
		return nil, problem(place, err)
	}
	if tooDeep(parsed.Tags(), maxDepth) {
		return nil, problem(place, fmt.Errorf("sections are nested deeper than %d", maxDepth))
	}
	parsed.Escape(escapeHTML)
	return &Template{place: place, text: text, parsed: parsed}, nil
}

// parse never gives the library a way to files: its default provider of
// partials reads any path that a template names.
func parse(text string) (t *mustache.Template, err error) {
	defer func() {
		if recover() != nil {
			t, err = nil, errors.New("cannot be parsed")
		}
	}()
	return mustache.ParseStringPartials(text, &mustache.StaticProvider{})
}

func tooDeep(tags []mustache.Tag, room int) bool {
	for _, tag := range tags {
		switch tag.Type() {
		case mustache.Section, mustache.InvertedSection:
			if room == 0 || tooDeep(tag.Tags(), room-1) {
				return true
			}
		}
	}
	return false
}

// problem is an error about the template itself.
func problem(p Place, err error) error {
	return fmt.Errorf("%w: %s: %w", connector.ErrTemplate, p, err)
}

// htmlEscaper escapes what mustache.js escapes, which is more than Go does.
var htmlEscaper = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;", "/", "&#x2F;", "`", "&#x60;", "=", "&#x3D;")

func escapeHTML(s string) string { return htmlEscaper.Replace(s) }
