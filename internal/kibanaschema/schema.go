package kibanaschema

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// schema describes one value: the small part of Kibana's language of schemas
// that connectors need.
type schema interface {
	// check returns what is kept of v, a new value with its defaults, or what
	// is wrong with it. at leads to it.
	check(v any, at path) (any, *mismatch)
}

type (
	// text is any string.
	text struct{}
	// flag is a boolean, or "true" or "false" in any case.
	flag struct{}
	// literal is one string, or nil for null.
	literal struct{ value any }
	// union is the first of several that fits.
	union []schema
	// record is an object of texts with any keys, or its JSON text.
	record struct{}
	// list is a list, or its JSON text.
	list struct{ of schema }
	// object is an object with these keys and no others, or its JSON text. One
	// that is not there is like an empty one.
	object []field
	// byDefault fills in a value for one that is not there.
	byDefault struct {
		of    schema
		value any
	}
	// maybe need not be there, and is not filled in then.
	maybe struct{ of schema }
)

// field is a key of an object.
type field struct {
	key string
	of  schema
}

// choice is one of several words.
func choice(words ...string) union {
	u := make(union, 0, len(words))
	for _, w := range words {
		u = append(u, literal{w})
	}
	return u
}

// orNull may be null too.
func orNull(s schema) union { return union{s, literal{nil}} }

// nullable may be null, and is null if it is not there.
func nullable(s schema) schema { return byDefault{orNull(s), nil} }

// undefined is the value of a key that is not there.
type undefined struct{}

func isUndefined(v any) bool { return v == any(undefined{}) }

func (text) check(v any, at path) (any, *mismatch) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return nil, wrongType("string", v, at)
}

func (flag) check(v any, at path) (any, *mismatch) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case string:
		if strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
			return strings.EqualFold(v, "true"), nil
		}
	}
	return nil, wrongType("boolean", v, at)
}

func (l literal) check(v any, at path) (any, *mismatch) {
	word := "null"
	if want, ok := l.value.(string); ok {
		if given, isText := v.(string); isText && given == want {
			return want, nil
		}
		word = want
	} else if v == nil {
		return nil, nil
	}
	return nil, &mismatch{at: at, message: "expected value to equal [" + word + "]"}
}

func (u union) check(v any, at path) (any, *mismatch) {
	if isUndefined(v) {
		return nil, &mismatch{at: at, message: "expected at least one defined value but got [undefined]"}
	}
	whole := &mismatch{at: at, message: "types that failed validation:"}
	for i, s := range u {
		kept, bad := s.check(v, at)
		if bad == nil {
			return kept, nil
		}
		bad.at = slices.Insert(slices.Clone(bad.at), len(at), strconv.Itoa(i))
		whole.each = append(whole.each, bad)
	}
	return nil, whole
}

func (record) check(v any, at path) (any, *mismatch) {
	v, ok := unpack(v)
	if !ok {
		return nil, &mismatch{at: at, message: "could not parse record value from json input"}
	}
	given, ok := v.(map[string]any)
	if !ok {
		return nil, wrongType("object", v, at)
	}
	kept := make(map[string]any, len(given))
	for _, key := range slices.Sorted(maps.Keys(given)) {
		value, bad := text{}.check(given[key], at.to(key))
		if bad != nil {
			return nil, bad
		}
		kept[key] = value
	}
	return kept, nil
}

func (l list) check(v any, at path) (any, *mismatch) {
	v, ok := unpack(v)
	if !ok {
		return nil, &mismatch{at: at, message: "could not parse array value from json input"}
	}
	given, ok := v.([]any)
	if !ok {
		return nil, wrongType("array", v, at)
	}
	kept := make([]any, 0, len(given))
	for i, item := range given {
		value, bad := l.of.check(item, at.to(strconv.Itoa(i)))
		if bad != nil {
			return nil, bad
		}
		kept = append(kept, value)
	}
	return kept, nil
}

func (o object) check(v any, at path) (any, *mismatch) {
	if isUndefined(v) {
		v = map[string]any{}
	}
	v, ok := unpack(v)
	if !ok {
		return nil, &mismatch{at: at, message: "could not parse object value from json input"}
	}
	given, ok := v.(map[string]any)
	if !ok {
		return nil, &mismatch{at: at, message: "expected a plain object value, but found [" + typeName(v) + "] instead."}
	}
	rest := maps.Clone(given)
	kept := make(map[string]any, len(o))
	for _, f := range o {
		delete(rest, f.key)
		var member any = undefined{}
		if m, there := given[f.key]; there {
			member = m
		}
		value, bad := f.of.check(member, at.to(f.key))
		if bad != nil {
			return nil, bad
		}
		if !isUndefined(value) {
			kept[f.key] = value
		}
	}
	if len(rest) > 0 {
		return nil, &mismatch{at: at.to(slices.Min(slices.Collect(maps.Keys(rest)))), message: "definition for this key is missing"}
	}
	return kept, nil
}

// values checks a whole object; nil is an empty one.
func (o object) values(given map[string]any) (map[string]any, *mismatch) {
	if given == nil {
		given = map[string]any{}
	}
	v, bad := o.check(given, nil)
	kept, _ := v.(map[string]any)
	return kept, bad
}

func (d byDefault) check(v any, at path) (any, *mismatch) {
	if isUndefined(v) {
		return d.value, nil
	}
	return d.of.check(v, at)
}

func (m maybe) check(v any, at path) (any, *mismatch) {
	if isUndefined(v) {
		return v, nil
	}
	return m.of.check(v, at)
}

// unpack reads JSON text, as Kibana does wherever a text is not what it wants.
// Other values are left as they are.
func unpack(v any) (any, bool) {
	s, isText := v.(string)
	if !isText {
		return v, true
	}
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var parsed any
	if err := dec.Decode(&parsed); err != nil {
		return nil, false
	}
	_, err := dec.Token()
	return parsed, errors.Is(err, io.EOF)
}
