package connector_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/casepush/casepush/internal/connector"
)

// TestDigestIsStable: ledgers hold digests, so they must never change.
func TestDigestIsStable(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "47DEQpj8HBQ",
		"abc":                   "ungWv48Bz-o",
		"line one\nline two":    digestOfTwoLines,
		"line one\r\nline two":  digestOfTwoLines,
		"line one\rline two":    digestOfTwoLines,
		" line one\nline two\n": digestOfTwoLines,
	} {
		if got := connector.Digest(text); got != want {
			t.Errorf("Digest(%q): %q, want %q", text, got, want)
		}
	}
}

// digestOfTwoLines: printf 'line one\nline two' | sha256sum, the first 8 bytes in base64url.
const digestOfTwoLines = "toWLA6bK5jU"

func TestDigestProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		digest := connector.Digest(text)
		if len(digest) != 11 {
			t.Fatalf("%d characters", len(digest))
		}
		back := " \n" + strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n", "\r\n") + "\t\r\n"
		if connector.Digest(back) != digest {
			t.Fatalf("%q and, as a tracker gives it back, %q differ", text, back)
		}
		if other := text + "."; connector.Digest(other) == digest {
			t.Fatalf("%q and %q have one digest", text, other)
		}
	})
}
