package mapping

import "strings"

// separator stands between the values of an appended field, as Kibana 7.x had it.
const separator = " \r\n"

// Join appends added to what a field has now. changed is false if it is there
// already, as the whole value or as lines of it: so a repeated append, or one
// whose answer was lost, adds nothing. Line ends and white space at the ends of
// lines do not matter, since trackers change both.
func Join(current, added string) (joined string, changed bool) {
	switch want := normal(added); {
	case want == "":
		return current, false
	case normal(current) == "":
		return added, true
	case strings.Contains("\n"+normal(current)+"\n", "\n"+want+"\n"):
		return current, false
	}
	return current + separator + added, true
}

// normal is s with "\n" as its line ends and without white space at the ends
// of lines and of the whole.
func normal(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
