// Package wire is the JSON between adapters and trackers: bodies byte for byte
// as Kibana's JavaScript writes them, and strict reading of answers.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Object is a JSON object that keeps the order in which its keys were first
// set, as JavaScript's objects do. The zero value is empty. It is not safe for
// concurrent use.
type Object struct {
	keys   []string
	values map[string]json.RawMessage
}

// Keys returns the keys in their order.
func (o *Object) Keys() []string { return slices.Clone(o.keys) }

// Len is the number of keys.
func (o *Object) Len() int { return len(o.keys) }

// Encode sets key to the JSON of v, as [Marshal] makes it. A key that is set
// again keeps its place.
func (o *Object) Encode(key string, v any) error {
	b, err := Marshal(v)
	if err != nil {
		return fmt.Errorf("field %q: %w", key, err)
	}
	o.set(key, b)
	return nil
}

// Spread sets all keys of other, as {...o, ...other} does.
func (o *Object) Spread(other *Object) {
	for _, key := range other.keys {
		o.set(key, other.values[key])
	}
}

func (o *Object) set(key string, value json.RawMessage) {
	if o.values == nil {
		o.values = map[string]json.RawMessage{}
	}
	if _, there := o.values[key]; !there {
		o.keys = append(o.keys, key)
	}
	o.values[key] = value
}

// MarshalJSON writes the keys in their order. Inside a value that
// encoding/json encodes it is written with that package's escapes; [Marshal]
// of the object itself has none.
func (o *Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, key := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		k, err := Marshal(key)
		if err != nil {
			return nil, err
		}
		b.Write(k)
		b.WriteByte(':')
		b.Write(o.values[key])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Marshal encodes as JavaScript does: <, > and & stay as they are.
func Marshal(v any) (json.RawMessage, error) {
	if o, ok := v.(*Object); ok {
		return o.MarshalJSON() // the encoder would escape its bytes again
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// errNoObject is what ParseObject says of anything but a JSON object.
var errNoObject = errors.New("not a JSON object")

// ParseObject reads a JSON object and keeps the order of its keys; of a key
// that occurs twice the last value counts. Values keep their text, without
// insignificant white space.
func ParseObject(text []byte) (*Object, error) {
	if !json.Valid(text) {
		return nil, errNoObject
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return nil, errNoObject
	}
	o := &Object{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, errNoObject
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, errNoObject
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return nil, errNoObject
		}
		name, _ := key.(string)
		o.set(name, compact.Bytes())
	}
	return o, nil
}

// SortedObject is the object of a map, whose order is lost: sorted by key.
func SortedObject(m map[string]any) (*Object, error) {
	o := &Object{}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if err := o.Encode(k, m[k]); err != nil {
			return nil, err
		}
	}
	return o, nil
}
