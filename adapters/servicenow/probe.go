package servicenow

import (
	"context"
	"net/http"
	"net/url"

	"github.com/casepush/casepush/internal/connector"
)

// probeMark is a correlation id that no case has.
const probeMark = "casepush-probe"

// Probe implements [connector.Connector]: with the application its health,
// which needs its roles; with the Table API a search for nothing, which shows
// that the table can be searched by correlation id. Neither shows the right to
// write: ServiceNow has no question for that.
func (n *serviceNow) Probe(ctx context.Context) error {
	const op = "probe"
	if !n.settings.tableAPI {
		return n.askHealth(ctx, op)
	}
	body, err := n.send(ctx, call{op: op, method: http.MethodGet, path: n.tablePath(), query: url.Values{
		"sysparm_query": {fieldCorrelationID + "=" + probeMark}, "sysparm_fields": {"sys_id," + fieldCorrelationID}, "sysparm_limit": {"1"},
	}})
	if err != nil {
		return err
	}
	var rows []record
	if err := n.result(body, &rows); err != nil {
		return connector.BadAnswer(op, err)
	}
	if _, err := marked(rows, probeMark); err != nil {
		return &connector.Error{Op: op, Kind: connector.Forbidden, Effect: connector.NotApplied, Err: err}
	}
	return nil
}
