package kibanaschema

import (
	"encoding/json"
	"errors"

	"github.com/casepush/casepush/internal/secret"
)

// hide makes secrets of the valid values. Nulls are left out.
func hide(values map[string]any) (map[string]secret.String, error) {
	hidden := make(map[string]secret.String, len(values))
	for key, v := range values {
		switch v := v.(type) {
		case nil:
		case string:
			hidden[key] = secret.New(v)
		default:
			text, err := json.Marshal(v)
			if err != nil { // its text could show the value
				return nil, errors.New("encode secrets: a value is no JSON")
			}
			hidden[key] = secret.New(string(text))
		}
	}
	return hidden, nil
}

// without reports whether none of the keys has a value.
func without(values map[string]any, keys ...string) bool {
	for _, key := range keys {
		if values[key] != nil {
			return false
		}
	}
	return true
}
