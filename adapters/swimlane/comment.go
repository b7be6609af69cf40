package swimlane

import (
	"context"
	"net/http"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

const errNoCommentField wire.KibanaError = "No comment field mapped in Swimlane connector"

// AddComment implements [connector.Connector]. The text goes as rich text, as
// Kibana sends it, so it is escaped.
func (s *swimlane) AddComment(ctx context.Context, ref connector.Ref, c connector.Comment) error {
	const op = "add comment"
	to, mapped := s.settings.mapped[fieldComments]
	if !mapped {
		return connector.Unsendable(op, errNoCommentField)
	}
	body, err := commentBody(to, c.Text, time.Now())
	if err != nil {
		return connector.Unsendable(op, err)
	}
	_, err = s.send(ctx, call{op: op, method: http.MethodPost, path: s.recordPath(ref.ID, to.id, "comment"), body: body, class: httpclient.Comments})
	return s.changeRefused(ctx, op, ref, err)
}

// dateLayout is RFC 3339 with milliseconds, as JavaScript writes it.
const dateLayout = "2006-01-02T15:04:05.000Z"

func commentBody(to mappedField, text string, at time.Time) ([]byte, error) {
	return wire.Marshal(struct {
		CreatedDate string `json:"createdDate"`
		FieldID     string `json:"fieldId"`
		IsRichText  bool   `json:"isRichText"`
		Message     string `json:"message"`
	}{at.UTC().Format(dateLayout), to.id, true, escapeHTML(text)})
}
