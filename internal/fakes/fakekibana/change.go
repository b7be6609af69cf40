package fakekibana

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/kibana"
)

// defaultAnalyst writes what Go methods are not told the writer of.
func defaultAnalyst() kibana.User { return kibana.User{Username: "analyst", FullName: "Ann Alyst"} }

// AddCase stores a case in a space ("" is default), as one that a person made.
// What is empty gets a value: id, owner (cases), title, status, severity,
// connector (none), created_at, created_by. updated_at, external_service and
// comments are kept as given. It returns the stored case; an error means that
// the id exists or that the connector's fields are no JSON.
func (k *Fake) AddCase(space string, in kibana.Case) (kibana.Case, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if in.ID == "" {
		in.ID = newUUID()
	}
	if k.cases[in.ID] != nil {
		return kibana.Case{}, fmt.Errorf("fake Kibana: add case %q: it exists", in.ID)
	}
	if f := in.Connector.Fields; len(f) > 0 && !json.Valid(f) {
		return kibana.Case{}, fmt.Errorf("fake Kibana: add case %q: connector fields are no JSON", in.ID)
	}
	now := time.Now()
	c := newCase(orDefault(space, "default"), in, now)
	by := defaultAnalyst()
	if in.CreatedBy != nil {
		by = *in.CreatedBy
	}
	c.doc.CreatedBy = userOf(&by)
	k.insert(c, by, c.doc.CreatedAt.Time)
	for _, a := range in.Comments {
		k.attach(c, a, defaultAnalyst(), now)
	}
	return c.public(), nil
}

func newCase(space string, in kibana.Case, now time.Time) *kibanaCase {
	if in.CreatedAt.IsZero() {
		in.CreatedAt = stamp(now)
	}
	c := &kibanaCase{space: space, doc: caseDoc{
		ID: in.ID, Owner: orDefault(in.Owner, "cases"), Title: orDefault(in.Title, "Untitled"), Description: in.Description,
		Tags: append([]string{}, in.Tags...), Status: orDefault(in.Status, "open"), Severity: orDefault(in.Severity, "low"),
		Assignees: []any{}, CustomFields: []any{}, Settings: map[string]bool{"syncAlerts": false},
		Connector: connectorOf(in.Connector), CreatedAt: in.CreatedAt, UpdatedAt: in.UpdatedAt, UpdatedBy: userOf(in.UpdatedBy), ClosedAt: in.ClosedAt,
	}}
	if in.ExternalService != nil {
		service := serviceOf(*in.ExternalService)
		c.doc.ExternalService = &service
	}
	return c
}

func orDefault(s, preset string) string {
	if s == "" {
		return preset
	}
	return s
}

// insert stores a new case with its first user action. It needs the lock.
func (k *Fake) insert(c *kibanaCase, by kibana.User, at time.Time) {
	c.doc.Version = k.nextVersion()
	k.cases[c.doc.ID] = c
	k.order = append(k.order, c.doc.ID)
	k.note(c, by, at, actionDoc{Action: "create", Type: "create_case", Payload: map[string]any{
		"title": c.doc.Title, "description": c.doc.Description, "tags": c.doc.Tags, "status": c.doc.Status, "severity": c.doc.Severity,
		"owner": c.doc.Owner, "connector": c.doc.Connector, "settings": c.doc.Settings,
	}})
}

// Case returns a copy of a case with its comments.
func (k *Fake) Case(id string) (kibana.Case, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.cases[id]
	if c == nil {
		return kibana.Case{}, false
	}
	return c.public(), true
}

// Cases returns copies of all cases of all spaces, oldest first.
func (k *Fake) Cases() []kibana.Case {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make([]kibana.Case, 0, len(k.order))
	for _, id := range k.order {
		out = append(out, k.cases[id].public())
	}
	return out
}

// DeleteCase removes a case and reports whether it was there.
func (k *Fake) DeleteCase(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cases[id] == nil {
		return false
	}
	delete(k.cases, id)
	k.order = slices.DeleteFunc(k.order, func(other string) bool { return other == id })
	return true
}

// CaseUpdate is a change of a case; nil leaves alone.
type CaseUpdate struct {
	Title, Description, Severity, Status *string
	Tags                                 []string
	Connector                            *kibana.CaseConnector
	By                                   *kibana.User // nil is an analyst
}

// UpdateCase changes a case as a person does in Kibana and returns it. A value
// that is the same as before is not noted as a change.
func (k *Fake) UpdateCase(id string, u CaseUpdate) (kibana.Case, error) {
	return k.change(id, u.By, func(c *kibanaCase, by kibana.User, now time.Time) error {
		p := casePatch{Title: u.Title, Description: u.Description, Severity: u.Severity, Status: u.Status}
		if u.Tags != nil {
			p.Tags = &u.Tags
		}
		if u.Connector != nil {
			if f := u.Connector.Fields; len(f) > 0 && !json.Valid(f) {
				return errors.New("connector fields are no JSON")
			}
			doc := connectorOf(*u.Connector)
			p.Connector = &doc
		}
		k.applyPatch(c, p, by, now)
		return nil
	})
}

