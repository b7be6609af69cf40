package webhook

import (
	"context"
	"errors"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/mapping/template"
)

// comments reports whether comments are sent: as in Kibana, only with a URL,
// a body and a method.
func (s settings) comments() bool {
	return s.comment.url != nil && s.comment.body != nil && s.comment.method != ""
}

// AddComment implements [connector.Connector].
func (w *webhook) AddComment(ctx context.Context, ref connector.Ref, c connector.Comment) error {
	const op = "add comment"
	if !w.settings.comments() {
		return connector.Unsendable(op, errors.New("the definition has no createCommentUrl, createCommentJson or createCommentMethod"))
	}
	request, err := w.settings.comment.on(ref, template.Vars{"case": map[string]any{"comment": c.Text}})
	if err != nil {
		return connector.Unsendable(op, err)
	}
	request.op, request.class = op, httpclient.Comments
	if w.settings.idempotencyKey {
		request.idempotencyKey = commentKey(ref, c)
	}
	_, err = w.send(ctx, request)
	return err
}
