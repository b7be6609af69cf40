package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/casepush/casepush/internal/connector/wire"
)

// maxIdentity bounds an incident's id in bytes: it goes into URLs and into the
// ledger.
const maxIdentity = 1024

// keyPath leads to a value of an answer as lodash's get reads it: a.b, a[0].b,
// a.0.b, ["a.b"].c. A key of the outermost object that is the whole path wins.
type keyPath string

// errMissing has Kibana's words.
type errMissing keyPath

// Error names the path.
func (e errMissing) Error() string {
	return fmt.Sprintf("Response is missing the expected field: %s", string(e))
}

// identity reads an incident's id: a text or a number that is not empty.
func (p keyPath) identity(answer []byte) (string, error) {
	id, err := p.text(answer)
	switch {
	case err != nil:
		return "", err
	case id == "":
		return "", fmt.Errorf("key %q: is empty", string(p))
	case len(id) > maxIdentity:
		return "", fmt.Errorf("key %q: is longer than %d bytes", string(p), maxIdentity)
	}
	return id, nil
}

// text reads a text or a number; null is neither.
func (p keyPath) text(answer []byte) (string, error) {
	if len(answer) == 0 {
		return "", errMissing(p)
	}
	root, err := wire.DecodeAs[any](answer)
	if err != nil {
		return "", err
	}
	v, ok := p.find(root)
	if !ok {
		return "", errMissing(p)
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return numberText(v)
	}
	return "", fmt.Errorf("key %q: want a text or a number, got %s", string(p), kindOf(v))
}

// find walks from the answer to the value.
func (p keyPath) find(root any) (any, bool) {
	if o, ok := root.(map[string]any); ok {
		if v, ok := o[string(p)]; ok {
			return v, true
		}
	}
	v := root
	for _, part := range p.parts() {
		var ok bool
		switch container := v.(type) {
		case map[string]any:
			v, ok = container[part]
		case []any:
			v, ok = element(container, part)
		}
		if !ok {
			return nil, false
		}
	}
	return v, true
}

// element is the one at an index in its shortest decimal form.
func element(list []any, index string) (any, bool) {
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(list) || strconv.Itoa(i) != index {
		return nil, false
	}
	return list[i], true
}

// What a path is made of, beside names between dots and brackets.
var (
	deepPath  = regexp.MustCompile(`\.|\[(?:[^\[\]]*|"(?:[^\\"]|\\.)*"|'(?:[^\\']|\\.)*')\]`)
	inBracket = regexp.MustCompile(`^\[(?:(-?\d+(?:\.\d+)?)|"((?:[^\\"]|\\.)*)"|'((?:[^\\']|\\.)*)')\]`)
	emptyName = regexp.MustCompile(`^(?:\.|\[\])(?:\.|\[\]|$)`)
	escapes   = regexp.MustCompile(`\\(\\?)`)
)

// parts splits the path at its dots and brackets. A text in quotes inside
// brackets is one part, with \ before a quote that belongs to it. A path with
// neither is one part.
func (p keyPath) parts() []string {
	rest := string(p)
	if !deepPath.MatchString(rest) {
		return []string{rest}
	}
	var parts []string
	if rest[0] == '.' {
		parts = append(parts, "")
	}
	for rest != "" {
		end := strings.IndexAny(rest+".", ".[]")
		if end > 0 {
			parts, rest = append(parts, rest[:end]), rest[end:]
			continue
		}
		if m := inBracket.FindStringSubmatch(rest); m != nil {
			parts, rest = append(parts, m[1]+escapes.ReplaceAllString(m[2]+m[3], "$1")), rest[len(m[0]):]
			continue
		}
		if emptyName.MatchString(rest) {
			parts = append(parts, "")
		}
		rest = rest[1:]
	}
	return parts
}

// numberText writes a number as JavaScript does, but keeps every digit of a
// whole one: ids may be larger than JavaScript's numbers are exact.
func numberText(n json.Number) (string, error) {
	text := n.String()
	if strings.Trim(text, "-0123456789") == "" {
		return text, nil
	}
	f, err := n.Float64()
	if err != nil || f >= 1e21 || f <= -1e21 {
		return "", errors.New("a number that is no id")
	}
	return strconv.FormatFloat(f, 'f', -1, 64), nil
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	}
	return "an object"
}
