package fakekibana

import (
	"slices"

	"github.com/casepush/casepush/internal/kibana"
)

// public is a copy of the case in the form of package kibana, with comments.
func (c *kibanaCase) public() kibana.Case {
	d := c.render(false)
	out := kibana.Case{
		ID: d.ID, Version: d.Version, Owner: d.Owner, Title: d.Title, Description: d.Description, Tags: slices.Clone(d.Tags),
		Status: d.Status, Severity: d.Severity, Connector: kibana.CaseConnector(d.Connector),
		CreatedAt: d.CreatedAt, CreatedBy: d.CreatedBy.public(), UpdatedAt: d.UpdatedAt, UpdatedBy: d.UpdatedBy.public(), ClosedAt: d.ClosedAt,
		TotalAlerts: d.TotalAlerts, TotalComment: d.TotalComment,
	}
	if s := d.ExternalService; s != nil {
		out.ExternalService = &kibana.ExternalService{
			ConnectorID: s.ConnectorID, ConnectorName: s.ConnectorName, ExternalID: s.ExternalID, ExternalTitle: s.ExternalTitle,
			ExternalURL: s.ExternalURL, PushedAt: s.PushedAt, PushedBy: s.PushedBy.public(),
		}
	}
	for _, a := range c.comments {
		out.Comments = append(out.Comments, a.public())
	}
	return out
}

func (a *commentDoc) public() kibana.Comment {
	return kibana.Comment{
		ID: a.ID, Version: a.Version, Type: a.Type, Text: a.Comment, AlertID: slices.Clone(a.AlertID),
		CreatedAt: a.CreatedAt, CreatedBy: a.CreatedBy.public(), UpdatedAt: a.UpdatedAt, UpdatedBy: a.UpdatedBy.public(), PushedAt: a.PushedAt,
	}
}

func (u *userDoc) public() *kibana.User {
	if u == nil {
		return nil
	}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	return &kibana.User{Username: text(u.Username), FullName: text(u.FullName), Email: text(u.Email), ProfileUID: u.ProfileUID}
}
