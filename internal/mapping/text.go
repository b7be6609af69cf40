package mapping

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/casepush/casepush/internal/kibana"
)

// unknown stands for a person without a name, as in Kibana.
const unknown = "Unknown"

// description is the case's description with the footer of Kibana 8.6+.
func (r *renderer) description() string {
	text := r.Case.Description + "\n\n" + r.addedBy(r.Case.UpdatedBy, r.Case.CreatedBy)
	if u := r.caseURL(); u != "" {
		text += "\nFor more details, view this case in Kibana.\nCase URL: " + u
	}
	return text
}

func (r *renderer) addedBy(updated, created *kibana.User) string {
	return "Added by " + r.name(updated, created) + "."
}

// name is who wrote something last. As in Kibana, somebody without a name is
// unknown, and only when nobody updated it does the creator count. We ourselves
// (closing a case updates it) count as nobody.
func (r *renderer) name(updated, created *kibana.User) string {
	u := updated
	if u == nil || r.isUs(u) {
		u = created
	}
	switch {
	case u == nil || r.isUs(u):
		return unknown
	case u.FullName != "":
		return u.FullName
	case u.Username != "":
		return u.Username
	}
	return unknown
}

func (r *renderer) isUs(u *kibana.User) bool {
	return r.OwnUser != "" && u.Username == r.OwnUser
}

// caseURL is where people see the case, "" without a public base URL.
func (r *renderer) caseURL() string {
	base := strings.TrimRight(r.PublicBaseURL, "/")
	if base == "" {
		return ""
	}
	if r.SpaceID != "" && r.SpaceID != "default" {
		base += "/s/" + url.PathEscape(r.SpaceID)
	}
	return base + "/app/" + app(r.Case.Owner) + "/cases/" + url.PathEscape(r.Case.ID)
}

// app is the part of Kibana that shows the cases of an owner.
func app(owner string) string {
	switch owner {
	case "securitySolution":
		return "security"
	case "observability":
		return "observability"
	default:
		return "management/insightsAndAlerting"
	}
}

// alertTotal is Kibana's comment about the number of alerts. Kibana does not
// end its first line with a full stop here.
func (r *renderer) alertTotal(n int) string {
	text := fmt.Sprintf("Elastic Alerts attached to the case: %d", n)
	if u := r.caseURL(); u != "" {
		text += "\n\nFor more details, view the alerts in Kibana\nAlerts URL: " + u + "/?tabId=alerts"
	}
	return text
}
