package kibana

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// maxActions bounds the user actions that are looked through: Kibana allows
// 10,000 per case (8.10 and later), and no more can be paged.
const maxActions = 10_000

// ClosedSince tells whether the case was set to closed at or after since, by
// anybody: a close that is due would then undo a reopening. since is on
// Kibana's clock (take it from the case's updated_at). known is false if Kibana
// cannot tell.
func (c *Client) ClosedSince(ctx context.Context, space, id string, since time.Time) (closed, known bool, err error) {
	known, err = c.eachAction(ctx, space, id, "status", func(a action) bool {
		if a.At.Before(since) {
			return false
		}
		closed = a.status() == StatusClosed
		return !closed
	})
	return closed, known || closed, err
}

// Pushed returns Kibana's latest push of the case to the connector, nil if
// there was none. Two records of it are compared, because Kibana writes them
// one after the other and may fail in between: the "pushed" user action and
// the case's external_service; the newer counts. found is the case as just
// read; nil makes Pushed read it.
func (c *Client) Pushed(ctx context.Context, space, id, connectorID string, found *Case) (*ExternalService, error) {
	if found == nil {
		var err error
		if found, err = c.head(ctx, space, id); err != nil {
			return nil, err
		}
	}
	var recorded *ExternalService
	_, err := c.eachAction(ctx, space, id, "pushed", func(a action) bool {
		if push := a.pushed(); push != nil && push.ConnectorID == connectorID && push.ExternalID != "" {
			recorded = push
		}
		return recorded == nil
	})
	if err != nil {
		return nil, err
	}
	own := PushedInSnapshot(found, connectorID)
	if recorded == nil || own != nil && own.PushedAt.After(recorded.PushedAt.Time) {
		return own, nil
	}
	return recorded, nil
}

// PushedInSnapshot is what a snapshot alone tells of Kibana's latest push to the
// connector: its external_service if that is of the same connector, else nil.
// An earlier push to this connector may be hidden by one to another.
func PushedInSnapshot(c *Case, connectorID string) *ExternalService {
	if c == nil || c.ExternalService == nil || c.ExternalService.ExternalID == "" ||
		c.ExternalService.ConnectorID != connectorID {
		return nil
	}
	return c.ExternalService
}

// eachAction gives the case's user actions of one type to visit, newest first,
// until visit returns false. whole is true if visit ended it or saw them all.
func (c *Client) eachAction(ctx context.Context, space, id, kind string, visit func(action) bool) (whole bool, err error) {
	version, err := c.release(ctx)
	if err != nil {
		return false, err
	}
	if !version.atLeast(8, 7) {
		return true, c.eachOldAction(ctx, space, id, kind, visit)
	}
	whole, err = c.eachNewAction(ctx, space, id, kind, visit)
	if isKind(err, connector.NotFound) && !version.known() {
		// Kibana does not tell its version and does not know this route, so it
		// is older than 8.7, where the old route still is.
		return true, c.eachOldAction(ctx, space, id, kind, visit)
	}
	return whole, err
}

func (c *Client) eachNewAction(ctx context.Context, space, id, kind string, visit func(action) bool) (whole bool, err error) {
	size := perPage
	for page := 1; page <= maxActions/perPage; page++ {
		k := call{op: "read user actions", method: http.MethodGet, space: space,
			path: []string{"cases", id, "user_actions", "_find"},
			query: url.Values{"types": {kind}, "sortOrder": {"desc"}, "page": {strconv.Itoa(page)},
				"perPage": {strconv.Itoa(perPage)}}}
		body, err := c.do(ctx, k)
		if err != nil {
			return false, err
		}
		var answer struct {
			UserActions []action `json:"userActions"`
			PerPage     int      `json:"perPage"`
			Total       int      `json:"total"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return false, unreadable(k, err)
		}
		if answer.PerPage > 0 {
			size = answer.PerPage
		}
		for _, a := range answer.UserActions {
			if a.is(kind) && !visit(a) {
				return true, nil
			}
		}
		if len(answer.UserActions) == 0 || page*size >= answer.Total {
			return true, nil
		}
	}
	return false, nil
}

// eachOldAction uses the list that 9.0 removed.
func (c *Client) eachOldAction(ctx context.Context, space, id, kind string, visit func(action) bool) error {
	k := call{op: "read user actions", method: http.MethodGet, space: space, path: []string{"cases", id, "user_actions"}}
	body, err := c.do(ctx, k)
	if err != nil {
		return err
	}
	var all []action
	if err := json.Unmarshal(body, &all); err != nil {
		return unreadable(k, err)
	}
	slices.SortStableFunc(all, func(a, b action) int { return b.At.Compare(a.At.Time) })
	for _, a := range all {
		if a.is(kind) && !visit(a) {
			break
		}
	}
	return nil
}
