package event

import "encoding/json"

// member is one key of an object with its value, a part of the object's bytes.
type member struct {
	key   string
	value json.RawMessage
}

// members takes apart the object b, which is valid JSON and begins with its
// brace. Nothing is copied: a snapshot is large, and a few keys of it are wanted.
func members(b []byte) []member {
	out := make([]member, 0, 16)
	for i := space(b, 1); i < len(b) && b[i] != '}'; {
		end := text(b, i)
		m := member{key: name(b[i:end])}
		start := space(b, space(b, end)+1) // over the colon
		i = skip(b, start)
		m.value = b[start:i:i]
		out = append(out, m)
		if i = space(b, i); i < len(b) && b[i] == ',' {
			i = space(b, i+1)
		}
	}
	return out
}

// name decodes a key with its quotes.
func name(b []byte) string {
	for _, c := range b {
		if c == '\\' {
			var s string
			if json.Unmarshal(b, &s) == nil {
				return s
			}
		}
	}
	return string(b[1 : len(b)-1])
}

// space is the first place at or after i that is no white space.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// text is the place after the string that begins at i.
func text(b []byte, i int) int {
	for i++; i < len(b) && b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return min(i+1, len(b))
}

// skip is the place after the value that begins at i.
func skip(b []byte, i int) int {
	for depth := 0; i < len(b); {
		switch b[i] {
		case '"':
			i = text(b, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			if depth == 0 { // of the object around it
				return i
			}
			depth--
			i++
		case ',':
			if depth == 0 {
				return i
			}
			i++
		default:
			i++
			if depth == 0 && i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
				return i
			}
			continue
		}
		if depth == 0 && (b[i-1] == '"' || b[i-1] == '}' || b[i-1] == ']') {
			return i
		}
	}
	return i
}
