package jira

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// object is a JSON object that keeps the order in which its keys were first
// set, as JavaScript's objects do. A key that is set again keeps its place.
type object struct {
	keys   []string
	values map[string]json.RawMessage
}

func (o *object) set(key string, value json.RawMessage) {
	if o.values == nil {
		o.values = map[string]json.RawMessage{}
	}
	if _, there := o.values[key]; !there {
		o.keys = append(o.keys, key)
	}
	o.values[key] = value
}

// encode sets key to the JSON of v.
func (o *object) encode(key string, v any) error {
	b, err := marshal(v)
	if err != nil {
		return fmt.Errorf("field %q: %w", key, err)
	}
	o.set(key, b)
	return nil
}

// MarshalJSON writes the keys in their order.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, key := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		k, err := marshal(key)
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

// marshal encodes as JavaScript does: <, > and & stay as they are.
func marshal(v any) (json.RawMessage, error) {
	if o, ok := v.(*object); ok {
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

// errNoObject is what parseObject says of anything but a JSON object.
var errNoObject = errors.New("not a JSON object")

// parseObject reads a JSON object and keeps the order of its keys; of a key
// that occurs twice the last value counts. Values keep their text, without
// insignificant white space.
func parseObject(text []byte) (*object, error) {
	if !json.Valid(text) {
		return nil, errNoObject
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return nil, errNoObject
	}
	o := &object{}
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

// sortedObject is the object of a map, whose order is lost: sorted by key.
func sortedObject(m map[string]any) (*object, error) {
	o := &object{}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if err := o.encode(k, m[k]); err != nil {
			return nil, err
		}
	}
	return o, nil
}
