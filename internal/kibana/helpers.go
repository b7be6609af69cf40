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

// LastUser is whom a footer names: who changed the case last, else who created
// it; nil if Kibana knows neither. own is the username of our own writes (""
// if not known): such a change does not count, so the creator is named.
func (c *Case) LastUser(own string) *User {
	if c.UpdatedBy == nil || own != "" && c.UpdatedBy.Username == own {
		return c.CreatedBy
	}
	return c.UpdatedBy
}

// AlertCount is the number of alerts attached to the case, counted as Kibana
// does: the ids over all alert attachments, an id that is there twice twice.
// It is TotalAlerts if that is larger, since newer versions list no alerts.
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

// Compare orders two states of one case: negative if a is older than b, 0 if
// nothing tells them apart. It goes by updated_at (else created_at), then by the
// decoded version. nil is older than any state.
func Compare(a, b *Case) int {
	if a == nil || b == nil {
		switch {
		case a == b:
			return 0
		case a == nil:
			return -1
		}
		return 1
	}
	if n := a.changedAt().Compare(b.changedAt().Time); n != 0 {
		return n
	}
	seqA, termA, okA := ParseVersion(a.Version)
	seqB, termB, okB := ParseVersion(b.Version)
	if !okA || !okB {
		return 0
	}
	return cmp.Or(cmp.Compare(seqA, seqB), cmp.Compare(termA, termB))
}

// Newer reports whether a is a newer state than b; see [Compare].
func Newer(a, b *Case) bool { return Compare(a, b) > 0 }

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

// CaseURL is [CaseURL] with the client's PublicBaseURL.
func (c *Client) CaseURL(space, owner, id string) string {
	return CaseURL(c.public, space, owner, id)
}

// AlertsURL is [AlertsURL] with the client's PublicBaseURL.
func (c *Client) AlertsURL(space, owner, id string) string {
	return AlertsURL(c.public, space, owner, id)
}
