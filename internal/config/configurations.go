package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

var (
	configurationKeys = [...]string{"owner", "space_id", "closure_type", "connector", "mappings"}
	caseConnectorKeys = [...]string{"id", "name", "type", "fields"}
	owners            = [...]string{"cases", "observability", "securitySolution"}
	closureTypes      = [...]string{CloseByUser, CloseByPushing}
	// spaceForm is a token of an event's subject.
	spaceForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
)

// configurations reads the case configurations.
func (l *loader) configurations(cfg *Config) {
	section := l.root.value("configurations")
	if section == nil || section.kind == kindNull || section.bad {
		return
	}
	if section.kind != kindList {
		l.wrongType(section, "a list")
		return
	}
	lines := make(map[string]int)
	for _, n := range section.items {
		if !l.wantMap(n) {
			continue
		}
		c := l.configuration(cfg, n)
		key := c.SpaceID + "\x00" + c.Owner
		if first, twice := lines[key]; twice && c.Owner != "" {
			l.fail(l.placeIn(n, "owner"), "keep one", "space %q has a configuration of owner %q already, in line %d", c.SpaceID, c.Owner, first)
			continue
		}
		lines[key] = n.line
		cfg.Configurations = append(cfg.Configurations, c)
	}
}

func (l *loader) configuration(cfg *Config, n *node) Configuration {
	l.onlyKeys(n, configurationKeys[:])
	c := Configuration{
		Owner:       l.word(n, "owner", "", owners[:]),
		ClosureType: l.word(n, "closure_type", CloseByUser, closureTypes[:]),
		SpaceID:     "default",
	}
	if v := n.value("space_id"); v != nil && v.kind != kindNull {
		if text, ok := l.text(v); ok && spaceForm.MatchString(text) {
			c.SpaceID = text
		} else if ok {
			l.fail(v, "", "want 1 to 128 letters, digits, _ or -, got %s", l.shown(v))
		}
	}
	if v := n.value("mappings"); v != nil {
		c.Mappings = l.mappings(v)
	}
	c.Connector = ConfigurationConnector{ID: "none", Name: "none", Type: noType}
	v := n.get("connector")
	if v == nil || v.value.kind == kindNull {
		l.fail(l.placeIn(n, "connector"), `{id: none, name: none, type: .none} is no connector`, "connector is missing")
		return c
	}
	if l.wantMap(v.value) {
		c.Connector = l.caseConnector(cfg, v)
		if t, ok := l.types[c.Connector.Type]; ok && n.value("mappings") != nil {
			l.checkMappingOf(t, c.Mappings, n.value("mappings"))
		}
	}
	return c
}

// word reads one of a few texts; fallback "" means that it must be there.
func (l *loader) word(n *node, key, fallback string, words []string) string {
	v := n.value(key)
	if v == nil || v.kind == kindNull {
		if fallback == "" {
			l.fail(l.placeIn(n, key), oneOf("", words), "%s is missing", key)
		}
		return fallback
	}
	text, ok := l.text(v)
	if !ok {
		return fallback
	}
	if !slices.Contains(words, text) {
		l.fail(v, oneOf(text, words), "%s is not allowed here", l.shown(v))
		return fallback
	}
	return text
}

// onlyKeys reports the unknown keys of a block.
func (l *loader) onlyKeys(n *node, known []string) {
	for _, e := range n.entries {
		if !slices.Contains(known, e.key) {
			l.unknownKey(e, known)
		}
	}
}

// placeIn returns a value of a block, or a node with the block's place and the
// missing key's path.
func (l *loader) placeIn(n *node, key string) *node {
	return n.at(n.line, n.col, []string{key})
}

// caseConnector reads the default connector of a configuration and compares it
// with the connectors of the file.
func (l *loader) caseConnector(cfg *Config, e *entry) ConfigurationConnector {
	n := e.value
	l.onlyKeys(n, caseConnectorKeys[:])
	var c ConfigurationConnector
	for key, dst := range map[string]*string{"id": &c.ID, "name": &c.Name, "type": &c.Type} {
		if v := n.value(key); v != nil && v.kind != kindNull {
			*dst, _ = l.text(v)
		}
	}
	if v := n.value("fields"); v != nil && v.kind != kindNull && l.wantMap(v) {
		c.Fields, _ = l.plain(v).(map[string]any)
	}
	if c.ID == "" {
		if v := l.placeIn(n, "id"); !v.bad {
			l.fail(v, "", "id is missing")
		}
		return c
	}
	l.matchConnector(cfg, n, &c)
	return c
}

// matchConnector fills in the type of a connector of the file.
func (l *loader) matchConnector(cfg *Config, n *node, c *ConfigurationConnector) {
	at := n.value("type")
	if at == nil {
		at = l.placeIn(n, "id")
	}
	if c.ID == "none" {
		if c.Type != "" && c.Type != noType {
			l.fail(at, "", `the type of connector "none" is ".none"`)
		}
		c.Type = noType
		return
	}
	typ, where := l.typeInFile(cfg, c.ID)
	switch {
	case where == "":
		l.warn(n.value("id"), didYouMean(c.ID, l.connectorIDs()), "no connector of this file has the id %q: one of the store must", clip(c.ID))
		if c.Type == "" {
			l.fail(l.placeIn(n, "type"), "", "type is missing")
		} else if !at.bad && l.knownType(at, c.Type) && c.Type == noType {
			l.fail(at, "", `type ".none" belongs to the id "none"`)
		}
		return
	case where == "aside":
		l.warn(n.value("id"), "", "connector %q is left aside: pushes to it become dead letters (unsupported_connector_type)", clip(c.ID))
	}
	if c.Type != "" && typ != "" && c.Type != typ {
		l.fail(at, "", "connector %q has the type %q, got %q", clip(c.ID), typ, clip(c.Type))
	}
	c.Type = typ
}

// typeInFile returns the type of a connector and where it is kept: "file",
// "aside", or "" if the file has none of that id.
func (l *loader) typeInFile(cfg *Config, id string) (typ, where string) {
	if d, ok := cfg.Connector(id); ok {
		return d.Type, "file"
	}
	for _, a := range cfg.LeftAside {
		if a.ID == id {
			return a.Type, "aside"
		}
	}
	if l.root.value("connectors").get(id) != nil {
		return "", "file" // it has problems of its own
	}
	return "", ""
}

func (l *loader) connectorIDs() []string {
	var ids []string
	if n := l.root.value("connectors"); n != nil {
		for _, e := range n.entries {
			ids = append(ids, e.key)
		}
	}
	return ids
}

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
	if v := n.value("target"); v != nil && v.kind != kindNull {
		row.Target, _ = l.text(v)
	}
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
