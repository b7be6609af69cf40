package kibanaschema

import (
	"github.com/casepush/casepush/internal/connector"
)

// Keys of the mapping that a connector's config had in 7.x. If both are there the
// first counts, which is the one of the documents.
const (
	casesMapping    = "casesConfiguration"    // 7.7 and 7.8
	incidentMapping = "incidentConfiguration" // 7.9 and 7.10
	caseOwned       = "isCaseOwned"           // beside incidentConfiguration; without meaning today
)

// with7x adds the keys of 7.x to a config. None is filled in.
func with7x(fields ...field) object {
	mapping := object{{"mapping", list{object{
		{"source", choice(string(connector.Title), string(connector.Description), string(connector.Comments), string(connector.Tags))},
		{"target", text{}},
		{"actionType", choice(string(connector.Nothing), string(connector.Overwrite), string(connector.Append))},
	}}}}
	return append(object(fields),
		field{casesMapping, maybe{mapping}},
		field{incidentMapping, maybe{orNull(mapping)}},
		field{caseOwned, maybe{orNull(flag{})}},
	)
}

// emptyMapping is the text for a mapping without rows.
func emptyMapping(config map[string]any) string {
	for _, key := range []string{casesMapping, incidentMapping} {
		if m, ok := config[key].(map[string]any); ok && len(rowsOf(m)) == 0 {
			return "[" + key + ".mapping]: expected non-empty but got empty"
		}
	}
	return ""
}

// takeMapping takes what is of 7.x out of a valid config and returns the
// mapping, nil if there was none.
func takeMapping(config map[string]any) []connector.MappingRow {
	var rows []connector.MappingRow
	for _, key := range []string{incidentMapping, casesMapping} {
		if m, ok := config[key].(map[string]any); ok {
			rows = rowsOf(m)
		}
	}
	delete(config, casesMapping)
	delete(config, incidentMapping)
	delete(config, caseOwned)
	return rows
}

func rowsOf(configuration map[string]any) []connector.MappingRow {
	given, _ := configuration["mapping"].([]any)
	rows := make([]connector.MappingRow, 0, len(given))
	for _, item := range given {
		row, _ := item.(map[string]any)
		source, _ := row["source"].(string)
		target, _ := row["target"].(string)
		action, _ := row["actionType"].(string)
		rows = append(rows, connector.MappingRow{Source: connector.Source(source), Target: target, ActionType: connector.ActionType(action)})
	}
	return rows
}
