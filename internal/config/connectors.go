package config

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/secret"
)

var (
	connectorKeys = [...]string{"actionTypeId", "name", "config", "secrets"}
	// kibanaOnlyKeys are of Kibana's own use; nothing here depends on them.
	kibanaOnlyKeys = [...]string{"exposeConfig", "isSystemAction", "isDeprecated", "isMissingSecrets", "isPreconfigured", "inboundEventsEnabled"}
)

// plannedTypes are Kibana's types that can be pushed to, or will be. One that
// is not in Options.Types is not built yet.
var plannedTypes = [...]string{
	".jira", ".servicenow", ".servicenow-sir", ".resilient", ".swimlane", ".cases-webhook",
	".servicenow-itom", ".thehive", ".opsgenie", ".index", ".server-log",
}

// otherTypes are Kibana's types that have nothing to do with incidents.
var otherTypes = [...]string{
	".slack", ".slack_api", ".email", ".webhook", ".teams", ".pagerduty", ".tines", ".torq", ".xmatters", ".d3security",
	".gen-ai", ".bedrock", ".gemini", ".inference", ".mcp", ".sentinelone", ".crowdstrike", ".microsoft_defender_endpoint",
	".jira-service-management", ".observability-ai-assistant", ".cases", noType,
}

// noType is the type of "no connector".
const noType = ".none"

// connectors reads the connectors and how they are delivered to.
func (l *loader) connectors(cfg *Config) {
	l.delivery(cfg)
	section := l.root.value("connectors")
	if section == nil || section.kind == kindNull || section.bad || !l.wantMap(section) {
		return
	}
	places := map[string]string{} // connectors by their place
	for _, e := range section.entries {
		l.connector(cfg, e, places)
	}
}

// connector reads one entry of connectors, and adds it to the places.
func (l *loader) connector(cfg *Config, e *entry, places map[string]string) {
	n := e.value
	if n.kind != kindMap {
		l.wrongType(n, "a block of keys")
		return
	}
	def := connector.Definition{ID: e.key, Delivery: cfg.Delivery[e.key].Adapter}
	if e.key == "none" || e.key == "" {
		l.failKey(e, "", "the id %q cannot be used: it means no connector", e.key)
	}
	known := l.connectorHead(e, &def)
	t, built := l.types[def.Type]
	if known && !built {
		l.leaveAside(cfg, e, def)
		return
	}
	def.Config = l.connectorConfig(n.value("config"), &def)
	var unresolved bool
	def.Secrets, unresolved = l.connectorSecrets(n.value("secrets"))
	if !known {
		return
	}
	l.checkMappingOf(t, def.Mapping, n.at(e.line, e.col, []string{"config", "casesConfiguration"}))
	l.checkDefinition(t, def, e, unresolved)
	l.checkHosts(cfg.Outbound.AllowedHosts, n.value("config"))
	l.checkPlace(t, def, e, places)
	cfg.Connectors = append(cfg.Connectors, def)
}

// connectorHead reads name and type, and looks at the keys. It returns false if
// the type is not known to exist.
func (l *loader) connectorHead(e *entry, def *connector.Definition) bool {
	for _, x := range e.value.entries {
		switch {
		case slices.Contains(connectorKeys[:], x.key):
		case slices.Contains(kibanaOnlyKeys[:], x.key):
			l.warnKey(x, "", "left aside: only Kibana uses it")
		case x.key == "connector_type_id":
			l.failKey(x, `did you mean "actionTypeId"?`, "unknown key")
		default:
			l.unknownKey(x, connectorKeys[:])
		}
	}
	def.Name = l.connectorText(e, "name")
	def.Type = l.connectorText(e, "actionTypeId")
	return def.Type != "" && l.knownType(e.value.value("actionTypeId"), def.Type)
}

// connectorText returns a text that every entry has.
func (l *loader) connectorText(e *entry, key string) string {
	n := e.value.value(key)
	if n == nil || n.kind == kindNull {
		if key != "actionTypeId" || e.value.get("connector_type_id") == nil {
			l.fail(e.value.at(e.line, e.col, []string{key}), "", "%s is missing", key)
		}
		return ""
	}
	text, ok := l.text(n)
	if ok && strings.TrimSpace(text) == "" {
		l.fail(n, "", "is empty")
	}
	return text
}

