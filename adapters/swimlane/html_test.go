package swimlane

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPlainText(t *testing.T) {
	t.Parallel()
	for markup, want := range map[string]string{
		"plain":                             "plain",
		"a &lt;b&gt; &amp; &quot;c&quot;":   `a <b> & "c"`,
		"<p>One.</p><p>Two<br/>three.</p>":  "One.\nTwo\nthree.",
		"<P class='x'>One.<BR>Two.</P>\n":   "One.\nTwo.",
		"<div>a</div><ul><li>b</li></ul>":   "a\nb",
		"<strong>bold</strong> <a href=x>l": "bold l",
		"1 < 2":                             "1 < 2",
		"<b":                                "<b",
		"":                                  "",
	} {
		if got := plainText(markup); got != want {
			t.Errorf("plainText(%q) = %q, want %q", markup, got, want)
		}
	}
}

// What is escaped shows as it was, and holds no tag.
func TestEscapedIsPlain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("ab <>&;\"'\nlgt#x3é😀"))).Draw(t, "text")
		escaped := escapeHTML(text)
		for _, r := range escaped {
			if r == '<' || r == '>' {
				t.Fatalf("escapeHTML(%q) = %q", text, escaped)
			}
		}
		// Line ends at the end are no part of a digest.
		for len(text) > 0 && text[len(text)-1] == '\n' {
			text = text[:len(text)-1]
		}
		if got := plainText(escaped); got != text {
			t.Errorf("plainText(%q) = %q, want %q", escaped, got, text)
		}
	})
}
