package jira

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// neededPermissions are the project permissions without which pushes fail, by
// Jira's keys, in the order in which a push needs them.
func neededPermissions() []string {
	return []string{"BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS"}
}

// Probe implements [connector.Connector] with what Jira says of our
// permissions in the project.
func (j *jira) Probe(ctx context.Context) error {
	const op = "probe"
	query := url.Values{"projectKey": {j.settings.projectKey}}
	if j.settings.deployment == cloud { // which requires it; Data Center tells all
		query.Set("permissions", strings.Join(neededPermissions(), ","))
	}
	body, err := j.send(ctx, call{op: op, method: http.MethodGet, path: "mypermissions", query: query, reads: true})
	if err != nil {
		return err
	}
	missing, err := missingPermissions(body)
	if err != nil {
		return connector.BadAnswer(op, err)
	}
	if len(missing) > 0 {
		return &connector.Error{
			Op: op, Kind: connector.Forbidden, Effect: connector.NotApplied,
			Err: fmt.Errorf("project %q: missing permission %s", j.settings.projectKey, strings.Join(missing, ", ")),
		}
	}
	return nil
}

// missingPermissions returns what we need and do not have. An answer that does
// not speak of a permission is an error, not a missing permission.
func missingPermissions(body []byte) ([]string, error) {
	type permission struct {
		Have *bool `json:"havePermission"`
	}
	var answer struct {
		Permissions map[string]permission `json:"permissions"`
	}
	if err := wire.Decode(body, &answer); err != nil {
		return nil, err
	}
	if answer.Permissions == nil {
		return nil, errors.New(`key "permissions": missing`)
	}
	var missing []string
	for _, key := range neededPermissions() {
		have := answer.Permissions[key].Have
		if have == nil {
			return nil, fmt.Errorf("permission %q: not mentioned", key)
		}
		if !*have {
			missing = append(missing, fmt.Sprintf("%q", key))
		}
	}
	return missing, nil
}
