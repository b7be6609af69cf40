package servicenow

import (
	"fmt"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// observableGroup is one of the four kinds of observables that a case may
// send: a boolean of the case's connector fields turns it on.
type observableGroup struct {
	caseField string // the boolean
	alertPath string // where alerts have the values
	column    string // where the Table API puts them
	kind      string // what the application calls them
	values    []string
}

// observableGroups are in the order in which Kibana sends them.
func observableGroups() []observableGroup {
	return []observableGroup{
		{caseField: "destIp", alertPath: "destination.ip", column: "dest_ip", kind: "ipv4-addr"},
		{caseField: "sourceIp", alertPath: "source.ip", column: "source_ip", kind: "ipv4-addr"},
		{caseField: "malwareHash", alertPath: "file.hash.sha256", column: "malware_hash", kind: "SHA256"},
		{caseField: "malwareUrl", alertPath: "url.full", column: "malware_url", kind: "URL"},
	}
}

// alertFields implements [connector.Type].Alerts: where the observables are
// that the case wants.
func alertFields(c connector.CaseInfo) []string {
	var paths []string
	for _, g := range observableGroups() {
		if on, _ := c.Fields[g.caseField].(bool); on {
			paths = append(paths, g.alertPath)
		}
	}
	return paths
}

// observablesOf collects the values of each group that is turned on, in the
// order of the alerts, each once.
func observablesOf(c connector.CaseInfo) ([]observableGroup, error) {
	groups := observableGroups()
	for i := range groups {
		g := &groups[i]
		switch on := c.Fields[g.caseField].(type) {
		case nil:
		case bool:
			if on {
				g.collect(c.Alerts)
			}
		default:
			return nil, fmt.Errorf("case connector field %q: want true, false or null, got %T", g.caseField, on)
		}
	}
	return groups, nil
}

func (g *observableGroup) collect(alerts []map[string]any) {
	seen := map[string]bool{"": true}
	for _, alert := range alerts {
		for _, v := range textsAt(alert, g.alertPath) {
			if v = strings.TrimSpace(v); !seen[v] {
				seen[v] = true
				g.values = append(g.values, v)
			}
		}
	}
}

// textsAt returns the texts at a path of a document, whose keys may be dotted
// at any level, and whose values may be lists at any level.
func textsAt(v any, path string) []string {
	switch v := v.(type) {
	case string:
		if path == "" {
			return []string{v}
		}
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, textsAt(e, path)...)
		}
		return all
	case []string:
		if path == "" {
			return v
		}
	case map[string]any:
		var all []string
		for end := 1; path != "" && end <= len(path); end++ {
			if end < len(path) && path[end] != '.' {
				continue
			}
			if next, there := v[path[:end]]; there {
				all = append(all, textsAt(next, strings.TrimPrefix(path[end:], "."))...)
			}
		}
		return all
	}
	return nil
}

// joinedFields are the columns of the Table API; without a value one is empty.
func joinedFields(groups []observableGroup) []connector.Field {
	var out []connector.Field
	for _, g := range groups {
		out = append(out, connector.Field{Name: g.column, Value: strings.Join(g.values, ",")})
	}
	return out
}

// targetObservables is the target of comments that are observables.
const targetObservables = "observables"

const (
	observablePrefix = "observable/"
	// maxReadableID bounds what of an observable stands in its id: the ledger
	// keeps one for each.
	maxReadableID = 100
)

// observableComments makes a comment of each observable, so that each is sent
// once: Kibana sends all of them with every push. One that is both a source
// and a destination is one observable to ServiceNow.
func observableComments(groups []observableGroup) []connector.Comment {
	var out []connector.Comment
	seen := map[string]bool{}
	for _, g := range groups {
		for _, v := range g.values {
			id := observablePrefix + g.kind + "/" + v
			if len(v) > maxReadableID || strings.Contains(v, "#") { // "#2" is a part of a text
				id = observablePrefix + g.kind + "/" + connector.Digest(v)
			}
			if !seen[id] {
				seen[id] = true
				out = append(out, connector.Comment{ID: id, Text: v, Target: targetObservables})
			}
		}
	}
	return out
}

// observable is one as the application takes it.
type observable struct {
	Value string `json:"value"`
	Type  string `json:"type"`
}

// observableIn reads the comment that carries an observable.
func observableIn(c connector.Comment) (observable, error) {
	rest, ok := strings.CutPrefix(c.ID, observablePrefix)
	kind, _, more := strings.Cut(rest, "/")
	if !ok || !more || kind == "" || c.Text == "" {
		return observable{}, fmt.Errorf("comment %q is no observable", c.ID)
	}
	return observable{Value: c.Text, Type: kind}, nil
}
