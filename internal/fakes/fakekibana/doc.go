package fakekibana

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/casepush/casepush/internal/kibana"
)

// kibanaCase is a case with all that belongs to it.
type kibanaCase struct {
	space    string
	doc      caseDoc
	comments []*commentDoc // oldest first
	actions  []actionDoc   // oldest first
}

// caseDoc is a case as Kibana writes it.
type caseDoc struct {
	ID              string       `json:"id"`
	Version         string       `json:"version"`
	Owner           string       `json:"owner"`
	Title           string       `json:"title"`
	Description     string       `json:"description"`
	Tags            []string     `json:"tags"`
	Status          string       `json:"status"`
	Severity        string       `json:"severity"`
	Category        *string      `json:"category"`
	Assignees       []any        `json:"assignees"`
	CustomFields    []any        `json:"customFields"`
	Settings        any          `json:"settings"`
	Connector       connectorDoc `json:"connector"`
	ExternalService *serviceDoc  `json:"external_service"`
	Duration        *int         `json:"duration"` // seconds
	ClosedAt        kibana.Time  `json:"closed_at"`
	ClosedBy        *userDoc     `json:"closed_by"`
	CreatedAt       kibana.Time  `json:"created_at"`
	CreatedBy       *userDoc     `json:"created_by"`
	UpdatedAt       kibana.Time  `json:"updated_at"`
	UpdatedBy       *userDoc     `json:"updated_by"`
	TotalComment    int          `json:"totalComment"`
	TotalAlerts     int          `json:"totalAlerts"`
	// Comments is nil where the answer has none.
	Comments *[]*commentDoc `json:"comments,omitempty"`
}

type connectorDoc struct {
	ID     string          `json:"id"`
	Name   string          `json:"name"`
	Type   string          `json:"type"`
	Fields json.RawMessage `json:"fields"`
}

type serviceDoc struct {
	ConnectorID   string      `json:"connector_id"`
	ConnectorName string      `json:"connector_name"`
	ExternalID    string      `json:"external_id"`
	ExternalTitle string      `json:"external_title"`
	ExternalURL   string      `json:"external_url"`
	PushedAt      kibana.Time `json:"pushed_at"`
	PushedBy      *userDoc    `json:"pushed_by"`
}

type commentDoc struct {
	ID        string          `json:"id"`
	Version   string          `json:"version"`
	Type      string          `json:"type"`
	Comment   string          `json:"comment,omitempty"` // of user comments
	AlertID   []string        `json:"alertId,omitempty"` // of alerts
	Index     []string        `json:"index,omitempty"`
	Rule      json.RawMessage `json:"rule,omitempty"`
	Owner     string          `json:"owner"`
	CreatedAt kibana.Time     `json:"created_at"`
	CreatedBy *userDoc        `json:"created_by"`
	UpdatedAt kibana.Time     `json:"updated_at"`
	UpdatedBy *userDoc        `json:"updated_by"`
	PushedAt  kibana.Time     `json:"pushed_at"`
	PushedBy  *userDoc        `json:"pushed_by"`
}

// actionDoc is a user action.
type actionDoc struct {
	ID        string      `json:"id"`
	Version   string      `json:"version"`
	Owner     string      `json:"owner"`
	Action    string      `json:"action"`
	Type      string      `json:"type"`
	Payload   any         `json:"payload"`
	CommentID *string     `json:"comment_id"`
	CreatedAt kibana.Time `json:"created_at"`
	CreatedBy *userDoc    `json:"created_by"`
	// attachment is the type of the comment, for filters.
	attachment string
}

type userDoc struct {
	Username   *string `json:"username"`
	FullName   *string `json:"full_name"`
	Email      *string `json:"email"`
	ProfileUID string  `json:"profile_uid,omitempty"`
}

// userOf turns empty texts into null. A nil user stays nil.
func userOf(u *kibana.User) *userDoc {
	if u == nil {
		return nil
	}
	return &userDoc{Username: orNull(u.Username), FullName: orNull(u.FullName), Email: orNull(u.Email), ProfileUID: u.ProfileUID}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func connectorOf(c kibana.CaseConnector) connectorDoc {
	if c.ID == "" {
		c = kibana.CaseConnector{ID: kibana.NoConnector, Name: "none", Type: ".none"}
	}
	if len(c.Fields) == 0 {
		c.Fields = json.RawMessage("null")
	}
	return connectorDoc(c)
}

// render is the answer's form of a case.
func (c *kibanaCase) render(withComments bool) caseDoc {
	doc := c.doc
	doc.TotalComment, doc.TotalAlerts = 0, 0
	comments := []*commentDoc{}
	for _, a := range c.comments {
		if a.isUser() {
			doc.TotalComment++
		}
		doc.TotalAlerts += len(a.AlertID)
		comments = append(comments, a)
	}
	if withComments {
		doc.Comments = &comments
	}
	return doc
}

func (a *commentDoc) isUser() bool { return a.Type == "user" || a.Type == "comment" }

// touch notes a change of the case. It needs the lock.
func (k *Fake) touch(c *kibanaCase, by kibana.User, at time.Time) {
	c.doc.Version = k.nextVersion()
	c.doc.UpdatedAt, c.doc.UpdatedBy = stamp(at), userOf(&by)
}

// note adds a user action. It needs the lock.
func (k *Fake) note(c *kibanaCase, by kibana.User, at time.Time, a actionDoc) {
	a.ID, a.Version, a.Owner = newUUID(), k.nextVersion(), c.doc.Owner
	a.CreatedAt, a.CreatedBy = stamp(at), userOf(&by)
	c.actions = append(c.actions, a)
}

// newUUID makes a random UUID, version 4.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
