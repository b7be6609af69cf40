package mapping

import (
	"strings"
	"unicode"
)

const (
	// separator stands between the values of an appended field, as Kibana 7.x had it.
	separator = " \r\n"
	// oneLine stands between the lines of a text that a tracker keeps as one
	// line: so Kibana, and our adapter with it, makes Jira's summary.
	oneLine = ", "
)

// Join appends added to what a field has now. changed is false if it is there
// already, as the whole value or as lines of it: so a repeated append, or one
// whose answer was lost, adds nothing. Line ends, empty lines and white space
// at the ends of lines do not matter, since trackers change them.
//
// Of a field that has one line only, the parts between ", " are its lines too:
// "old \r\nnew" is "old, new" in Jira's summary. A value of people's that has
// added between commas then passes for it ("scan, phishing" has "phishing"):
// that a word is there once is better than a word more with each replay.
func Join(current, added string) (joined string, changed bool) {
	have, want := lines(current), lines(added)
	switch {
	case len(want) == 0:
		return current, false
	case len(have) == 0:
		return added, true
	case within(have, want, "\n"), len(have) == 1 && within(have, want, oneLine):
		return current, false
	}
	return current + separator + added, true
}

// within reports whether want stands in have as whole lines, one after the
// other, when sep is between them.
func within(have, want []string, sep string) bool {
	return strings.Contains(sep+strings.Join(have, sep)+sep, sep+strings.Join(want, sep)+sep)
}

// lines are the lines of s that are not empty, without white space at their
// ends.
func lines(s string) []string {
	var out []string
	for line := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if line = strings.TrimFunc(line, isSpace); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// isSpace is JavaScript's white space, which is what Kibana trims: unlike Go's
// it has U+FEFF and not U+0085.
func isSpace(r rune) bool {
	return r == '\ufeff' || r != '\u0085' && unicode.IsSpace(r)
}
