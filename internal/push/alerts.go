package push

import (
	"context"
	"errors"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/mapping"
)

// readAlerts reads the alert documents that the type's formatter needs and the
// event did not bring.
func (a *attempt) readAlerts(ctx context.Context) *failure {
	if a.target.Type.Alerts == nil || a.state.c.Alerts != nil || a.p.Kibana == nil || a.state.c.AlertCount() == 0 {
		return nil
	}
	info, err := mapping.CaseInfo(a.mappingInput())
	if err != nil {
		return failed(StageMapping, err)
	}
	fields := a.target.Type.Alerts(info)
	if len(fields) == 0 {
		return nil
	}
	docs, err := a.p.Kibana.Alerts(ctx, a.job.Space, a.state.c.ID, fields)
	switch e := connector.AsError("read alerts", err); {
	case e == nil:
		a.state.c.Alerts = docs
		return nil
	case e.Kind == connector.NotFound:
		return nil // this Kibana does not have the case, or no alerts at all: the event is all there is
	case e.Kind == connector.Forbidden:
		// It concerns cases with alerts alone, so it must not hold all that need Kibana.
		return permanent(StageCase, ReasonForbidden, errors.Join(err, errors.New("kibana.api_key needs to read the alerts of security rules, or the case's connector fields must ask for none")))
	default:
		return failed(StageCase, err)
	}
}
