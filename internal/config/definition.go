package config

import (
	"net/url"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/secret"
)

// checkDefinition lets the type judge a definition and puts its problems at
// their places. Unresolved secrets are reported already, so what the type says
// about secrets is not repeated then.
func (l *loader) checkDefinition(t connector.Type, def connector.Definition, e *entry, unresolved bool) {
	if t.Check == nil {
		return
	}
	for _, p := range t.Check(def) {
		if unresolved && len(p.Path) > 0 && p.Path[0] == "secrets" {
			continue
		}
		n := l.placeOf(p.Path, def.ID, e)
		if n.bad && !p.Warning {
			continue // there is a problem with it already
		}
		place := *n // the problem is of the definition: the value itself stays usable
		message := withoutSecrets(p.Message, def.Secrets)
		if p.Warning {
			l.warn(&place, "", "%s", message)
		} else {
			l.fail(&place, deliveryHint(p.Path), "%s", message)
		}
	}
}

// checkHosts warns about addresses in config that outbound.allowedHosts keeps
// from being reached. Which keys are addresses only the type knows; any URL
// among the values is taken for one.
func (l *loader) checkHosts(allowed []string, config *node) {
	if config == nil || slices.Contains(allowed, "*") {
		return
	}
	for _, e := range config.entries {
		if e.value.kind != kindString || e.value.bad {
			continue
		}
		text, _ := l.expand(e.value)
		u, err := url.Parse(text)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
			continue
		}
		if host := u.Hostname(); !slices.Contains(allowed, host) && !strings.Contains(host, "{") {
			l.warn(e.value, "", "the host is not in outbound.allowedHosts: pushes become dead letters (host_not_allowed)")
		}
	}
}

// checkPlace warns about two connectors that would take each other's incidents.
func (l *loader) checkPlace(t connector.Type, def connector.Definition, e *entry, places map[string]string) {
	if t.Place == nil || slices.ContainsFunc(l.problems, func(p Problem) bool { return !p.Warning }) {
		return // a place may be read wrong as well
	}
	place := t.Place(def)
	if place == "" {
		return
	}
	if other, taken := places[place]; taken {
		l.warnKey(e, "", "connector %q pushes to the same place, where incidents are known by their case alone: a case that goes to both gets one incident", other)
		return
	}
	places[place] = def.ID
}

// deliveryHint helps with a misspelt common key, which a type knows as little
// as any other word.
func deliveryHint(path []string) string {
	common := keysOf(Delivery{})
	if len(path) != 2 || path[0] != "delivery" || slices.Contains(common, path[1]) {
		return ""
	}
	return didYouMean(path[1], common)
}

// placeOf finds the value, or the key that should hold it.
func (l *loader) placeOf(path []string, id string, e *entry) *node {
	if len(path) > 0 && path[0] == "delivery" {
		if d := l.root.get("delivery"); d != nil && d.value.get(id) != nil {
			return d.value.at(d.line, d.col, append([]string{id}, path[1:]...))
		}
	}
	if len(path) == 1 && path[0] == "type" {
		path = []string{"actionTypeId"}
	}
	return e.value.at(e.line, e.col, path)
}

// minRedacted keeps short secrets, which are part of ordinary words, from
// making messages unreadable.
const minRedacted = 4

// withoutSecrets is the last line of defence: a type's message shows no secret.
func withoutSecrets(message string, secrets map[string]secret.String) string {
	var pairs []string
	for _, key := range sortedKeys(secrets) {
		if s := secrets[key].Reveal(); len(s) >= minRedacted && !slices.Contains(accountKeys[:], key) {
			pairs = append(pairs, s, secret.Redacted)
		}
	}
	return strings.NewReplacer(pairs...).Replace(message)
}
