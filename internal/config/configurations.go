package config

import (
	"regexp"
	"slices"
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
	c.ID, c.Name, c.Type = l.optionalText(n, "id"), l.optionalText(n, "name"), l.optionalText(n, "type")
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

// optionalText returns a text of a block, "" if it is absent or null.
func (l *loader) optionalText(n *node, key string) string {
	v := n.value(key)
	if v == nil || v.kind == kindNull {
		return ""
	}
	text, _ := l.text(v)
	return text
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
