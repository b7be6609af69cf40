package mapping

import (
	"strconv"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// commentLimit is the name under which limits bound comments.
const commentLimit = "comment"

// continued stands on a line of its own above every further part of a text.
// Before it stands what is continued, unless that is a comment.
const continued = "(continued)\n"

// Parts cuts a comment into as many as the tracker's limit asks for, mostly
// one. Further parts have the id's suffix "#2", "#3", … and the source of the
// whole, so that all of an edited text is sent again. It sets the digests.
func Parts(whole connector.Comment, limit connector.Limit) []connector.Comment {
	head, rest := limit.Cut(whole.Text)
	if head == "" {
		head, rest = whole.Text, "" // a limit below one character bounds nothing
	}
	texts := append([]string{head}, split(rest, continued, limit)...)
	out := make([]connector.Comment, len(texts))
	for i, text := range texts {
		part := whole
		part.Text, part.Digest = text, connector.Digest(text)
		if i > 0 {
			part.ID += "#" + strconv.Itoa(i+1)
		}
		out[i] = part
	}
	return out
}

func (r *renderer) parts(id, source, text string) []connector.Comment {
	return Parts(r.comment(id, source, text), r.Limits[commentLimit])
}

// overflow makes the comments that carry what did not fit into a field: ids
// "<case id>-title#2", "<case id>-description#2", "…#3". The first part is the
// field itself.
func (r *renderer) overflow(field connector.Source, source, rest string) []connector.Comment {
	heading := map[connector.Source]string{connector.Title: "Title ", connector.Description: "Description "}[field]
	var out []connector.Comment
	for i, part := range split(rest, heading+continued, r.Limits[commentLimit]) {
		id := r.Case.ID + "-" + string(field) + "#" + strconv.Itoa(i+2)
		out = append(out, r.comment(id, source, part))
	}
	return out
}

// split cuts text into parts that fit the limit together with the heading that
// each gets. White space alone makes no part: trackers drop it anyway. The
// heading is ASCII: its length is the same in every unit. A limit with no room
// for it is kept without it.
func split(text, heading string, limit connector.Limit) []string {
	room := limit
	if limit.Max > 0 {
		if limit.Max <= 2*len(heading) {
			heading = ""
		}
		room.Max -= len(heading)
	}
	var parts []string
	for strings.TrimSpace(text) != "" {
		head, rest := room.Cut(text)
		if head == "" {
			head, rest = text, ""
		}
		parts = append(parts, heading+head)
		text = rest
	}
	return parts
}
