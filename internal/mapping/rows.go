package mapping

import (
	"fmt"
	"slices"

	"github.com/casepush/casepush/internal/connector"
)

// plan is a mapping without what it leaves alone.
type plan struct {
	fields   []connector.MappingRow // title, description and tags, with a target
	comments bool                   // comments are sent
	target   string                 // where to; "" is the adapter's default
}

// planRows judges the rows; none means the type's own.
//
// A source without a row is not sent. There are two exceptions: tags, because
// mappings saved before Kibana 8.7 could not have such a row, get the type's;
// and a type that maps nothing at all (.cases-webhook, whose formatter supplies
// everything) is sent comments all the same, as Kibana does.
func planRows(t connector.Type, rows []connector.MappingRow) (plan, error) {
	if len(rows) == 0 {
		rows = t.Mapping
	}
	if len(rows) == 0 {
		return plan{comments: true}, nil
	}
	var p plan
	for _, row := range withTags(t, rows) {
		row, err := judge(t, row)
		if err != nil {
			return plan{}, err
		}
		switch {
		case row.ActionType == connector.Nothing || row.Target == connector.NotMapped:
		case row.Source == connector.Comments:
			p.comments, p.target = true, row.Target
		default:
			p.fields = append(p.fields, row)
		}
	}
	return p, nil
}

// withTags adds the type's rows for tags to a mapping that has none.
func withTags(t connector.Type, rows []connector.MappingRow) []connector.MappingRow {
	isTags := func(r connector.MappingRow) bool { return r.Source == connector.Tags }
	if slices.ContainsFunc(rows, isTags) {
		return rows
	}
	out := slices.Clone(rows)
	for _, row := range t.Mapping {
		if isTags(row) {
			out = append(out, row)
		}
	}
	return out
}

// judge checks one row. An action that is not said is what Kibana does with
// every row: overwrite.
func judge(t connector.Type, row connector.MappingRow) (connector.MappingRow, error) {
	if row.ActionType == "" {
		row.ActionType = connector.Overwrite
	}
	switch row.Source {
	case connector.Title, connector.Description, connector.Comments, connector.Tags:
	default:
		return row, fmt.Errorf("mapping %s: source %q: want title, description, comments or tags", row, row.Source)
	}
	switch row.ActionType {
	case connector.Overwrite, connector.Append, connector.Nothing:
	default:
		return row, fmt.Errorf("mapping %s: action_type %q: want overwrite, append or nothing", row, row.ActionType)
	}
	dropped := row.ActionType == connector.Nothing || row.Target == connector.NotMapped
	if dropped || row.Source == connector.Comments {
		return row, nil
	}
	if row.Target == "" {
		return row, fmt.Errorf("mapping %s: target: is missing", row)
	}
	if row.ActionType == connector.Append && row.Source == connector.Tags {
		return row, fmt.Errorf("mapping %s: a list cannot be appended to: use overwrite", row)
	}
	if row.ActionType == connector.Append && !t.Append {
		return row, fmt.Errorf("mapping %s: %s incidents cannot be read, so nothing can be appended: use overwrite", row, t.ID)
	}
	return row, nil
}
