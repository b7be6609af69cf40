package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Decode reads one JSON value and nothing after it; numbers that go into an
// interface keep their digits. Its error shows no data.
func Decode(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return fmt.Errorf("key %q: want %s, got %s", wrong.Field, wrong.Type, wrong.Value)
		}
		return errors.New("not the JSON that the tracker sends")
	}
	if strings.TrimSpace(string(body[dec.InputOffset():])) != "" {
		return errors.New("text after the JSON")
	}
	return nil
}

// DecodeAs is [Decode] into a new value.
func DecodeAs[T any](body []byte) (T, error) {
	var v T
	err := Decode(body, &v)
	return v, err
}
