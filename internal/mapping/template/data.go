package template

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// encoding makes of a value, which stands at path, what a template prints. An
// object is not given to it: its members are.
type encoding func(path string, v any) (any, error)

// object and list are data that print as JSON. Their only method takes
// arguments: the library calls those that take none.
type (
	object map[string]any
	list   []any
)

// Format prints JSON, whatever the verb.
func (o object) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, stringify(o)) }

// Format prints JSON, whatever the verb.
func (l list) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, stringify(l)) }

// normalize makes plain data of v, with every value encoded.
func normalize(v any, path string, encode encoding, room int) (any, error) {
	if room == 0 {
		return nil, fmt.Errorf("variable %q: is nested deeper than %d", path, maxDepth)
	}
	m, ok := v.(map[string]any)
	if !ok {
		p, err := plain(v, path, room)
		if err != nil {
			return nil, err
		}
		return encode(path, p)
	}
	out := make(object, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) { // the same error every time
		p, err := normalize(m[k], strings.TrimPrefix(path+"."+k, "."), encode, room-1)
		if err != nil {
			return nil, err
		}
		out[k] = p
	}
	return out, nil
}

// plain makes of v nil, string, bool, json.Number, list or object.
func plain(v any, path string, room int) (any, error) {
	if room == 0 {
		return nil, fmt.Errorf("variable %q: is nested deeper than %d", path, maxDepth)
	}
	switch v := v.(type) {
	case nil, string, bool:
		return v, nil
	case int:
		return json.Number(strconv.Itoa(v)), nil
	case float64:
		return json.Number(strconv.FormatFloat(v, 'f', -1, 64)), nil
	case json.Number:
		if !json.Valid([]byte(v)) {
			return string(v), nil
		}
		return v, nil
	case []string:
		out := make(list, len(v))
		for i, s := range v {
			out[i] = s
		}
		return out, nil
	case []any:
		out := make(list, len(v))
		for i, item := range v {
			p, err := plain(item, path, room-1)
			if err != nil {
				return nil, err
			}
			out[i] = p
		}
		return out, nil
	case map[string]any:
		out := make(object, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			p, err := plain(v[k], path, room-1)
			if err != nil {
				return nil, err
			}
			out[k] = p
		}
		return out, nil
	}
	return nil, fmt.Errorf("variable %q: %T is no plain data", path, v)
}

// asText is the encoding of plain texts.
func asText(_ string, v any) (any, error) { return textual(v), nil }

// textual replaces, at every depth, what the library would print differently
// from mustache.js or call methods of: null and numbers.
func textual(v any) any {
	switch v := v.(type) {
	case nil:
		return ""
	case json.Number:
		if v == "0" {
			return 0 // no section for it, as in JavaScript
		}
		return string(v)
	case list:
		for i := range v {
			v[i] = textual(v[i])
		}
	case object:
		for k := range v {
			v[k] = textual(v[k])
		}
	}
	return v
}

// stringify is JSON.stringify for plain data, with the keys of objects sorted.
func stringify(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return quote(v)
	case list:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = stringify(item)
		}
		return "[" + strings.Join(items, ",") + "]"
	case object:
		members := make([]string, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			members = append(members, quote(k)+":"+stringify(v[k]))
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	return fmt.Sprint(v) // bool, number
}

// quote is JSON.stringify for a string. encoding/json would escape U+2028 and
// U+2029 as well; bytes that are no UTF-8 become U+FFFD in both.
func quote(s string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= ' ':
			b.WriteRune(r)
		default:
			if i := strings.IndexRune("\b\f\n\r\t", r); i >= 0 {
				b.WriteByte('\\')
				b.WriteByte("bfnrt"[i])
				continue
			}
			b.WriteString(`\u00`)
			b.WriteByte(hex[r>>4])
			b.WriteByte(hex[r&15])
		}
	}
	b.WriteByte('"')
	return b.String()
}
