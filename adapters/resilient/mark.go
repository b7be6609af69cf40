package resilient

import (
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// linePrefix stands before the mark where it is a line of the description.
const linePrefix = "Elastic Case: "

// markLine is the line that carries the mark.
func markLine(mark string) string { return linePrefix + mark }

// isMarkLine reports whether a line is one that carries a mark, of any case.
func isMarkLine(line string) bool {
	m, ok := strings.CutPrefix(strings.TrimSpace(line), linePrefix)
	return ok && connector.IsMark(m)
}

// withMark puts the mark's line at the end of the text, instead of any such
// line that the text has.
func withMark(text, mark string) string {
	if text = withoutMarks(text); text == "" {
		return markLine(mark)
	}
	return text + "\n\n" + markLine(mark)
}

// withoutMarks leaves out the lines that carry a mark. Those may come from a
// case's own text: whoever writes one there would have another case's incident
// taken for this one's. A text without any is returned as it is.
func withoutMarks(text string) string {
	lines := strings.Split(text, "\n")
	kept := slices.DeleteFunc(slices.Clone(lines), isMarkLine)
	if len(kept) == len(lines) {
		return text
	}
	return strings.TrimRight(strings.Join(kept, "\n"), "\r\n\t ")
}

// hasMark reports whether a line of the text is exactly the mark's.
func hasMark(text, mark string) bool {
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == markLine(mark) {
			return true
		}
	}
	return false
}

// marked reports whether the description carries the mark, in whatever form the
// API gives it.
func (c *content) marked(mark string) bool {
	return c != nil && (hasMark(c.Content, mark) || hasMark(plain(c.Content), mark))
}

// unmarked is the description without the mark's line; the markup around it
// stays.
func (c content) unmarked(mark string) content {
	for {
		before, after, found := strings.Cut(c.Content, markLine(mark))
		if !found {
			break
		}
		c.Content = trimBreaks(before) + after
	}
	if hasMark(plain(c.Content), mark) { // an editor has put tags into the line
		return newContent(c.Format, withoutMarks(c.text()))
	}
	return c
}

// trimBreaks cuts white space and line breaks off the end of HTML or text.
func trimBreaks(s string) string {
	for {
		cut := strings.TrimRight(s, " \t\r\n")
		for _, br := range []string{"<br>", "<br/>", "<br />"} {
			cut = strings.TrimSuffix(cut, br)
		}
		if cut == s {
			return s
		}
		s = cut
	}
}
