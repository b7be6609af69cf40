package kibanaschema

import (
	"slices"
	"strings"
)

// path leads to a value: keys and indexes.
type path []string

// to returns the path to a member; the path itself is not changed.
func (p path) to(key string) path { return append(slices.Clone(p), key) }

// mismatch is what is wrong with a value. Of a union each alternative says what
// does not fit, its number being a part of its path.
type mismatch struct {
	at      path
	message string
	each    []*mismatch
}

// text is Kibana's: the path, what is wrong, and the alternatives below it,
// each level one column further in.
func (m *mismatch) text(level int) string {
	var b strings.Builder
	if len(m.at) > 0 {
		b.WriteString("[" + strings.Join(m.at, ".") + "]: ")
	}
	b.WriteString(m.message)
	for _, e := range m.each {
		b.WriteString("\n" + strings.Repeat(" ", level) + "- " + e.text(level+1))
	}
	return b.String()
}

func wrongType(want string, v any, at path) *mismatch {
	return &mismatch{at: at, message: "expected value of type [" + want + "] but got [" + typeName(v) + "]"}
}

// typeName names the type of a value as Kibana's texts do.
func typeName(v any) string {
	switch v.(type) {
	case undefined:
		return "undefined"
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case []any:
		return "Array"
	case map[string]any:
		return "Object"
	}
	return "number" // nothing else comes out of JSON
}
