package swimlane

import (
	"html"
	"strings"
)

// escapeHTML makes a text show as it is in a field that holds HTML. Line ends
// stay, as Kibana sends them.
func escapeHTML(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// plainText is what people see of HTML: without tags, a line for each <br>
// and each end of a block. Of what escapeHTML made it is the text again.
func plainText(markup string) string {
	var b strings.Builder
	for {
		text, rest, isTag := strings.Cut(markup, "<")
		b.WriteString(html.UnescapeString(text))
		if !isTag {
			break
		}
		tag, after, closed := strings.Cut(rest, ">")
		if !closed { // no tag: a "<" that nobody escaped
			b.WriteString("<" + html.UnescapeString(rest))
			break
		}
		if endsLine(tag) {
			b.WriteByte('\n')
		}
		markup = after
	}
	return strings.TrimRight(b.String(), "\n")
}

func endsLine(tag string) bool {
	name, _, _ := strings.Cut(strings.ToLower(tag), " ")
	switch strings.TrimSuffix(name, "/") {
	case "br", "/p", "/div", "/li", "/h1", "/h2", "/h3", "/tr":
		return true
	}
	return false
}
