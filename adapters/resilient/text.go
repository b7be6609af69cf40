package resilient

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"strings"
)

// content is a text as the API has it.
type content struct {
	Format  textFormat `json:"format"`
	Content string     `json:"content"`
}

// newContent writes plain text in the format.
func newContent(format textFormat, text string) content {
	if format == formatHTML {
		text = escape(text)
	}
	return content{Format: format, Content: text}
}

// text is the content without markup.
func (c content) text() string {
	if c.Format == formatHTML {
		return plain(c.Content)
	}
	return c.Content
}

// decodeContent reads {format, content}, or the text alone, whose format is
// then "". null is nil.
func decodeContent(raw json.RawMessage) (*content, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return &content{Content: text}, nil
	}
	var c content
	if raw[0] != '{' || json.Unmarshal(raw, &c) != nil {
		return nil, errors.New("a text that is neither text nor {format, content}")
	}
	return &c, nil
}

// lineBreak is a line end in our HTML.
const lineBreak = "<br>"

// escape makes HTML that shows the text: no character of it is markup, and
// lines end where they end in the text. Runs of spaces shrink when shown.
func escape(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.ReplaceAll(html.EscapeString(text), "\n", lineBreak)
}

// plain is the text of HTML, whether we, Kibana or an editor wrote it: tags are
// dropped, and a line ends where they end one. A line end in the
// source stays one, since Kibana sends texts with such ends as HTML.
func plain(source string) string {
	var b strings.Builder
	for source != "" {
		tag, before, after := nextTag(source)
		b.WriteString(strings.ReplaceAll(html.UnescapeString(before), "\u00a0", " "))
		source = after
		switch name, end := strings.CutPrefix(tag, "/"); {
		case tag == "br" || end && isBlock(name):
			b.WriteByte('\n')
			source = strings.TrimPrefix(source, "\n") // written for the source's looks
		case isBlock(name) && b.Len() > 0 && !strings.HasSuffix(b.String(), "\n"):
			b.WriteByte('\n')
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// nextTag cuts at the first tag: its name in lower case with a "/" before that
// of an end tag, what stands before it, and what after. tag is "" if there is
// none.
func nextTag(source string) (tag, before, after string) {
	for from := 0; ; {
		start := strings.IndexByte(source[from:], '<')
		if start < 0 {
			return "", source, ""
		}
		start += from
		rest := source[start+1:]
		if rest == "" || rest[0] != '/' && rest[0] != '!' && rest[0] != '?' && !isLetter(rest[0]) {
			from = start + 1 // "a < b" is no tag
			continue
		}
		end := strings.IndexByte(rest, '>')
		if end < 0 {
			return "", source, ""
		}
		name := rest[:end]
		if i := strings.IndexAny(name[1:], " \t\r\n/"); i >= 0 {
			name = name[:i+1]
		}
		return strings.ToLower(name), source[:start], rest[end+1:]
	}
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isBlock says before and after which elements a new line begins.
func isBlock(name string) bool {
	switch name {
	case "p", "div", "li", "tr", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr":
		return true
	}
	return false
}
