package wire

import (
	"encoding/json"
	"fmt"
	"net/url"
)

// Text is a field's value (connector.Field) as text; nil is an empty one.
func Text(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	}
	return "", fmt.Errorf("want a text, got %T", v)
}

// Texts is a field's value as a list of texts; nil is an empty one, and a text
// is a list of one.
func Texts(v any) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []string:
		return v, nil
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("want a list of texts, got one with %T", e)
			}
			out = append(out, s)
		}
		return out, nil
	}
	return nil, fmt.Errorf("want a list of texts, got %T", v)
}

// PathPart escapes one part of a URL's path. It is not ok if the part is
// empty or would lead to another place than below its parent.
func PathPart(part string) (escaped string, ok bool) {
	if part == "" || part == "." || part == ".." {
		return "", false
	}
	return url.PathEscape(part), true
}
