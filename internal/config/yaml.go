package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Bounds of a file. A configuration of thousands of connectors stays far below.
const (
	maxFileBytes = 1 << 20
	maxNodes     = 200_000
	maxDepth     = 64
	// maxOpen bounds brackets that are open at once, before the parser sees
	// them: its time grows with their square.
	maxOpen = 1000
)

// reader turns the parser's tree into nodes.
type reader struct {
	l       *loader
	anchors map[string]ast.Node
	nodes   int
	full    bool
}

// parse reads a file into nodes. It returns nil after a problem that leaves
// nothing to look at.
func (l *loader) parse(data []byte) *node {
	text := strings.TrimPrefix(string(data), "\ufeff")
	if len(text) > maxFileBytes {
		l.reportAt(1, 1, "", fmt.Sprintf("the file has %d bytes, want at most %d", len(text), maxFileBytes), "")
		return nil
	}
	if open := mostOpen(text); open > maxOpen {
		l.reportAt(1, 1, "", fmt.Sprintf("%d brackets are open at once, want at most %d", open, maxOpen), "")
		return nil
	}
	file, err := parseYAML(text)
	if err != nil {
		l.syntax(err)
		return nil
	}
	r := &reader{l: l, anchors: make(map[string]ast.Node)}
	body := r.body(file)
	if body == nil {
		return &node{kind: kindMap, line: 1, col: 1}
	}
	root := r.convert(body, 0)
	if root.kind == kindNull {
		root.kind = kindMap
	}
	if root.kind != kindMap {
		l.reportAt(root.line, root.col, "", "want a block of keys, got "+root.kind.String(), "nats:, http:, connectors: … stand at the left margin")
		return nil
	}
	return root
}

// body returns what the file's one document holds, nil if that is nothing.
func (r *reader) body(file *ast.File) ast.Node {
	var body ast.Node
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if body != nil {
			line, col := place(doc.Body)
			r.l.reportAt(line, col, "", "a second document begins here, want one", `remove the line "---"`)
			break
		}
		body = doc.Body
	}
	return body
}

// parseYAML keeps a defect of the parser from ending the process.
func parseYAML(text string) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			file, err = nil, errors.New("not YAML that can be read")
		}
	}()
	return parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
}

// syntax reports what the parser says, without the lines that it would quote.
func (l *loader) syntax(err error) {
	var at yaml.Error
	if !errors.As(err, &at) {
		l.reportAt(1, 1, "", err.Error(), "")
		return
	}
	line, col := 1, 1
	if tk := at.GetToken(); tk != nil && tk.Position != nil {
		line, col = max(1, tk.Position.Line), max(1, tk.Position.Column)
	}
	msg, hint := at.GetMessage(), ""
	switch {
	case strings.Contains(msg, "'\t'"):
		msg, hint = "a tab cannot indent", "use spaces"
	case strings.Contains(msg, "reserved character"):
		hint = "put the text into quotes"
	case strings.Contains(msg, "mapping value is not allowed"):
		hint = `check the indentation, and put a text with ": " into quotes`
	case strings.Contains(msg, "must be specified"):
		hint = "put a text with brackets, braces or commas into quotes"
	}
	l.reportAt(line, col, "", "not YAML: "+msg, hint)
}

// mostOpen counts brackets roughly: those in quotes count too.
func mostOpen(text string) int {
	open, most := 0, 0
	for _, c := range []byte(text) {
		switch c {
		case '[', '{':
			open++
			most = max(most, open)
		case ']', '}':
			open = max(0, open-1)
		}
	}
	return most
}

// place returns where a value starts. A block starts at its first key.
func place(n ast.Node) (line, col int) {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		return place(m.Values[0].Key)
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		return place(m.Key)
	}
	tk := n.GetToken()
	if tk == nil || tk.Position == nil {
		return 1, 1
	}
	return max(1, tk.Position.Line), max(1, tk.Position.Column)
}

