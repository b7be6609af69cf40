package resilient

import (
	"context"
	"net/http"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

// AddComment implements [connector.Connector]. Comments are plain text, as
// Kibana sends them: nothing in them is markup.
func (r *resilient) AddComment(ctx context.Context, ref connector.Ref, c connector.Comment) error {
	const op = "add comment"
	body, err := wire.Marshal(struct {
		Text content `json:"text"`
	}{content{Format: formatText, Content: c.Text}})
	if err != nil {
		return connector.Unsendable(op, err)
	}
	_, err = r.send(ctx, call{
		op: op, method: http.MethodPost, path: "incidents", incident: ref.ID, suffix: "/comments", body: body, class: httpclient.Comments,
	})
	return err
}
