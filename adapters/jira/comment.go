package jira

import (
	"context"
	"net/http"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

const (
	// propertyKey is the comment property by which we know our own comments.
	propertyKey = "casepush"
	// internalKey makes a comment internal in Jira Service Management.
	internalKey = "sd.public.comment"
)

// commentMark is the value of our comment property.
type commentMark struct {
	ID     string `json:"id"`     // the case comment's
	Source string `json:"source"` // the identity of its text
}

// AddComment implements [connector.Connector]. The comment carries a property
// with its id and source, which people do not see.
func (j *jira) AddComment(ctx context.Context, ref connector.Ref, c connector.Comment) error {
	const op = "add comment"
	body, err := j.commentBody(c)
	if err != nil {
		return connector.Unsendable(op, err)
	}
	if err := j.throttle.wait(ctx, op, ref.ID); err != nil {
		return err
	}
	_, err = j.send(ctx, call{op: op, method: http.MethodPost, path: "issue", parts: []string{ref.ID}, suffix: "/comment", body: body, class: httpclient.Comments})
	return err
}

func (j *jira) commentBody(c connector.Comment) ([]byte, error) {
	type property struct {
		Key   string `json:"key"`
		Value any    `json:"value"`
	}
	properties := []property{{propertyKey, commentMark{ID: c.ID, Source: c.Source}}}
	if j.settings.internalComments {
		properties = append(properties, property{internalKey, map[string]bool{"internal": true}})
	}
	return wire.Marshal(struct {
		Body       string     `json:"body"`
		Properties []property `json:"properties"`
	}{c.Text, properties})
}