// convert makes a node of what the parser read.
func (r *reader) convert(n ast.Node, depth int) *node {
	if n == nil {
		return &node{kind: kindNull, line: 1, col: 1}
	}
	line, col := place(n)
	out := &node{line: line, col: col}
	if r.tooMuch(depth, line, col) {
		return out
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		out.kind = kindMap
		r.entries(out, n.Values, depth)
	case *ast.MappingValueNode:
		out.kind = kindMap
		r.entries(out, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		out.kind = kindList
		for _, item := range n.Values {
			out.items = append(out.items, r.convert(item, depth+1))
		}
	case *ast.AnchorNode:
		r.anchors[n.Name.GetToken().Value] = n.Value
		return r.convert(n.Value, depth+1)
	case *ast.AliasNode:
		return r.alias(n, depth)
	case *ast.TagNode:
		return r.tag(n, depth)
	default:
		r.scalar(out, n)
	}
	return out
}

// tooMuch counts a value and reports, once, that there are too many.
func (r *reader) tooMuch(depth, line, col int) bool {
	if r.nodes++; r.nodes <= maxNodes && depth <= maxDepth {
		return false
	}
	if !r.full {
		r.l.reportAt(line, col, "", fmt.Sprintf("more than %d values or %d levels", maxNodes, maxDepth), "")
	}
	r.full = true
	return true
}

func (r *reader) scalar(out *node, n ast.Node) {
	switch n := n.(type) {
	case *ast.StringNode:
		out.kind, out.text = kindString, n.Value
	case *ast.LiteralNode:
		out.kind, out.text = kindString, n.Value.Value
	case *ast.BoolNode:
		out.kind, out.text = kindBool, strconv.FormatBool(n.Value)
	case *ast.IntegerNode:
		out.kind, out.text = kindInt, fmt.Sprint(n.Value)
	case *ast.FloatNode:
		out.kind, out.text = kindFloat, strconv.FormatFloat(n.Value, 'g', -1, 64)
	case *ast.InfinityNode, *ast.NanNode:
		out.kind, out.text = kindString, n.GetToken().Value
	}
}

func (r *reader) alias(n *ast.AliasNode, depth int) *node {
	line, col := place(n)
	target, ok := r.anchors[n.Value.GetToken().Value]
	if !ok { // the name is not shown: it may be a secret that begins with a *
		r.l.reportAt(line, col, "", "an alias without an anchor before it", "put a text that begins with * into quotes")
		return &node{line: line, col: col, bad: true}
	}
	return r.convert(target, depth+1)
}

func (r *reader) tag(n *ast.TagNode, depth int) *node {
	out := r.convert(n.Value, depth+1)
	switch n.GetToken().Value {
	case "!!str":
		if out.isScalar() {
			out.kind = kindString
			if tk := n.Value.GetToken(); tk != nil && out.text == "" {
				out.text = tk.Value
			}
		}
	case "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq":
	default:
		line, col := place(n)
		r.l.reportAt(line, col, "", "this tag is not supported", "put a text that begins with ! into quotes; a secret's reference is {env: NAME}, {file: PATH} or {credential: NAME}")
		out.bad = true
	}
	return out
}

// entries adds the keys of a block, and reports those that are there twice.
func (r *reader) entries(out *node, values []*ast.MappingValueNode, depth int) {
	var merged []*node
	for _, v := range values {
		line, col := place(v.Key)
		value := r.convert(v.Value, depth+1)
		if v.Key.IsMergeKey() {
			merged = append(merged, value)
			merged = append(merged, value.items...)
			continue
		}
		key := keyText(v.Key)
		if first := out.get(key); first != nil {
			r.l.reportAt(line, col, "", fmt.Sprintf("key %q is here twice, first in line %d", clip(key), first.line), "remove one")
			continue
		}
		out.entries = append(out.entries, &entry{key: key, line: line, col: col, value: value})
	}
	for _, m := range merged {
		for _, e := range m.entries {
			if out.get(e.key) == nil {
				out.entries = append(out.entries, e)
			}
		}
	}
}

func keyText(k ast.Node) string {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value
	case *ast.MappingKeyNode:
		return keyText(k.Value)
	case *ast.AnchorNode:
		return keyText(k.Value)
	}
	if tk := k.GetToken(); tk != nil {
		return tk.Value
	}
	return ""
}
