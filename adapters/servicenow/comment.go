package servicenow

import (
	"context"
	"fmt"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

// Targets of comments: the two journals of an incident.
const (
	targetWorkNotes = "work_notes"
	targetComments  = "comments" // which the customer sees
)

// AddComment implements [connector.Connector]. It sends the journal's column
// alone: unlike Kibana it does not send the whole incident again.
func (n *serviceNow) AddComment(ctx context.Context, ref connector.Ref, c connector.Comment) error {
	const op = "add comment"
	name, err := journalOf(c.Target)
	if err != nil {
		return connector.Unsendable(op, err)
	}
	fields := &wire.Object{}
	if err := n.set(fields, name, c.Text); err != nil {
		return connector.Unsendable(op, err)
	}
	return n.change(ctx, change{op: op, id: ref.ID, fields: fields, class: httpclient.Comments, always: true})
}

// journalOf is the column of a target; "" is the default.
func journalOf(target string) (string, error) {
	switch target {
	case "", targetWorkNotes:
		return targetWorkNotes, nil
	case targetComments:
		return targetComments, nil
	}
	return "", fmt.Errorf("comments to %q: want %s or %s", target, targetWorkNotes, targetComments)
}
