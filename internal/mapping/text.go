package mapping

import (
	"fmt"

	"github.com/casepush/casepush/internal/kibana"
)

// description is the case's description with the footer of Kibana 8.6+.
func (r *renderer) description() string {
	text := r.Case.Description + "\n\n" + r.addedBy(r.Case.UpdatedBy, r.Case.CreatedBy)
	if u := kibana.CaseURL(r.PublicBaseURL, r.SpaceID, r.Case.Owner, r.Case.ID); u != "" {
		text += "\nFor more details, view this case in Kibana.\nCase URL: " + u
	}
	return text
}

func (r *renderer) addedBy(updated, created *kibana.User) string {
	return "Added by " + kibana.LastUser(updated, created, r.OwnUser).Name() + "."
}

// alertTotal is Kibana's comment about the number of alerts. Kibana does not
// end its first line with a full stop here.
func (r *renderer) alertTotal(n int) string {
	text := fmt.Sprintf("Elastic Alerts attached to the case: %d", n)
	if u := kibana.AlertsURL(r.PublicBaseURL, r.SpaceID, r.Case.Owner, r.Case.ID); u != "" {
		text += "\n\nFor more details, view the alerts in Kibana\nAlerts URL: " + u
	}
	return text
}
