package servicenow

import (
	"context"
	"fmt"
	"slices"

	"github.com/casepush/casepush/internal/connector"
)

// ReadIncident implements [connector.Connector]. A column that the table does
// not have is nil. Title and description are never: ServiceNow leaves out what
// the account may not read, and whoever appended to nothing would overwrite
// what is there.
func (n *serviceNow) ReadIncident(ctx context.Context, ref connector.Ref, fields []string) (connector.Incident, error) {
	const op = "read incident"
	names := fields
	if len(names) == 0 {
		names = []string{"sys_id"} // none would mean every column to ServiceNow
	}
	r, err := n.readRecord(ctx, op, ref.ID, readOptions{fields: names})
	if err != nil {
		return connector.Incident{}, err
	}
	var in connector.Incident
	for _, name := range fields {
		v, there := r[name]
		switch {
		case there:
			in.Fields = append(in.Fields, connector.Field{Name: name, Value: string(v)})
		case slices.Contains([]string{fieldShortDescription, fieldDescription}, name):
			return connector.Incident{}, &connector.Error{
				Op: op, Kind: connector.Forbidden, Effect: connector.NotApplied, Err: fmt.Errorf("column %q: the account may not read it", name),
			}
		default:
			in.Fields = append(in.Fields, connector.Field{Name: name})
		}
	}
	return in, nil
}
