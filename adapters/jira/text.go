package jira

import (
	"strings"
	"unicode"

	"github.com/casepush/casepush/internal/connector"
)

const (
	// maxSummaryUTF16 is one less than Jira's 255, since Data Center says "must
	// be less than 255 characters".
	maxSummaryUTF16 = 254
	// maxLabelUTF16 is Jira's limit for one label.
	maxLabelUTF16 = 255
	// defaultMaxTextUTF16 is Jira's default limit for description and comment;
	// on Data Center an administrator can change it (jira.text.field.character.limit).
	defaultMaxTextUTF16 = 32767
)

// summaryLine makes one line of a title, as Kibana does: lines are trimmed,
// empty ones dropped, the rest joined with ", ". Joining may make the text
// longer, so it is cut at Jira's limit here.
func summaryLine(title string) string {
	var lines []string
	for _, line := range strings.FieldsFunc(title, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if line = strings.TrimFunc(line, isSpace); line != "" {
			lines = append(lines, line)
		}
	}
	head, _ := connector.Limit{Max: maxSummaryUTF16, Unit: connector.UTF16}.Cut(strings.Join(lines, ", "))
	return head
}

// isSpace is JavaScript's white space (\s and trim), which Kibana uses: unlike
// Go's it has U+FEFF and not U+0085.
func isSpace(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', '\u2028', '\u2029', '\ufeff':
		return true
	}
	return unicode.Is(unicode.Zs, r)
}

// labels makes labels of tags: each run of white space becomes one hyphen,
// since Jira refuses white space in a label; empty ones and repetitions are
// dropped. The mark, unless empty, comes last.
func labels(tags []string, mark string) []string {
	out := make([]string, 0, len(tags)+1)
	seen := map[string]bool{"": true, mark: true}
	for _, tag := range tags {
		if l := hyphenate(tag); !seen[l] {
			seen[l] = true
			out = append(out, l)
		}
	}
	if mark != "" {
		out = append(out, mark)
	}
	return out
}

// hyphenate makes one label, within Jira's limit.
func hyphenate(tag string) string {
	var b strings.Builder
	inSpace := false
	for _, r := range tag {
		space := isSpace(r)
		switch {
		case !space:
			b.WriteRune(r)
		case !inSpace:
			b.WriteByte('-')
		}
		inSpace = space
	}
	head, _ := connector.Limit{Max: maxLabelUTF16, Unit: connector.UTF16}.Cut(b.String())
	return head
}
