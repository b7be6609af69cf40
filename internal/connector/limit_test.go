package connector_test

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/connector"
)

func TestLimitCut(t *testing.T) {
	for _, tt := range []struct {
		limit      connector.Limit
		s          string
		head, rest string
	}{
		{connector.Limit{}, "no limit at all", "no limit at all", ""},
		{connector.Limit{Max: -1}, "x", "x", ""},
		{connector.Limit{Max: 3}, "", "", ""},
		{connector.Limit{Max: 3}, "abc", "abc", ""},
		{connector.Limit{Max: 3}, "abcd", "abc", "d"},
		{connector.Limit{Max: 3}, "a😀é漢", "a😀é", "漢"},
		{connector.Limit{Max: 3, Unit: connector.UTF16}, "a😀é漢", "a😀", "é漢"},
		{connector.Limit{Max: 2, Unit: connector.UTF16}, "a😀", "a", "😀"},
		{connector.Limit{Max: 1, Unit: connector.UTF16}, "😀", "", "😀"},
		{connector.Limit{Max: 5, Unit: connector.Bytes}, "a😀é", "a😀", "é"},
		{connector.Limit{Max: 4, Unit: connector.Bytes}, "é漢", "é", "漢"},
		{connector.Limit{Max: 2, Unit: connector.Bytes}, "漢", "", "漢"},
		{connector.Limit{Max: 2, Unit: connector.Bytes}, "\xff\xfe\xfd", "\xff\xfe", "\xfd"},
		{connector.Limit{Max: 2, Unit: connector.UTF16}, "\xff\xfe\xfd", "\xff\xfe", "\xfd"},
	} {
		if head, rest := tt.limit.Cut(tt.s); head != tt.head || rest != tt.rest {
			t.Errorf("%+v.Cut(%q): %q, %q, want %q, %q", tt.limit, tt.s, head, rest, tt.head, tt.rest)
		}
	}
}

// size counts in the limit's own unit, in another way than Cut does.
func size(unit connector.Unit, s string) int {
	switch unit {
	case connector.UTF16:
		return len(utf16.Encode([]rune(s)))
	case connector.Bytes:
		return len(s)
	}
	return utf8.RuneCountInString(s)
}

// TestLimitCutProperty: nothing is lost, the head fits, one more character
// would not, and valid text is cut into valid texts.
func TestLimitCutProperty(t *testing.T) {
	valid := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("aé漢😀\U0010ffff"))))
	broken := rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(valid, broken).Draw(t, "s")
		limit := connector.Limit{
			Max:  rapid.IntRange(1, 40).Draw(t, "max"),
			Unit: rapid.SampledFrom([]connector.Unit{connector.Runes, connector.UTF16, connector.Bytes}).Draw(t, "unit"),
		}
		head, rest := limit.Cut(s)
		if head+rest != s {
			t.Fatalf("%q + %q is not %q", head, rest, s)
		}
		if n := size(limit.Unit, head); n > limit.Max {
			t.Fatalf("head %q has %d, more than %d", head, n, limit.Max)
		}
		if rest != "" {
			_, width := utf8.DecodeRuneInString(rest)
			if n := size(limit.Unit, head+rest[:width]); n <= limit.Max {
				t.Fatalf("head %q is shorter than it must be: %q would fit", head, rest[:width])
			}
		}
		if utf8.ValidString(s) && (!utf8.ValidString(head) || !utf8.ValidString(rest)) {
			t.Fatalf("cut within a character: %q, %q", head, rest)
		}
	})
}

// TestLimitCutParts: cutting the rest again and again ends, and gives the text.
func TestLimitCutParts(t *testing.T) {
	text := strings.Repeat("aé漢😀", 10_000)
	for _, unit := range []connector.Unit{connector.Runes, connector.UTF16, connector.Bytes} {
		limit := connector.Limit{Max: 101, Unit: unit}
		var all strings.Builder
		for head, rest := limit.Cut(text); head != ""; head, rest = limit.Cut(rest) {
			all.WriteString(head)
		}
		if all.String() != text {
			t.Errorf("unit %d: the parts have %d bytes, want %d", unit, all.Len(), len(text))
		}
	}
}
