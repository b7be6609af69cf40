package fakes

import (
	"strconv"
	"unicode/utf16"
)

// IntParameter reads a number of a query that is not negative; "" is preset.
func IntParameter(s string, preset int) (int, error) {
	if s == "" {
		return preset, nil
	}
	n, err := strconv.ParseUint(s, 10, 31)
	return int(n), err
}

// UTF16Len is the length of s in UTF-16 units: how Java and JavaScript count.
func UTF16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}