// Reopen sets the status of a case to open.
func (k *Fake) Reopen(id string) (kibana.Case, error) {
	open := "open"
	return k.UpdateCase(id, CaseUpdate{Status: &open})
}

// AddComment attaches a comment, or alerts, to a case and returns the stored
// one. What is empty gets a value: id, type (user; alert if it has alert ids),
// created_at, created_by.
func (k *Fake) AddComment(caseID string, in kibana.Comment) (kibana.Comment, error) {
	var id string
	c, err := k.change(caseID, in.CreatedBy, func(c *kibanaCase, by kibana.User, now time.Time) error {
		if in.ID != "" && c.comment(in.ID) != nil {
			return fmt.Errorf("comment %q exists", in.ID)
		}
		id = k.attach(c, in, by, now).ID
		k.touch(c, by, now)
		return nil
	})
	return pickComment(c, id), err
}

// EditComment changes the text of a comment and returns it.
func (k *Fake) EditComment(caseID, commentID, text string) (kibana.Comment, error) {
	c, err := k.change(caseID, nil, func(c *kibanaCase, by kibana.User, now time.Time) error {
		a := c.comment(commentID)
		if a == nil {
			return fmt.Errorf("no comment %q", commentID)
		}
		k.editComment(c, a, text, by, now)
		return nil
	})
	return pickComment(c, commentID), err
}

// DeleteComment removes a comment.
func (k *Fake) DeleteComment(caseID, commentID string) error {
	_, err := k.change(caseID, nil, func(c *kibanaCase, by kibana.User, now time.Time) error {
		if !k.dropComment(c, commentID, by, now) {
			return fmt.Errorf("no comment %q", commentID)
		}
		return nil
	})
	return err
}

// change runs do on a case under the lock.
func (k *Fake) change(id string, by *kibana.User, do func(*kibanaCase, kibana.User, time.Time) error) (kibana.Case, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.cases[id]
	if c == nil {
		return kibana.Case{}, fmt.Errorf("fake Kibana: change case %q: not there", id)
	}
	who := defaultAnalyst()
	if by != nil {
		who = *by
	}
	if err := do(c, who, time.Now()); err != nil {
		return kibana.Case{}, fmt.Errorf("fake Kibana: change case %q: %w", id, err)
	}
	return c.public(), nil
}

func pickComment(c kibana.Case, id string) kibana.Comment {
	for _, a := range c.Comments {
		if a.ID == id {
			return a
		}
	}
	return kibana.Comment{}
}

// comment finds an attachment.
func (c *kibanaCase) comment(id string) *commentDoc {
	for _, a := range c.comments {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// attach stores an attachment with its user action. It needs the lock.
func (k *Fake) attach(c *kibanaCase, in kibana.Comment, by kibana.User, now time.Time) *commentDoc {
	a := &commentDoc{
		ID: orDefault(in.ID, newUUID()), Version: k.nextVersion(), Type: in.Type, Comment: in.Text, AlertID: in.AlertID, Owner: c.doc.Owner,
		CreatedAt: in.CreatedAt, CreatedBy: userOf(in.CreatedBy), UpdatedAt: in.UpdatedAt, UpdatedBy: userOf(in.UpdatedBy), PushedAt: in.PushedAt,
	}
	if a.Type == "" {
		a.Type = "user"
		if len(a.AlertID) > 0 {
			a.Type = "alert"
		}
	}
	for range a.AlertID {
		a.Index = append(a.Index, ".alerts-security.alerts-default")
	}
	if a.Type == "alert" {
		a.Rule = json.RawMessage(`{"id":null,"name":null}`)
	}
	if a.CreatedAt.IsZero() {
		a.CreatedAt = stamp(now)
	}
	if a.CreatedBy == nil {
		a.CreatedBy = userOf(&by)
	}
	c.comments = append(c.comments, a)
	k.noteComment(c, a, "create", by, now)
	return a
}

// noteComment adds the user action of an attachment. It needs the lock.
func (k *Fake) noteComment(c *kibanaCase, a *commentDoc, action string, by kibana.User, now time.Time) {
	content := map[string]any{"type": a.Type, "owner": a.Owner}
	if a.isUser() {
		content["comment"] = a.Comment
	} else if len(a.AlertID) > 0 {
		content["alertId"], content["index"] = a.AlertID, a.Index
	}
	id := a.ID
	k.note(c, by, now, actionDoc{Action: action, Type: "comment", CommentID: &id, attachment: a.Type, Payload: map[string]any{"comment": content}})
}

// editComment needs the lock.
func (k *Fake) editComment(c *kibanaCase, a *commentDoc, text string, by kibana.User, now time.Time) {
	a.Comment, a.Version = text, k.nextVersion()
	a.UpdatedAt, a.UpdatedBy = stamp(now), userOf(&by)
	k.noteComment(c, a, "update", by, now)
	k.touch(c, by, now)
}

// dropComment needs the lock.
func (k *Fake) dropComment(c *kibanaCase, id string, by kibana.User, now time.Time) bool {
	a := c.comment(id)
	if a == nil {
		return false
	}
	c.comments = slices.DeleteFunc(c.comments, func(other *commentDoc) bool { return other == a })
	k.noteComment(c, a, "delete", by, now)
	k.touch(c, by, now)
	return true
}