// knownType reports a type that is probably misspelt.
func (l *loader) knownType(n *node, id string) bool {
	known := slices.Concat(sortedKeys(l.types), plannedTypes[:], otherTypes[:])
	if n.bad || slices.Contains(known, id) {
		return !n.bad
	}
	if hint := didYouMean(id, known); hint != "" {
		l.fail(n, hint, "no such connector type %q", clip(id))
		return false
	}
	return true
}

// leaveAside keeps what nothing is pushed to, and says so.
func (l *loader) leaveAside(cfg *Config, e *entry, def connector.Definition) {
	at := e.value.value("actionTypeId")
	if slices.Contains(plannedTypes[:], def.Type) {
		l.warn(at, "", "%q is not supported yet: pushes to it become dead letters (unsupported_connector_type)", def.Type)
	} else {
		l.warn(at, "", "%q is no type that cases are pushed to: the connector is left aside", clip(def.Type))
	}
	cfg.LeftAside = append(cfg.LeftAside, LeftAside{ID: def.ID, Name: def.Name, Type: def.Type})
}

// connectorConfig reads config, and takes the mapping of 7.x out of it.
func (l *loader) connectorConfig(n *node, def *connector.Definition) map[string]any {
	config := map[string]any{}
	if n == nil || n.kind == kindNull || !l.wantMap(n) {
		return config
	}
	for _, e := range n.entries {
		switch e.key {
		case "casesConfiguration", "incidentConfiguration":
			def.Mapping = l.oldMapping(e.value)
		case "isCaseOwned": // of ServiceNow in 7.9 and 7.10, without meaning today
		default:
			config[e.key] = l.plain(e.value)
		}
	}
	return config
}

// oldMapping reads the mapping that a connector of 7.x carries.
func (l *loader) oldMapping(n *node) []connector.MappingRow {
	if n.kind == kindNull || !l.wantMap(n) {
		return nil
	}
	var rows []connector.MappingRow
	for _, e := range n.entries {
		if e.key != "mapping" {
			l.unknownKey(e, []string{"mapping"})
			continue
		}
		rows = l.mappings(e.value)
	}
	return rows
}

// plain reads any value as the adapters want it: texts with variables filled
// in, json.Number, bool, maps, lists, nil.
func (l *loader) plain(n *node) any {
	switch n.kind {
	case kindString:
		text, _ := l.expand(n)
		return text
	case kindInt, kindFloat:
		return json.Number(n.text)
	case kindBool:
		return n.text == "true"
	case kindMap:
		m := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			m[e.key] = l.plain(e.value)
		}
		return m
	case kindList:
		list := make([]any, 0, len(n.items))
		for _, item := range n.items {
			list = append(list, l.plain(item))
		}
		return list
	}
	return nil
}

// accountKeys are secrets by Kibana's word that name an account and open nothing.
var accountKeys = [...]string{"email", "user", "username", "apiKeyId"}

// connectorSecrets reads secrets. unresolved says that a problem was reported
// for at least one of them.
func (l *loader) connectorSecrets(n *node) (secrets map[string]secret.String, unresolved bool) {
	secrets = map[string]secret.String{}
	if n == nil || n.kind == kindNull {
		return secrets, false
	}
	if !l.wantMap(n) {
		return secrets, true
	}
	for _, e := range n.entries {
		if e.value.kind == kindNull {
			continue
		}
		s, plain := l.connectorSecret(e)
		if plain && !slices.Contains(accountKeys[:], e.key) {
			l.warnPlain(e.value)
		}
		unresolved = unresolved || !s.IsSet()
		secrets[e.key] = s
	}
	return secrets, unresolved
}

// objectKeys are the secrets that may be a block of texts.
var objectKeys = [...]string{"secretHeaders"}

// connectorSecret reads a text, a reference, or an object of them, which is
// kept as its JSON text.
func (l *loader) connectorSecret(e *entry) (s secret.String, plain bool) {
	n := e.value
	if n.kind != kindMap || isReference(n) || !slices.Contains(objectKeys[:], e.key) {
		return l.secret(n)
	}
	object := make(map[string]string, len(n.entries))
	for _, x := range n.entries {
		if x.value.kind == kindNull {
			continue
		}
		part, partPlain := l.secret(x.value)
		if !part.IsSet() {
			n.bad = true
		}
		plain = plain || partPlain
		object[x.key] = part.Reveal()
	}
	if n.bad {
		return secret.String{}, false
	}
	text, err := json.Marshal(object)
	if err != nil {
		l.fail(n, "", "want a block of texts or references")
		return secret.String{}, false
	}
	return secret.New(string(text)), plain
}
