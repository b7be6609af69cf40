package swimlane

import (
	"context"
	"fmt"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// CountComments implements [connector.Connector]. A comment counts by its
// text: as it is stored, which is how Kibana's are, or as people see it, which
// is how ours and those of the editor are. Swimlane has no page of comments:
// they come with the record, all at once.
func (s *swimlane) CountComments(ctx context.Context, ref connector.Ref, cs []connector.Comment) ([]int, error) {
	const op = "count comments"
	to, mapped := s.settings.mapped[fieldComments]
	if !mapped {
		return nil, connector.Unsendable(op, errNoCommentField)
	}
	if len(cs) == 0 {
		return nil, nil
	}
	rec, err := s.readRecord(ctx, op, ref)
	if err != nil {
		return nil, err
	}
	messages, err := rec.messages(to.id)
	if err != nil {
		return nil, connector.BadAnswer(op, err)
	}
	return count(messages, cs), nil
}

// messages are the texts of a field's comments; a record without any has no
// list.
func (rec record) messages(fieldID string) ([]string, error) {
	raw := rec.Comments[fieldID]
	if len(raw) == 0 {
		return nil, nil
	}
	list, err := wire.DecodeAs[[]struct {
		Message string `json:"message"`
	}](raw)
	if err != nil {
		return nil, fmt.Errorf("comments of field %q: %w", fieldID, err)
	}
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.Message
	}
	return out, nil
}

// count counts each message once for every wanted comment that it may be.
func count(messages []string, cs []connector.Comment) []int {
	counts := make([]int, len(cs))
	for _, message := range messages {
		stored, seen := connector.Digest(message), connector.Digest(plainText(message))
		for i, c := range cs {
			if c.Digest == stored || c.Digest == seen {
				counts[i]++
			}
		}
	}
	return counts
}
