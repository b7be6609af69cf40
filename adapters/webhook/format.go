package webhook

import (
	"encoding/json"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/mapping/template"
)

// fieldNames are the incident's fields in Kibana's order.
func fieldNames() []string {
	return []string{fieldTitle, fieldDescription, fieldTags, fieldID, fieldSeverity, fieldStatus}
}

// format makes the incident's fields of the case, in Kibana's values: the
// description is the case's own, without a footer. The case's connector fields
// are always null in Kibana and not looked at.
//
// A template renders them all, so an update is complete or wrong. Hence all
// fields have one Source, by which they change together: the digest of those
// values that the update's template may use. A value that it does not name
// causes no update.
func format(def connector.Definition, c connector.CaseInfo) (connector.Formatted, error) {
	tags := append([]string{}, c.Tags...) // never null: no tags is a value too
	out := []connector.Field{
		{Name: fieldTitle, Value: c.Title},
		{Name: fieldDescription, Value: c.Description},
		{Name: fieldTags, Value: tags},
		{Name: fieldID, Value: c.ID},
		{Name: fieldSeverity, Value: c.Severity},
		{Name: fieldStatus, Value: c.Status},
	}
	uses := usedByUpdate(def)
	var seen wire.Object
	for _, f := range out {
		if uses("case." + f.Name) {
			if err := seen.Encode(f.Name, f.Value); err != nil {
				return connector.Formatted{}, err
			}
		}
	}
	b, err := json.Marshal(&seen)
	if err != nil {
		return connector.Formatted{}, err
	}
	source := connector.Digest(string(b))
	for i := range out {
		out[i].Source = source
	}
	return connector.Formatted{Fields: out}, nil
}

// usedByUpdate tells which variables the update's template may use; all of
// them if it cannot be read.
func usedByUpdate(def connector.Definition) func(variable string) bool {
	text, _ := def.Config["updateIncidentJson"].(string)
	t, err := template.Parse(template.UpdateCase, text)
	if err != nil {
		return func(string) bool { return true }
	}
	return t.MayUse
}
