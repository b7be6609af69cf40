package config

import (
	"fmt"
	"slices"
	"strconv"
)

// arrange splits dotted keys where Kibana's files have them, gives every value
// its path, and brings Kibana's own block to its place.
func (l *loader) arrange() {
	l.root.expandDots()
	for _, path := range [][]string{
		{"outbound"},
		{"outbound", "ssl"},
		{"kibana"},
		{"kibana", "ssl"},
		{"xpack"},
		{"xpack", "actions"},
		{"xpack", "actions", "ssl"},
		{"xpack", "actions", "preconfigured"},
	} {
		if n := l.root.dig(path); n != nil {
			n.expandDots()
		}
	}
	l.locate(l.root, "")
	if xpack := l.root.cut("xpack"); xpack != nil {
		l.adopt(xpack.value)
	}
}

// dig follows keys, nil if one is absent.
func (n *node) dig(keys []string) *node {
	for _, key := range keys {
		n = n.value(key)
	}
	return n
}

// locate writes the path of every value below n, whose own path is path, and
// reports keys that became the same by splitting.
func (l *loader) locate(n *node, path string) {
	n.path = path
	kept := n.entries[:0]
	for _, e := range n.entries {
		l.locate(e.value, join(path, e.key))
		if first := find(kept, e.key); first != nil {
			l.twice(e, first)
			continue
		}
		kept = append(kept, e)
	}
	n.entries = kept
	for i, item := range n.items {
		l.locate(item, path+"["+strconv.Itoa(i)+"]")
	}
}

func (l *loader) twice(e, first *entry) {
	l.reportAt(e.line, e.col, e.value.path, fmt.Sprintf("the key is here twice, first in line %d", first.line), "remove one")
}

// adopt moves what stands under Kibana's xpack.actions to our own sections.
func (l *loader) adopt(xpack *node) {
	if xpack.kind != kindMap {
		l.wantMap(xpack)
		return
	}
	for _, e := range xpack.entries {
		switch {
		case e.key != "actions":
			l.warnKey(e, "", "left aside: of Kibana's settings only xpack.actions is read")
		case e.value.kind != kindMap:
			l.wantMap(e.value)
		default:
			l.adoptActions(e.value)
		}
	}
}

func (l *loader) adoptActions(actions *node) {
	settings := &node{kind: kindMap, line: actions.line, col: actions.col, path: actions.path}
	for _, e := range actions.entries {
		switch {
		case e.key == "preconfigured":
			l.join("connectors", e)
		case slices.Contains(keysOf(Outbound{}), e.key):
			settings.entries = append(settings.entries, e)
		default:
			l.warnKey(e, "", "left aside: casepush has no such setting")
		}
	}
	if len(settings.entries) > 0 {
		first := settings.entries[0]
		l.join("outbound", &entry{key: "outbound", line: first.line, col: first.col, value: settings})
	}
}

// join adds the keys of a block to a section of the file.
func (l *loader) join(section string, e *entry) {
	have := l.root.get(section)
	if have == nil || have.value.kind == kindNull {
		l.root.cut(section)
		l.root.entries = append(l.root.entries, &entry{key: section, line: e.line, col: e.col, value: e.value})
		return
	}
	if e.value.kind != kindMap && e.value.kind != kindNull {
		l.wantMap(e.value)
		return
	}
	for _, x := range e.value.entries {
		if first := have.value.get(x.key); first != nil {
			l.twice(x, first)
			continue
		}
		have.value.entries = append(have.value.entries, x)
	}
}
