package fakes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// DecodeRules reads one rule or a list of rules from JSON. An unknown key is
// an error. Whether a rule makes sense is for [Faults.Add] to say.
func DecodeRules(b []byte) ([]Rule, error) {
	rules := []Rule{}
	if trimmed := bytes.TrimSpace(b); len(trimmed) > 0 && trimmed[0] == '[' {
		if err := DecodeOne(b, &rules); err != nil {
			return nil, fmt.Errorf("fault rules: %w", err)
		}
		return rules, nil
	}
	var rule Rule
	if err := DecodeOne(b, &rule); err != nil {
		return nil, fmt.Errorf("fault rule: %w", err)
	}
	return append(rules, rule), nil
}

// DecodeFaults reads lists of rules by the name of the fake from a JSON
// object: ServerOptions.Faults in a file.
func DecodeFaults(b []byte) (map[string][]Rule, error) {
	var faults map[string][]Rule
	if err := DecodeOne(b, &faults); err != nil {
		return nil, fmt.Errorf("faults: %w", err)
	}
	return faults, nil
}

// DecodeOne reads one JSON value and nothing else; an unknown key of a struct
// is an error.
func DecodeOne(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("there is no JSON value")
		}
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}
