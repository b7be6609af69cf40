package kibana

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// maxActions bounds the user actions that are looked through: Kibana allows
// 10,000 per case (8.10 and later), and no more can be paged.
const maxActions = 10_000

// visitor looks at one user action. more is false when it has seen enough; an
// error says why the action cannot be read.
type visitor func(action) (more bool, err error)

// eachAction gives the case's user actions of one kind to visit, newest first,
// until visit has seen enough. whole is false if there were more than can be read.
func (c *Client) eachAction(ctx context.Context, space, id, kind string, visit visitor) (whole bool, err error) {
	version, err := c.release(ctx)
	if err != nil {
		return false, err
	}
	if version.atLeast(8, 7) {
		whole, err = c.findActions(ctx, space, id, kind, visit)
		if version.known() || !hasStatus(err, http.StatusNotFound) {
			return whole, err
		}
		// Kibana does not tell its version and does not know this route, so it
		// is older than 8.7, where the old route still is.
		return true, c.listActions(ctx, space, id, kind, visit)
	}
	err = c.listActions(ctx, space, id, kind, visit)
	if hasStatus(err, http.StatusNotFound) { // upgraded to 9 since we asked
		c.version.forget()
		return c.findActions(ctx, space, id, kind, visit)
	}
	return true, err
}

// findActions uses the paged route of 8.7 and later.
func (c *Client) findActions(ctx context.Context, space, id, kind string, visit visitor) (whole bool, err error) {
	seen := 0
	for page := 1; page <= maxActions/perPage; page++ {
		k := call{
			op: "read user actions", method: http.MethodGet, space: space, search: true,
			path: []string{"cases", id, "user_actions", "_find"},
			query: url.Values{
				"types": {kind}, "sortOrder": {"desc"}, "page": {strconv.Itoa(page)},
				"perPage": {strconv.Itoa(perPage)},
			},
		}
		body, err := c.do(ctx, k)
		if err != nil {
			return false, err
		}
		var answer struct {
			UserActions []action `json:"userActions"`
			Total       int      `json:"total"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return false, unreadable(k, err)
		}
		if answer.UserActions == nil {
			return false, unreadable(k, errors.New("no list of user actions in it"))
		}
		more, err := visitAll(answer.UserActions, kind, visit)
		if err != nil {
			return false, unreadable(k, err)
		}
		seen += len(answer.UserActions)
		if !more || len(answer.UserActions) == 0 || seen >= answer.Total {
			return true, nil
		}
	}
	return false, nil
}

// listActions uses the list of all actions, which 9.0 removed.
func (c *Client) listActions(ctx context.Context, space, id, kind string, visit visitor) error {
	k := call{
		op: "read user actions", method: http.MethodGet, space: space, search: true,
		path: []string{"cases", id, "user_actions"},
	}
	body, err := c.do(ctx, k)
	if err != nil {
		return err
	}
	var all []action
	if err := json.Unmarshal(body, &all); err != nil {
		return unreadable(k, err)
	}
	if all == nil {
		return unreadable(k, errors.New("no list of user actions in it"))
	}
	slices.SortStableFunc(all, func(a, b action) int { return b.At.Compare(a.At.Time) })
	if _, err := visitAll(all, kind, visit); err != nil {
		return unreadable(k, err)
	}
	return nil
}

// visitAll visits the actions of one kind. The route may give others too.
func visitAll(actions []action, kind string, visit visitor) (more bool, err error) {
	for _, a := range actions {
		if !a.is(kind) {
			continue
		}
		more, err := visit(a)
		if err != nil {
			return false, fmt.Errorf("user action of type %q: %w", kind, err)
		}
		if !more {
			return false, nil
		}
	}
	return true, nil
}
