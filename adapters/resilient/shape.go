package resilient

import (
	"encoding/json"
	"fmt"

	"github.com/casepush/casepush/internal/connector/wire"
)

// Keys of a patch's values by the kind of field.
const (
	keyText    = "text"
	keyArea    = "textarea"
	keyID      = "id"
	keyIDs     = "ids"
	keyDate    = "date"
	keyBoolean = "boolean"
	keyObject  = "object"
)

// empty is a value that is none.
const empty = "{}"

// key is the one under which a patch has the field's values; "" if the kind is
// not one that a patch of ours can set.
func (f field) key() string {
	switch f.InputType {
	case inputText:
		return keyText
	case inputTextarea:
		return keyArea
	case inputSelect, "select_owner":
		return keyID
	case inputMultiselect, "multiselect_members":
		return keyIDs
	case "datepicker", "datetimepicker":
		return keyDate
	case "boolean":
		return keyBoolean
	case "number":
		return keyObject
	}
	return ""
}

// object is {key: v}.
func object(key string, v any) (json.RawMessage, error) {
	o := &wire.Object{}
	if err := o.Encode(key, v); err != nil {
		return nil, err
	}
	return o.MarshalJSON()
}

// shape makes the new value of a field that is no textarea. null clears it. A
// value of another kind is an error: sent as Kibana sends it, it would clear the
// field.
func (f field) shape(raw json.RawMessage) (json.RawMessage, error) {
	key := f.key()
	switch {
	case key == "":
		return nil, fmt.Errorf("cannot be updated: its input type is %q", f.InputType)
	case string(raw) == "null":
		return json.RawMessage(empty), nil
	}
	v, ok := f.typed(raw)
	if !ok {
		return nil, fmt.Errorf("want a value for the input type %q", f.InputType)
	}
	return object(key, v)
}

// old makes the old value of what the record has; one that is missing or of
// another kind is none.
func (f field) old(raw json.RawMessage) json.RawMessage {
	if f.InputType == inputTextarea {
		have, err := decodeContent(raw)
		if err != nil || have == nil {
			return json.RawMessage(`{"textarea":null}`)
		}
		have.Format = formatOf(raw)
		if o, err := object(keyArea, have); err == nil {
			return o
		}
		return json.RawMessage(empty)
	}
	if v, ok := f.typed(raw); ok {
		if o, err := object(f.key(), v); err == nil {
			return o
		}
	}
	return json.RawMessage(empty)
}

// typed reads a value of the field's kind: ids may be in objects.
func (f field) typed(raw json.RawMessage) (v any, ok bool) {
	if raw == nil || string(raw) == "null" {
		return nil, false
	}
	switch f.key() {
	case keyText:
		var s string
		return decoded(raw, &s)
	case keyID:
		return scalar(raw)
	case keyIDs:
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return nil, false
		}
		out := make([]any, len(list))
		for i, item := range list {
			if out[i], ok = scalar(item); !ok {
				return nil, false
			}
		}
		return out, true
	case keyBoolean:
		var b bool
		return decoded(raw, &b)
	case keyDate, keyObject:
		var n json.Number
		if len(raw) > 0 && raw[0] == '"' { // json.Number takes a text too
			return nil, false
		}
		return decoded(raw, &n)
	}
	return nil, false
}

// decoded reads raw into v and returns what v points to.
func decoded[T any](raw json.RawMessage, v *T) (any, bool) {
	if json.Unmarshal(raw, v) != nil {
		return nil, false
	}
	return *v, true
}

// scalar is an id: a number or a text, alone or in an object.
func scalar(raw json.RawMessage) (any, bool) {
	if len(raw) > 0 && raw[0] == '{' {
		var h struct {
			ID json.RawMessage `json:"id"`
		}
		if json.Unmarshal(raw, &h) != nil || len(h.ID) == 0 || h.ID[0] == '{' {
			return nil, false
		}
		raw = h.ID
	}
	switch {
	case len(raw) == 0 || raw[0] == '[' || raw[0] == 't' || raw[0] == 'f' || raw[0] == 'n':
		return nil, false
	}
	return raw, true
}
