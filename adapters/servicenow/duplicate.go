package servicenow

import (
	"context"
	"fmt"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

var _ connector.Deduplicator = (*serviceNow)(nil)

// OtherIncidents implements [connector.Deduplicator] with the search of
// FindIncident.
func (n *serviceNow) OtherIncidents(ctx context.Context, id connector.CorrelationID, keep connector.Ref) ([]connector.Ref, error) {
	found, err := n.search(ctx, "find other incidents", id)
	if err != nil {
		return nil, err
	}
	var others []connector.Ref
	for _, r := range found {
		if ref := n.ref(r); !sameIncident(ref, keep) {
			others = append(others, ref)
		}
	}
	return others, nil
}

// sameIncident compares with a ref whose id may be a number, when a person
// gave it.
func sameIncident(have, ref connector.Ref) bool {
	return have.ID == ref.ID || strings.EqualFold(have.Title, ref.ID)
}

// RetireDuplicate implements [connector.Deduplicator]: a work note that names
// the kept incident, then one write that closes the duplicate, if
// delivery.duplicate_state says how, and takes the mark off. These two go
// together, since closed incidents often take no more. The mark is what finds
// the duplicate again, so a crash before the end is made up for by the next
// call.
func (n *serviceNow) RetireDuplicate(ctx context.Context, id connector.CorrelationID, keep, duplicate connector.Ref) error {
	mark, err := markOf(id)
	if err != nil {
		return connector.Unsendable("retire duplicate", err)
	}
	kept, err := n.incidentNow(ctx, "read the incident to keep", keep)
	if err != nil {
		return connector.AsError("", err).OfCreate() // NotFound would speak of the duplicate
	}
	spare, err := n.incidentNow(ctx, "read duplicate", duplicate)
	if err != nil {
		return err
	}
	if kept["sys_id"] == spare["sys_id"] {
		return connector.Unsendable("retire duplicate", fmt.Errorf("%q and %q are one incident", keep.ID, duplicate.ID))
	}
	if string(spare[fieldCorrelationID]) != mark {
		return nil
	}
	if err := n.explain(ctx, id, n.ref(kept), n.ref(spare)); err != nil {
		return err
	}
	return n.retire(ctx, mark, n.ref(spare))
}

func (n *serviceNow) incidentNow(ctx context.Context, op string, ref connector.Ref) (record, error) {
	r, err := n.readRecord(ctx, op, ref.ID, readOptions{fields: []string{"sys_id", "number", fieldCorrelationID}})
	if err == nil && r["sys_id"] == "" {
		err = connector.BadAnswer(op, errNoID)
	}
	return r, err
}

// explain adds a work note for people, unless it is there.
func (n *serviceNow) explain(ctx context.Context, id connector.CorrelationID, kept, spare connector.Ref) error {
	text := fmt.Sprintf("This incident is a duplicate of %s: %s\n\n"+
		"Both were made for one case, because a request that had been given up arrived late. "+
		"%[1]s is kept up to date with the case from now on, this incident is not.", kept.Title, kept.URL)
	comment := connector.Comment{
		ID: id.CaseID + "-duplicate", Source: connector.Digest(kept.ID), Digest: connector.Digest(text), Text: text, Target: targetWorkNotes,
	}
	counts, err := n.CountComments(ctx, spare, []connector.Comment{comment})
	if err != nil || counts[0] > 0 {
		return err
	}
	return n.AddComment(ctx, spare, comment)
}

// retiredPrefix makes another text of a mark.
const retiredPrefix = "retired:"

// retire closes the duplicate and takes the mark off. An import does not copy
// empty values, so there the mark is written over instead of cleared.
func (n *serviceNow) retire(ctx context.Context, mark string, spare connector.Ref) error {
	const op = "take the mark off the duplicate"
	without := ""
	if !n.settings.tableAPI {
		without, _ = connector.Limit{Max: maxMark}.Cut(retiredPrefix + mark)
	}
	fields := &wire.Object{}
	for _, f := range []struct{ name, value string }{
		{"state", n.settings.duplicate.state},
		{"close_code", n.settings.duplicate.code},
		{"close_notes", n.settings.duplicate.notes},
		{fieldCorrelationID, without},
	} {
		if f.value == "" && f.name != fieldCorrelationID {
			continue
		}
		if err := n.set(fields, f.name, f.value); err != nil {
			return connector.Unsendable(op, err)
		}
	}
	return n.change(ctx, change{op: op, id: spare.ID, fields: fields})
}
