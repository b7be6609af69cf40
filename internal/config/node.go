package config

import (
	"strconv"
	"strings"
)

// kind is what a value of the file is.
type kind int

const (
	kindNull kind = iota
	kindString
	kindInt
	kindFloat
	kindBool
	kindMap
	kindList
)

var kindNames = [...]string{"nothing", "a text", "a number", "a number", "true or false", "a block of keys", "a list"}

func (k kind) String() string { return kindNames[k] }

// node is one value of the file, or of an environment variable, with its place.
type node struct {
	kind      kind
	line, col int    // of the value
	path      string // as problems show it
	text      string // of a scalar, as written and unquoted
	entries   []*entry
	items     []*node

	// loose: the text came from the environment, where everything is a text,
	// so a text may stand for a number or true and false.
	loose bool
	// variable is the environment variable that the value came from, else "".
	variable string
	// bad: an error was reported for this very value.
	bad bool
}

// entry is one key of a block. Its place is the key's.
type entry struct {
	key       string
	line, col int
	value     *node
}

// get returns the entry of a key, nil if it is absent.
func (n *node) get(key string) *entry {
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.key == key {
			return e
		}
	}
	return nil
}

// value returns the value of a key, nil if it is absent.
func (n *node) value(key string) *node {
	if e := n.get(key); e != nil {
		return e.value
	}
	return nil
}

// cut removes a key and returns its entry, nil if it is absent.
func (n *node) cut(key string) *entry {
	for i, e := range n.entries {
		if e.key == key {
			n.entries = append(n.entries[:i:i], n.entries[i+1:]...)
			return e
		}
	}
	return nil
}

// isScalar reports whether n is one text, number, true or false.
func (n *node) isScalar() bool {
	return n.kind == kindString || n.kind == kindInt || n.kind == kindFloat || n.kind == kindBool
}

// expandDots splits keys such as "ssl.verificationMode" into blocks, as Kibana
// does, and joins blocks that thereby meet.
func (n *node) expandDots() {
	var out []*entry
	for _, e := range n.entries {
		head, rest, dotted := strings.Cut(e.key, ".")
		if dotted && head != "" && rest != "" {
			inner := &entry{key: rest, line: e.line, col: e.col, value: e.value}
			e = &entry{
				key: head, line: e.line, col: e.col,
				value: &node{kind: kindMap, line: e.line, col: e.col, entries: []*entry{inner}},
			}
		}
		if same := find(out, e.key); same != nil && same.value.kind == kindMap && e.value.kind == kindMap {
			same.value.entries = append(same.value.entries, e.value.entries...)
			continue
		}
		out = append(out, e)
	}
	n.entries = out
}

func find(entries []*entry, key string) *entry {
	for _, e := range entries {
		if e.key == key {
			return e
		}
	}
	return nil
}

// join adds a key to a path. A key that would be misread in it is quoted.
func join(path, key string) string {
	if key == "" || strings.ContainsFunc(key, isOddInPath) {
		return path + "[" + strconv.Quote(clip(key)) + "]"
	}
	if path == "" {
		return clip(key)
	}
	return path + "." + clip(key)
}

func isOddInPath(r rune) bool {
	return !(r == '-' || r == '_' || r > 127 && strconv.IsPrint(r) ||
		'0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
}

// maxShown bounds what a problem repeats of the file, in characters.
const maxShown = 60

// clip bounds a text that is shown.
func clip(s string) string {
	n := 0
	for i := range s {
		if n == maxShown {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
