package ops

import (
	"fmt"

	"github.com/casepush/casepush/internal/push"
)

// Mend says in words what a person can do about a dead letter.
func Mend(d DeadLetter) string {
	redrive := fmt.Sprintf("then: casepush dlq redrive %d", d.ID) // also what is left to say of a reason of a newer version
	switch d.Reason {
	case push.ReasonMalformed, push.ReasonTooLarge:
		return "the event stays as it is: publish a correct one, then drop this"
	case push.ReasonNoConnector, push.ReasonConnectorNotFound, push.ReasonConnectorDeleted:
		return "add the connector to the configuration, or push the case to another one; " + redrive
	case push.ReasonUnsupportedType:
		return "push the case to a connector of another type, then drop this"
	case push.ReasonCaseNotFound:
		return "look whether the case was deleted in Kibana: if so drop this; if not, correct space_id or Kibana's privileges, " + redrive
	case push.ReasonMapping, push.ReasonTemplate:
		return "correct the mapping, the template or the case's connector fields; " + redrive
	case push.ReasonHostNotAllowed:
		return "add the tracker's host to outbound.allowedHosts; " + redrive
	case push.ReasonRejected:
		return "correct what the tracker refuses, in the case or at the tracker; " + redrive
	case push.ReasonUnauthenticated:
		return "correct the connector's secrets; " + redrive
	case push.ReasonForbidden:
		return "give the connector's user the right to do it; " + redrive
	case push.ReasonIncidentMissing:
		return "the incident was deleted at the tracker. To make another or name the right one: " + ResolveCommand(d.ConnectorID, d.SpaceID, d.CaseID)
	case push.ReasonUncertain:
		return "look at the tracker, then say what is there: " + ResolveCommand(d.ConnectorID, d.SpaceID, d.CaseID)
	case push.ReasonEventExpired:
		return "publish the case again, then drop this"
	case push.ReasonRetriesExhausted:
		return "see that the tracker works again; " + redrive
	}
	return redrive
}
