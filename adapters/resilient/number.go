package resilient

import (
	"encoding/json"
	"errors"
)

// number is a JSON number, or a text that holds one, as the API has ids and
// times in both forms; "" if it was null. Whether it is one is for the user to
// look at.
type number string

// UnmarshalJSON implements [json.Unmarshaler].
func (n *number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	var s string
	if json.Unmarshal(b, &s) == nil {
		*n = number(s)
		return nil
	}
	var v json.Number
	if json.Unmarshal(b, &v) != nil {
		return errors.New("want a number")
	}
	*n = number(v)
	return nil
}
