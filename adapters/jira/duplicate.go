package jira

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

var _ connector.Deduplicator = (*jira)(nil)

// OtherIncidents implements [connector.Deduplicator] with the search of
// FindIncident.
func (j *jira) OtherIncidents(ctx context.Context, id connector.CorrelationID, keep connector.Ref) ([]connector.Ref, error) {
	found, err := j.search(ctx, "find other incidents", id.Mark())
	if err != nil {
		return nil, err
	}
	var others []connector.Ref
	for _, issue := range found {
		if !issue.isNamed(keep) {
			others = append(others, j.ref(issue.issueIdentity))
		}
	}
	return others, nil
}

// isNamed reports whether the ref is this issue's. Its id may be a key, when a
// person gave it.
func (i issueIdentity) isNamed(ref connector.Ref) bool {
	return i.ID == ref.ID || strings.EqualFold(i.Key, ref.ID) || strings.EqualFold(i.Key, ref.Title)
}

// RetireDuplicate implements [connector.Deduplicator]: a link, a comment, the
// transition of delivery.duplicate_transition, and last the removal of the
// label. The label is what finds the duplicate again, so a crash before the
// end is made up for by the next call, which repeats nothing that shows. An
// issue without the label is left alone.
func (j *jira) RetireDuplicate(ctx context.Context, id connector.CorrelationID, keep, duplicate connector.Ref) error {
	kept, err := j.issueNow(ctx, "read the incident to keep", keep)
	if err != nil {
		return connector.AsError("", err).OfCreate() // NotFound would speak of the duplicate
	}
	spare, err := j.issueNow(ctx, "read duplicate", duplicate)
	if err != nil {
		return err
	}
	if kept.ID == spare.ID {
		return connector.Unsendable("retire duplicate", fmt.Errorf("%q and %q are one issue", keep.ID, duplicate.ID))
	}
	mark := id.Mark()
	if !slices.Contains(spare.Fields.Labels, mark) {
		return nil
	}
	if err := j.link(ctx, kept, spare); err != nil {
		return err
	}
	if err := j.explain(ctx, id, kept, spare); err != nil {
		return err
	}
	if err := j.closeDuplicate(ctx, spare); err != nil {
		return err
	}
	return j.unmark(ctx, spare, mark)
}

// issueState is what is asked of an issue before it is put right.
type issueState struct {
	issueIdentity
	Fields struct {
		Labels []string `json:"labels"`
		Status status   `json:"status"`
	} `json:"fields"`
}

func (j *jira) issueNow(ctx context.Context, op string, ref connector.Ref) (issueState, error) {
	body, err := j.send(ctx, call{
		op: op, method: http.MethodGet, reads: true,
		path: "issue", parts: []string{ref.ID}, query: url.Values{"fields": {"labels,status"}},
	})
	if err != nil {
		return issueState{}, err
	}
	var s issueState
	err = wire.Decode(body, &s)
	if err == nil && (s.ID == "" || s.Key == "") {
		err = errors.New("no id or no key")
	}
	if err != nil {
		return s, connector.BadAnswer(op, err)
	}
	return s, nil
}

// linkBody says that one issue duplicates another: what is outward of a type
// ("duplicates") leads from the inward issue to the outward one.
type linkBody struct {
	Type struct {
		Name string `json:"name"`
	} `json:"type"`
	Inward  issueKey `json:"inwardIssue"`
	Outward issueKey `json:"outwardIssue"`
}

type issueKey struct {
	Key string `json:"key"`
}

// linkType is the type of links that every Jira has at first.
const linkType = "Duplicate"

// link links the two. Jira makes no second link of the same kind. It answers
// 404 (old ones 401) where linking is switched off or not allowed, or the type
// is gone: the comment says it all, so a refusal is no error. Whatever else it
// may have meant shows at the next request.
func (j *jira) link(ctx context.Context, kept, spare issueState) error {
	const op = "link duplicate"
	link := linkBody{Inward: issueKey{spare.Key}, Outward: issueKey{kept.Key}}
	link.Type.Name = linkType
	body, err := wire.Marshal(link)
	if err != nil {
		return connector.Unsendable(op, err)
	}
	err = j.change(ctx, spare, call{op: op, method: http.MethodPost, path: "issueLink", body: body})
	if err == nil {
		return nil
	}
	switch connector.AsError(op, err).Kind {
	case connector.Rejected, connector.Unauthenticated, connector.Forbidden, connector.NotFound:
		return nil
	}
	return err
}

// explain adds a comment for people, unless it is there.
func (j *jira) explain(ctx context.Context, id connector.CorrelationID, kept, spare issueState) error {
	ref := j.ref(kept.issueIdentity)
	text := fmt.Sprintf("This issue is a duplicate of %s: %s\n\n"+
		"Both were made for one case, because a request that had been given up arrived late. "+
		"%[1]s is kept up to date with the case from now on, this issue is not.", ref.Title, ref.URL)
	comment := connector.Comment{
		ID: id.CaseID + "-duplicate", Source: connector.Digest(kept.ID), Digest: connector.Digest(text), Text: text,
	}
	spareRef := j.ref(spare.issueIdentity)
	counts, err := j.CountComments(ctx, spareRef, []connector.Comment{comment})
	if err != nil || counts[0] > 0 {
		return err
	}
	return j.AddComment(ctx, spareRef, comment)
}

// unmark takes the label off, whatever others there are by now.
func (j *jira) unmark(ctx context.Context, spare issueState, mark string) error {
	const op = "take the mark off the duplicate"
	type operation struct {
		Remove string `json:"remove"`
	}
	body, err := wire.Marshal(map[string]map[string][]operation{"update": {fieldLabels: {{mark}}}})
	if err != nil {
		return connector.Unsendable(op, err)
	}
	return j.change(ctx, spare, call{op: op, method: http.MethodPut, path: "issue", parts: []string{spare.ID}, body: body})
}

// change sends one write to the issue when it may be written to, after what is
// more urgent.
func (j *jira) change(ctx context.Context, issue issueState, c call) error {
	if err := j.throttle.wait(ctx, c.op, issue.ID); err != nil {
		return err
	}
	c.class = httpclient.Updates
	_, err := j.send(ctx, c)
	return err
}
