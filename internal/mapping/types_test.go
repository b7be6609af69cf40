package mapping

import (
	"github.com/casepush/casepush/internal/connector"
)

// types are connector types in the shapes that occur. The real table belongs to
// the adapters, which this package may not import.
func types() map[string]connector.Type {
	return map[string]connector.Type{
		".jira": {
			ID: ".jira", Append: true, Mapping: rows("title>summary", "description>description", "tags>labels", "comments>comments+"),
			Format: func(_ connector.Definition, c connector.CaseInfo) (connector.Formatted, error) {
				return connector.Formatted{Fields: pick(c, "issueType", "priority", "parent")}, nil
			},
		},
		".servicenow": {
			ID: ".servicenow", Append: true, Mapping: rows("title>short_description", "description>description", "comments>work_notes+"),
			Format: func(_ connector.Definition, c connector.CaseInfo) (connector.Formatted, error) {
				out := pick(c, "severity", "urgency", "impact", "category", "subcategory")
				return connector.Formatted{Fields: append(out,
					connector.Field{Name: "correlation_id", Value: c.ID},
					connector.Field{Name: "correlation_display", Value: "Elastic Case"})}, nil
			},
		},
		".swimlane": {
			ID: ".swimlane", Mapping: rows("title>caseName", "description>description", "comments>comments+"),
			Format: func(_ connector.Definition, c connector.CaseInfo) (connector.Formatted, error) {
				return connector.Formatted{Fields: []connector.Field{{Name: "caseId", Value: c.ID}}}, nil
			},
		},
		".cases-webhook": {
			ID: ".cases-webhook",
			Format: func(_ connector.Definition, c connector.CaseInfo) (connector.Formatted, error) {
				return connector.Formatted{Fields: []connector.Field{
					{Name: "title", Value: c.Title},
					{Name: "description", Value: c.Description},
					{Name: "tags", Value: c.Tags},
					{Name: "id", Value: c.ID},
					{Name: "severity", Value: c.Severity},
					{Name: "status", Value: c.Status},
				}}, nil
			},
		},
	}
}

// pick makes fields of the case's connector fields that are set.
func pick(c connector.CaseInfo, names ...string) []connector.Field {
	var out []connector.Field
	for _, name := range names {
		if v := c.Fields[name]; v != nil {
			out = append(out, connector.Field{Name: name, Value: v})
		}
	}
	return out
}

// rows reads "title>summary": overwrite; a "+" at the end is append, "-" nothing.
func rows(specs ...string) []connector.MappingRow {
	var out []connector.MappingRow
	for _, s := range specs {
		row := connector.MappingRow{ActionType: connector.Overwrite}
		switch s[len(s)-1] {
		case '+':
			row.ActionType, s = connector.Append, s[:len(s)-1]
		case '-':
			row.ActionType, s = connector.Nothing, s[:len(s)-1]
		}
		for i := range s {
			if s[i] == '>' {
				row.Source, row.Target = connector.Source(s[:i]), s[i+1:]
			}
		}
		out = append(out, row)
	}
	return out
}
