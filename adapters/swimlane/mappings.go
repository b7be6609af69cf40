package swimlane

import (
	"maps"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector/definition"
)

// Types of fields that are treated apart; all others take texts.
const (
	typeText       = "text"
	typeNumeric    = "numeric"
	typeValuesList = "valuesList"
	typeComments   = "comments"
)

// mappedField is the field of the application that a part of the incident
// goes to, as the connector's definition describes it.
type mappedField struct{ id, key, name, fieldType string }

// isNamed reports whether a word of Swimlane's may mean the field.
func (f mappedField) isNamed(word string) bool {
	return word != "" && (word == f.id || strings.EqualFold(word, f.key) || strings.EqualFold(word, f.name))
}

// mappingKey is a key of config.mappings and the incident's field.
type mappingKey struct{ key, field string }

// mappingKeys are all keys, in the order in which Kibana sends the values.
func mappingKeys() []mappingKey {
	return []mappingKey{
		{"ruleNameConfig", fieldRuleName},
		{"alertIdConfig", fieldAlertID},
		{"caseIdConfig", fieldCaseID},
		{"caseNameConfig", fieldCaseName},
		{"commentsConfig", fieldComments},
		{"severityConfig", fieldSeverity},
		{"descriptionConfig", fieldDescription},
	}
}

// readMappings reads config.mappings by the incident's field. Kibana requires
// the object, its documentation does not: without it nothing is mapped.
func readMappings(r *definition.Reader) map[string]mappedField {
	v, _ := definition.Optional[any](r, definition.Config, "mappings")
	given, ok := v.(map[string]any)
	if v != nil && !ok {
		r.Add(definition.Config, "mappings", "want an object, got %T", v)
	}
	mapped := map[string]mappedField{}
	rest := maps.Clone(given)
	for _, k := range mappingKeys() {
		v := given[k.key]
		delete(rest, k.key)
		if v == nil {
			continue
		}
		if f, ok := readMapped(r, k.key, v); ok {
			mapped[k.field] = f
		}
	}
	for _, key := range slices.Sorted(maps.Keys(rest)) {
		addMapping(r, key, "is not a key of mappings; the keys are ruleNameConfig, alertIdConfig, caseIdConfig, caseNameConfig, commentsConfig, severityConfig, descriptionConfig")
	}
	checkMark(r, mapped)
	warnUnmapped(r, mapped)
	return mapped
}

func addMapping(r *definition.Reader, key, format string, args ...any) {
	r.Add(definition.Config, "mappings", "%q: "+format, append([]any{key}, args...)...)
}

// readMapped reads one field of config.mappings.
func readMapped(r *definition.Reader, key string, v any) (mappedField, bool) {
	given, ok := v.(map[string]any)
	if !ok {
		addMapping(r, key, "want id, key, name and fieldType, or null, got %T", v)
		return mappedField{}, false
	}
	var f mappedField
	rest := maps.Clone(given)
	for _, p := range []struct {
		name string
		to   *string
	}{{"id", &f.id}, {"key", &f.key}, {"name", &f.name}, {"fieldType", &f.fieldType}} {
		delete(rest, p.name)
		text, isText := given[p.name].(string)
		if !isText || strings.TrimSpace(text) == "" {
			addMapping(r, key, "%s: want a text that is not empty", p.name)
			ok = false
		}
		*p.to = strings.TrimSpace(text)
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		addMapping(r, key, "%q is not a key of a mapping; the keys are id, key, name, fieldType", name)
		ok = false
	}
	return f, ok
}

// checkMark refuses a case id field that cannot hold a case id, or would not
// keep it.
func checkMark(r *definition.Reader, mapped map[string]mappedField) {
	mark, there := mapped[fieldCaseID]
	if !there {
		return
	}
	if mark.fieldType != typeText {
		addMapping(r, "caseIdConfig", "a field of type %q cannot hold a case id, by which a record is found again: map a text field, or null", mark.fieldType)
	}
	for _, k := range mappingKeys() {
		if other, there := mapped[k.field]; there && k.field != fieldCaseID && other.id == mark.id {
			addMapping(r, k.key, "the field %q holds the case id already: one would replace the other", mark.id)
		}
	}
}

// warnUnmapped says what does not arrive at Swimlane.
func warnUnmapped(r *definition.Reader, mapped map[string]mappedField) {
	for _, k := range mappingKeys() {
		field, there := mapped[k.field]
		switch {
		case !there && k.field == fieldCaseID:
			warnMapping(r, "caseIdConfig is missing: a record cannot be found by its case, so a lost answer will wait for a person")
		case !there && k.field == fieldComments:
			warnMapping(r, "commentsConfig is missing: comments are not sent (Kibana's push fails then)")
		case !there && k.field == fieldCaseName:
			warnMapping(r, "caseNameConfig is missing: the title is not sent")
		case !there && k.field == fieldDescription:
			warnMapping(r, "descriptionConfig is missing: the description is not sent")
		case there && k.field == fieldComments && field.fieldType != typeComments:
			warnMapping(r, "commentsConfig is no field of type comments: Swimlane will refuse comments")
		case there && field.fieldType == typeNumeric && (k.field == fieldCaseName || k.field == fieldDescription):
			warnMapping(r, k.key+" is a numeric field: a text that is no number becomes 0, as in Kibana")
		}
	}
}

func warnMapping(r *definition.Reader, message string) {
	r.Warn(definition.Config, "mappings", message)
}
