package resilient

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

var _ connector.Deduplicator = (*resilient)(nil)

// OtherIncidents implements [connector.Deduplicator] with the search of
// FindIncident.
func (r *resilient) OtherIncidents(ctx context.Context, id connector.CorrelationID, keep connector.Ref) ([]connector.Ref, error) {
	found, err := r.search(ctx, "find other incidents", id.Mark())
	if err != nil {
		return nil, err
	}
	var others []connector.Ref
	for _, h := range found {
		if string(h.ID) != keep.ID {
			others = append(others, r.ref(h.incidentIdentity))
		}
	}
	return others, nil
}

// RetireDuplicate implements [connector.Deduplicator]: a comment, which is the
// link too, the closing with delivery.duplicate_resolution, and last the
// removal of the mark. The mark is what finds the duplicate again, so a crash
// before the end is made up for by the next call, which repeats nothing that
// shows. An incident without the mark is left alone.
func (r *resilient) RetireDuplicate(ctx context.Context, id connector.CorrelationID, keep, duplicate connector.Ref) error {
	kept, err := r.record(ctx, "read the incident to keep", keep, httpclient.Updates)
	if err != nil {
		return connector.AsError("", err).OfCreate() // NotFound would speak of the duplicate
	}
	spare, err := r.record(ctx, "read duplicate", duplicate, httpclient.Updates)
	if err != nil {
		return err
	}
	if keep.ID == duplicate.ID || slices.Equal(kept["id"], spare["id"]) {
		return connector.Unsendable("retire duplicate", fmt.Errorf("%q and %q are one incident", keep.ID, duplicate.ID))
	}
	marked, err := r.isMarked(spare, id.Mark())
	if err != nil {
		return connector.BadAnswer("read duplicate", err)
	}
	if !marked {
		return nil
	}
	for _, step := range []func() (bool, error){
		func() (bool, error) { return r.explain(ctx, id, keep, duplicate) },
		func() (bool, error) { return r.closeDuplicate(ctx, duplicate, keep, spare) },
	} {
		changed, err := step()
		if err == nil && changed { // the next patch needs the version that it has now
			spare, err = r.record(ctx, "read duplicate", duplicate, httpclient.Updates)
		}
		if err != nil {
			return err
		}
	}
	return r.unmark(ctx, duplicate, spare, id.Mark())
}

// explanation tells people which incident is kept.
func (r *resilient) explanation(keep connector.Ref) string {
	ref := r.ref(incidentIdentity{ID: number(keep.ID)})
	return fmt.Sprintf("This incident is a duplicate of incident %s: %s\n\n"+
		"Both were made for one case, because a request that had been given up arrived late. "+
		"Incident %[1]s is kept up to date with the case from now on, this one is not.", ref.Title, ref.URL)
}

// explain adds a comment for people, unless it is there, and reports whether it
// did.
func (r *resilient) explain(ctx context.Context, id connector.CorrelationID, keep, duplicate connector.Ref) (added bool, err error) {
	text := r.explanation(keep)
	comment := connector.Comment{
		ID: id.CaseID + "-duplicate", Source: connector.Digest(keep.ID), Digest: connector.Digest(text), Text: text,
	}
	counts, err := r.CountComments(ctx, duplicate, []connector.Comment{comment})
	if err != nil || counts[0] > 0 {
		return false, err
	}
	return true, r.AddComment(ctx, duplicate, comment)
}

// statusClosed is the plan_status of a closed incident.
const statusClosed = "C"

// closeDuplicate closes the duplicate and reports whether it did: not without
// delivery.duplicate_resolution, and not one that is closed. The API wants
// status, resolution and summary in one patch.
func (r *resilient) closeDuplicate(ctx context.Context, duplicate, keep connector.Ref, spare record) (closed bool, err error) {
	const op = "close duplicate"
	var now string
	if r.settings.duplicateResolution == 0 || json.Unmarshal(spare["plan_status"], &now) == nil && now == statusClosed {
		return false, nil
	}
	changes, err := closing(spare, r.settings.duplicateResolution, "Duplicate of incident "+keep.ID)
	if err != nil {
		return false, connector.Unsendable(op, err)
	}
	body, err := marshalPatch(spare, changes)
	if err != nil {
		return false, connector.Unsendable(op, err)
	}
	return true, r.patch(ctx, op, duplicate, body)
}

// closing are the changes that close an incident.
func closing(have record, resolution int, summary string) ([]change, error) {
	var changes []change
	for _, step := range []struct {
		f   field
		new any
	}{
		{field{Name: "plan_status", InputType: inputText}, statusClosed}, // a select that clients patch as a text
		{field{Name: "resolution_id", InputType: inputSelect, open: true}, resolution},
		{field{Name: "resolution_summary", InputType: inputTextarea}, summary},
	} {
		raw, err := wire.Marshal(step.new)
		if err != nil {
			return nil, err
		}
		c, err := step.f.change(have.value("", step.f.Name), value{json: raw, ofCase: true})
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", step.f.Name, err)
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// unmark takes the mark off: the property's value, or the line, with whatever
// else the description has by now left as it is.
func (r *resilient) unmark(ctx context.Context, duplicate connector.Ref, spare record, mark string) error {
	const op = "take the mark off the duplicate"
	c, err := r.unmarking(spare, mark)
	if err != nil {
		return connector.Unsendable(op, err)
	}
	body, err := marshalPatch(spare, []change{c})
	if err != nil {
		return connector.Unsendable(op, err)
	}
	return r.patch(ctx, op, duplicate, body)
}

func (r *resilient) unmarking(spare record, mark string) (change, error) {
	if p := r.settings.correlationProperty; p != "" {
		f := field{Name: p, InputType: inputText}
		return change{Field: fieldHandle{p}, Old: f.old(spare.value(apiProperties, p)), New: json.RawMessage(`{"text":null}`)}, nil
	}
	f, _ := kibanaField(fieldDescription)
	raw := spare.value("", fieldDescription)
	have, err := decodeContent(raw)
	if err != nil || have == nil {
		return change{}, fmt.Errorf("field %q: has no text", fieldDescription)
	}
	rest := have.unmarked(mark)
	rest.Format = formatOf(raw)
	c := change{Field: fieldHandle{fieldDescription}, Old: f.old(raw)}
	c.New, err = object(keyArea, rest)
	return c, err
}
