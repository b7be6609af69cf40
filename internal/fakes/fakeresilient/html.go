package fakeresilient

import (
	"html"
	"strings"
)

// harmless are the tags that the sanitiser lets through, without their
// attributes.
const harmless = " a b blockquote br code div em i li ol p pre s span strong u ul "

// sanitise is what the server makes of HTML: harmless tags stay, without
// attributes; script and style go with their content; in texts all that could
// be markup becomes an entity, quotes, "=", "@", "+" and "`" too.
func sanitise(source string) string {
	var b strings.Builder
	for source != "" {
		text, tag, rest := cutTag(source)
		b.WriteString(encode(html.UnescapeString(text)))
		source = rest
		name := strings.ToLower(strings.TrimPrefix(strings.TrimSuffix(tag, "/"), "/"))
		if i := strings.IndexAny(name, " \t\r\n"); i >= 0 {
			name = name[:i]
		}
		switch {
		case name == "":
		case name == "script" || name == "style":
			if end := strings.Index(strings.ToLower(source), "</"+name); end >= 0 && tag[0] != '/' {
				source = source[end:]
			}
		case !strings.Contains(harmless, " "+name+" "):
		case name == "br":
			b.WriteString("<br />")
		case tag[0] == '/':
			b.WriteString("</" + name + ">")
		default:
			b.WriteString("<" + name + ">")
		}
	}
	return b.String()
}

// cutTag cuts at the first tag; tag is what stands between its brackets.
func cutTag(source string) (text, tag, rest string) {
	for from := 0; ; {
		i := strings.IndexByte(source[from:], '<')
		if i < 0 {
			return source, "", ""
		}
		i += from
		from = i + 1
		if from < len(source) && strings.IndexByte("/!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", source[from]) >= 0 {
			end := strings.IndexByte(source[from:], '>')
			if end < 0 {
				return source, "", ""
			}
			return source[:i], source[from : from+end], source[from+end+1:]
		}
	}
}

func encode(text string) string {
	return strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "+", "&#43;", "=", "&#61;", "@", "&#64;", "`", "&#96;",
	).Replace(text)
}

// html is the text as HTML.
func (t *Text) html() string {
	if t.Format == "html" {
		return t.Content
	}
	return strings.ReplaceAll(encode(t.Content), "\n", "<br />")
}

// plain is the text without markup.
func (t *Text) plain() string {
	if t.Format != "html" {
		return t.Content
	}
	var b strings.Builder
	for source := t.Content; source != ""; {
		text, tag, rest := cutTag(source)
		b.WriteString(html.UnescapeString(text))
		switch strings.ToLower(strings.TrimSuffix(strings.TrimSpace(strings.TrimSuffix(tag, "/")), " ")) {
		case "br", "/p", "/div", "/li":
			b.WriteByte('\n')
		}
		source = rest
	}
	return b.String()
}

// keep makes the stored form of a text that was sent.
func (f *Fake) keep(t Text) *Text {
	switch {
	case t.Format == "html":
		t.Content = sanitise(t.Content)
	case f.opts.TextAsHTML:
		t = Text{"html", t.html()}
	}
	return &t
}
