package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// object is a JSON object whose path is known, so that errors can name keys.
// Keys match exactly: encoding/json's struct decoding would take "Case_ID" too.
type object struct {
	path    string // "" at the top
	members []member
}

// byteOrderMark is what PowerShell writes in front of UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// parseObject parses b, which stands at path ("" is the body).
func parseObject(b []byte, path string) (object, error) {
	b = bytes.TrimPrefix(b, byteOrderMark)
	switch {
	case len(bytes.TrimSpace(b)) == 0:
		return object{}, wrongAt(path, "is empty")
	case !json.Valid(b):
		problem := "is not valid JSON"
		var value json.RawMessage
		var syntax *json.SyntaxError
		if errors.As(json.Unmarshal(b, &value), &syntax) {
			problem += ": " + place(b, int(syntax.Offset))
		}
		return object{}, wrongAt(path, problem)
	}
	return nested(b, path)
}

// nested takes apart b, which is valid JSON, mostly because it was a part of some.
func nested(b []byte, path string) (object, error) {
	b = bytes.TrimSpace(b)
	if b[0] != '{' {
		return object{}, wrongAt(path, "is "+kindOf(b)+", not an object")
	}
	return object{path, members(b)}, nil
}

func wrongAt(path, problem string) error {
	if path == "" {
		return &MalformedError{"body", problem, `publish one JSON object per message with at least a "case_id"`}
	}
	return malformedKey(path, problem, "put a JSON object there")
}

// get returns the value of key; of several the last.
func (o object) get(key string) (json.RawMessage, bool) {
	for _, m := range slices.Backward(o.members) {
		if m.key == key {
			return m.value, true
		}
	}
	return nil, false
}

// place says where JSON goes wrong without showing it. encoding/json counts the
// wrong byte as read, so an offset of len(b) is the last byte or the end: only a
// decoder that reads a stream tells them apart.
func place(b []byte, offset int) string {
	var value json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&value); errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	before := b[:max(0, offset-1)]
	line := 1 + bytes.Count(before, []byte("\n"))
	return fmt.Sprintf("line %d, column %d", line, len(before)-bytes.LastIndexByte(before, '\n'))
}

// kindOf names the type of a JSON value by its first byte.
func kindOf(b []byte) string {
	switch b[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

func (o object) join(key string) string {
	if o.path == "" {
		return key
	}
	return o.path + "." + key
}

// raw returns the value of key, nil if it is absent or null.
func (o object) raw(key string) json.RawMessage {
	v, _ := o.get(key)
	if len(v) == 0 || v[0] == 'n' {
		return nil
	}
	return v
}

// text returns the string at key, "" if it is absent or null.
func (o object) text(key string) (string, error) {
	v := o.raw(key)
	if v == nil {
		return "", nil
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		return "", malformedKey(o.join(key), "is "+kindOf(v)+", not a string", "send a string, or leave it out")
	}
	return s, nil
}

// object returns the object at key; its members are nil if it is absent or null.
func (o object) object(key string) (object, error) {
	v := o.raw(key)
	if v == nil {
		return object{}, nil
	}
	return nested(v, o.join(key))
}
