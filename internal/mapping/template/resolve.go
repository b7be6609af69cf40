package template

import (
	"strings"

	"github.com/cbroglie/mustache"
)

// unresolved returns the name of a variable that would print nothing, "" if
// there is none. It walks the template as the library does; data in URLs are
// objects and strings only. A section without a value is no mistake.
func unresolved(tags []mustache.Tag, chain []any) string {
	for _, tag := range tags {
		v := lookup(chain, tag.Name())
		switch tag.Type() {
		case mustache.Section:
			if isEmpty(v) {
				continue
			}
			if name := unresolved(tag.Tags(), append([]any{v}, chain...)); name != "" {
				return name
			}
		case mustache.InvertedSection:
			if !isEmpty(v) {
				continue
			}
			if name := unresolved(tag.Tags(), chain); name != "" {
				return name
			}
		case mustache.Partial:
			return "> " + tag.Name() // partials are always empty
		default:
			if v == nil || v == "" {
				return tag.Name()
			}
		}
	}
	return ""
}

// lookup finds a name: its first part in the nearest context that has it, the
// others only there.
func lookup(chain []any, name string) any {
	if name == "." {
		return chain[0]
	}
	first, rest, dotted := strings.Cut(name, ".")
	for _, context := range chain {
		o, ok := context.(object)
		if !ok {
			continue
		}
		v, ok := o[first]
		if !ok {
			continue
		}
		if dotted {
			return lookup([]any{v}, rest)
		}
		return v
	}
	return nil
}

func isEmpty(v any) bool {
	s, ok := v.(string)
	return v == nil || ok && strings.TrimSpace(s) == ""
}
