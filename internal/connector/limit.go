package connector

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Unit is what a tracker counts when it limits a text.
type Unit int

// Units.
const (
	Runes Unit = iota // Unicode code points
	UTF16             // UTF-16 code units, as Java and JavaScript count
	Bytes             // bytes of UTF-8
)

// Limit bounds the length of a text. The zero value is no limit.
type Limit struct {
	Max  int
	Unit Unit
}

// Cut splits s so that head fits the limit, on a character boundary; rest is
// what is left, "" if all of s fits.
func (l Limit) Cut(s string) (head, rest string) {
	if l.Max <= 0 {
		return s, ""
	}
	used := 0
	for i, r := range s {
		n := 1
		switch l.Unit {
		case UTF16:
			n = max(1, utf16.RuneLen(r))
		case Bytes:
			// An invalid byte decodes to RuneError of width 1, not RuneLen's 3.
			_, n = utf8.DecodeRuneInString(s[i:])
		}
		if used+n > l.Max {
			return s[:i], s[i:]
		}
		used += n
	}
	return s, ""
}
