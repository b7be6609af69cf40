package resilient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// CountComments implements [connector.Connector]. The API lists all comments
// of an incident at once. Replies to comments are not looked at: nothing that
// we send is one.
func (r *resilient) CountComments(ctx context.Context, ref connector.Ref, cs []connector.Comment) ([]int, error) {
	const op = "count comments"
	if len(cs) == 0 {
		return nil, nil
	}
	body, err := r.send(ctx, call{
		op: op, method: http.MethodGet, path: "incidents", incident: ref.ID, suffix: "/comments",
		query: url.Values{"text_content_output_format": {"objects_no_convert"}}, reads: true,
	})
	if err != nil {
		return nil, err
	}
	have, err := decodeComments(body)
	if err != nil {
		return nil, connector.BadAnswer(op, err)
	}
	return count(have, cs), nil
}

// incidentComment is one of an incident's comments.
type incidentComment struct {
	Text    json.RawMessage `json:"text"` // {format, content}, a text, or null
	Deleted bool            `json:"is_deleted"`
}

// decodeComments reads the texts of the comments that have one. An answer
// without a list is an error: it must never pass for "no comments".
func decodeComments(body []byte) ([]content, error) {
	if !isList(body) {
		return nil, errors.New("no list of comments")
	}
	list, err := wire.DecodeAs[[]incidentComment](body)
	if err != nil {
		return nil, err
	}
	texts := make([]content, 0, len(list))
	for _, c := range list {
		text, err := decodeContent(c.Text)
		if err != nil {
			return nil, err
		}
		if text != nil && !c.Deleted {
			texts = append(texts, *text)
		}
	}
	return texts, nil
}

// isList reports whether JSON is a list.
func isList(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) }

// count says how often each text is there. One that the server keeps as HTML
// counts by its text too.
func count(have []content, cs []connector.Comment) []int {
	byDigest := map[string]int{}
	for _, c := range have {
		raw, plain := connector.Digest(c.Content), connector.Digest(c.text())
		byDigest[raw]++
		if plain != raw {
			byDigest[plain]++
		}
	}
	counts := make([]int, len(cs))
	for i, c := range cs {
		counts[i] = byDigest[c.Digest]
	}
	return counts
}
