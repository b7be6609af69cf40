package swimlane

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

var _ connector.Deduplicator = (*swimlane)(nil)

// OtherIncidents implements [connector.Deduplicator] with the search of
// FindIncident.
func (s *swimlane) OtherIncidents(ctx context.Context, id connector.CorrelationID, keep connector.Ref) ([]connector.Ref, error) {
	found, err := s.search(ctx, "find other incidents", id.CaseID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(ref connector.Ref) bool { return isNamed(ref, keep) }), nil
}

// isNamed reports whether both mean one record: a person may have given its
// name (RA-7) instead of its id.
func isNamed(ref, given connector.Ref) bool {
	return ref.ID == given.ID || strings.EqualFold(ref.Title, given.ID) || strings.EqualFold(ref.Title, given.Title)
}

// RetireDuplicate implements [connector.Deduplicator]: a comment, and last the
// removal of the case id. The case id is what finds the duplicate again, so a
// crash before the end is made up for by the next call, which repeats nothing
// that shows. A record without it is left alone.
func (s *swimlane) RetireDuplicate(ctx context.Context, id connector.CorrelationID, keep, duplicate connector.Ref) error {
	const op = "retire duplicate"
	mark, mapped := s.settings.mapped[fieldCaseID]
	if !mapped {
		return connector.Unsendable(op, fmt.Errorf("config.mappings has no caseIdConfig"))
	}
	kept, err := s.readRecord(ctx, "read the incident to keep", keep)
	if err != nil {
		return connector.AsError("", err).OfCreate() // NotFound would speak of the duplicate
	}
	spare, err := s.readRecord(ctx, "read duplicate", duplicate)
	if err != nil {
		return err
	}
	if kept.ID == spare.ID {
		return connector.Unsendable(op, fmt.Errorf("%q and %q are one record", keep.ID, duplicate.ID))
	}
	if ours, err := spare.marked(mark, id.CaseID); err != nil || !ours {
		return nil // a record that has no case id does not show the field
	}
	if err := s.explain(ctx, id, s.ref(kept, s.app.Load()), spare); err != nil {
		return err
	}
	return s.unmark(ctx, mark, spare)
}

// explain adds a comment for people, unless it is there, or nothing can be.
func (s *swimlane) explain(ctx context.Context, id connector.CorrelationID, kept connector.Ref, spare record) error {
	to, mapped := s.settings.mapped[fieldComments]
	if !mapped {
		return nil
	}
	text := fmt.Sprintf("This record is a duplicate of %s: %s\n\n"+
		"Both were made for one case, because a request that had been given up arrived late. "+
		"%[1]s is kept up to date with the case from now on, this record is not.", kept.Title, kept.URL)
	comment := connector.Comment{
		ID: id.CaseID + "-duplicate", Source: connector.Digest(kept.ID), Digest: connector.Digest(text), Text: text,
	}
	messages, err := spare.messages(to.id)
	if err != nil {
		return connector.BadAnswer("read duplicate", err)
	}
	if count(messages, []connector.Comment{comment})[0] > 0 {
		return nil
	}
	return s.AddComment(ctx, connector.Ref{ID: spare.ID}, comment)
}

// unmark removes the case id.
func (s *swimlane) unmark(ctx context.Context, mark mappedField, spare record) error {
	const op = "take the mark off the duplicate"
	body, err := wire.Marshal(struct {
		ApplicationID string         `json:"applicationId"`
		ID            string         `json:"id"`
		Values        map[string]any `json:"values"`
	}{s.settings.appID, spare.ID, map[string]any{mark.id: nil}})
	if err != nil {
		return connector.Unsendable(op, err)
	}
	_, err = s.send(ctx, call{op: op, method: http.MethodPatch, path: s.recordPath(spare.ID), body: body, class: httpclient.Updates})
	return s.changeRefused(ctx, op, connector.Ref{ID: spare.ID}, err)
}
