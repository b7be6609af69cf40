package config

import (
	"fmt"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// mappings reads rows of a mapping, with action_type or 7.x's actionType.
func (l *loader) mappings(n *node) []connector.MappingRow {
	if n.kind == kindNull {
		return nil
	}
	if n.kind != kindList {
		l.wrongType(n, "a list")
		return nil
	}
	var rows []connector.MappingRow
	seen := make(map[string]bool)
	for _, item := range n.items {
		if !l.wantMap(item) {
			continue
		}
		row, ok := l.mappingRow(item)
		if !ok {
			continue
		}
		if key := fmt.Sprintf("%s\x00%s", row.Source, row.Target); seen[key] {
			l.fail(item, "remove one", "%s is mapped to %q twice", row.Source, clip(row.Target))
		} else {
			seen[key] = true
		}
		rows = append(rows, row)
	}
	return rows
}

var (
	mappingKeys = [...]string{"source", "target", "action_type"}
	sources     = [...]string{string(connector.Title), string(connector.Description), string(connector.Comments), string(connector.Tags)}
	actionTypes = [...]string{string(connector.Overwrite), string(connector.Append), string(connector.Nothing)}
)

func (l *loader) mappingRow(n *node) (connector.MappingRow, bool) {
	if e := n.get("actionType"); e != nil && n.get("action_type") == nil {
		e.key = "action_type"
	}
	l.onlyKeys(n, mappingKeys[:])
	row := connector.MappingRow{
		Source:     connector.Source(l.word(n, "source", "", sources[:])),
		ActionType: connector.ActionType(l.word(n, "action_type", "", actionTypes[:])),
	}
	row.Target = l.optionalText(n, "target")
	if v := l.placeIn(n, "target"); strings.TrimSpace(row.Target) == "" && !v.bad {
		l.fail(v, fmt.Sprintf("%q drops the field", connector.NotMapped), "target is missing")
	}
	return row, row.Source != "" && row.ActionType != "" && row.Target != ""
}

// checkMappingOf compares a mapping with what its connector type can do. at is
// the value that holds the rows.
func (l *loader) checkMappingOf(t connector.Type, rows []connector.MappingRow, at *node) {
	if len(rows) == 0 {
		return
	}
	filled := make(map[string]bool)
	for _, r := range rows {
		text := r.Source == connector.Title || r.Source == connector.Description
		if r.ActionType == connector.Append && text && !t.Append {
			l.failRow(at, r, "use overwrite", "append: connectors of type %q cannot append to the %s", t.ID, r.Source)
		}
		if r.ActionType != connector.Nothing && r.Target != connector.NotMapped {
			filled[r.Target] = true
		}
	}
	for _, target := range t.RequiredTargets {
		if !filled[target] && !at.bad {
			place := *at
			l.fail(&place, "", "nothing is mapped to %q, without which a connector of type %q creates no incident", target, t.ID)
		}
	}
}

// failRow reports a row at its action type.
func (l *loader) failRow(at *node, r connector.MappingRow, hint, format string, args ...any) {
	for _, item := range at.rows() {
		source, action := item.value("source"), item.value("action_type")
		if source != nil && action != nil && source.text == string(r.Source) && action.text == string(r.ActionType) {
			at = action
			break
		}
	}
	l.fail(at, hint, format, args...)
}

// rows returns the rows of a mapping, which in 7.x stand one level deeper.
func (n *node) rows() []*node {
	if m := n.value("mapping"); m != nil {
		return m.items
	}
	return n.items
}
