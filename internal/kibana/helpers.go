package kibana

import (
	"cmp"
	"net/url"
	"strings"
)

const defaultSpace = "default"

// UnknownUser is the name of somebody whom Kibana does not name.
const UnknownUser = "Unknown"

// Name is how footers call a user: the full name, else the username, else
// [UnknownUser]. A missing user is unknown too. Kibana prefers the names of the
// user's profile, which are nearly always the same and need more privileges.
func (u *User) Name() string {
	if u == nil {
		return UnknownUser
	}
	return cmp.Or(u.FullName, u.Username, UnknownUser)
}

// LastUser is whom a footer names: who changed a case or comment last, else
// who created it; nil if that is not known. own is the username of our own
// writes ("" if not known): we are never named, so our change does not count
// (closing a case is one), and what we have created has nobody.
func LastUser(updated, created *User, own string) *User {
	for _, u := range []*User{updated, created} {
		if u != nil && (own == "" || u.Username != own) {
			return u
		}
	}
	return nil
}

// AlertCount is the number of alerts attached to the case: the greater of
// those listed (the ids over all alert attachments, an id that is there twice
// twice, as Kibana counts them) and TotalAlerts. Newer versions list none, and
// a snapshot may list only some, so that either alone would change with the
// way in which the case came to us.
func (c *Case) AlertCount() int {
	n := 0
	for _, a := range c.Comments {
		if a.IsAlert() {
			n += len(a.AlertID)
		}
	}
	return max(n, c.TotalAlerts)
}

// AlertsPushed reports whether Kibana has pushed the number of alerts as it is
// now, to whichever connector: there are alert attachments, and all are marked
// as pushed. Where Kibana counts alerts but lists none, it is true only if the
// case has not changed since Kibana's latest push.
func (c *Case) AlertsPushed() bool {
	listed := false
	for _, a := range c.Comments {
		if !a.IsAlert() {
			continue
		}
		if a.PushedAt.IsZero() {
			return false
		}
		listed = true
	}
	if listed || c.TotalAlerts == 0 || c.ExternalService == nil {
		return listed
	}
	// A push writes one instant into both.
	pushed := c.ExternalService.PushedAt
	return !pushed.IsZero() && !c.changedAt().After(pushed.Time)
}

// changedAt is when the case changed last; updated_at is null until the first
// change after creation.
func (c *Case) changedAt() Time {
	if c.UpdatedAt.IsZero() {
		return c.CreatedAt
	}
	return c.UpdatedAt
}

// CaseURL is where people see the case, as Kibana's footers write it; "" if
// base (server.publicBaseUrl) is "".
func CaseURL(base, space, owner, id string) string {
	base = strings.TrimRight(base, "/")
	if base == "" {
		return ""
	}
	if space != "" && space != defaultSpace {
		base += "/s/" + url.PathEscape(space)
	}
	return base + appRoute(owner) + "/cases/" + url.PathEscape(id)
}

// AlertsURL is where people see the case's alerts; "" if base is "".
func AlertsURL(base, space, owner, id string) string {
	page := CaseURL(base, space, owner, id)
	if page == "" {
		return ""
	}
	return page + "/?tabId=alerts"
}

// appRoute is the path of the application that shows an owner's cases.
func appRoute(owner string) string {
	switch owner {
	case "securitySolution":
		return "/app/security"
	case "observability":
		return "/app/observability"
	}
	return "/app/management/insightsAndAlerting"
}
