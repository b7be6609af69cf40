package event

import "encoding/json"

// member finds the value of a key of the object b, which is valid JSON, without
// parsing the rest: a snapshot is large, and only its id is wanted. ok is false
// if it cannot tell, when b is no object or a key of it is written with escapes.
// The value is nil if there is no such key; of several the last counts.
func member(b []byte, key string) (value json.RawMessage, ok bool) {
	i := space(b, 0)
	if i >= len(b) || b[i] != '{' {
		return nil, false
	}
	for i = space(b, i+1); i < len(b) && b[i] != '}'; {
		end := text(b, i)
		name := b[i+1 : end-1]
		start := space(b, space(b, end)+1) // over the colon
		i = skip(b, start)
		for _, c := range name {
			if c == '\\' {
				return nil, false
			}
		}
		if string(name) == key {
			value = b[start:i]
		}
		if i = space(b, i); i < len(b) && b[i] == ',' {
			i = space(b, i+1)
		}
	}
	return value, true
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
