package kibanaschema

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// refuseBlank refuses a definition with a blank text anywhere. Keys may be blank.
func refuseBlank(d Definition) error {
	switch {
	case isBlank(d.Name):
		return blankError("name")
	case isBlank(d.TypeID):
		return blankError("connector_type_id")
	}
	if err := refuseBlankValues(configPart, d.Config); err != nil {
		return err
	}
	return refuseBlankValues(secretsPart, d.Secrets)
}

// refuseBlankValues names the key of config or secrets under which a blank
// text is, not the way further down, as Kibana does.
func refuseBlankValues(part string, values map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if hasBlank(values[key]) {
			return blankError(part + "." + key)
		}
	}
	return nil
}

// blankError has Kibana's text, in which the value is always shown as empty.
func blankError(at string) error {
	return refusal("[request body." + at + "]: value '' is not valid")
}

func hasBlank(v any) bool {
	switch v := v.(type) {
	case string:
		return isBlank(v)
	case []any:
		return slices.ContainsFunc(v, hasBlank)
	case map[string]any:
		for _, member := range v {
			if hasBlank(member) {
				return true
			}
		}
	}
	return false
}

// isBlank trims as JavaScript does: U+FEFF is white space there, U+0085 is not.
func isBlank(s string) bool {
	return strings.TrimFunc(s, func(r rune) bool { return r == '\ufeff' || r != '\u0085' && unicode.IsSpace(r) }) == ""
}
