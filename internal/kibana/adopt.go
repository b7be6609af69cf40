package kibana

import (
	"context"
	"net/http"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// ClosedSince tells when the case was last set to closed at or after since, by
// anybody: a close that is due would then undo a reopening. The zero time: it
// was not. Both are on Kibana's clock (take since from the case's updated_at).
// known is false if Kibana cannot tell.
func (c *Client) ClosedSince(ctx context.Context, space, id string, since time.Time) (at time.Time, known bool, err error) {
	known, err = c.eachAction(ctx, space, id, "status", func(a action) (bool, error) {
		status, err := a.status()
		if err != nil || a.At.Before(since) {
			return false, err
		}
		if status == StatusClosed {
			at = a.At.Time
			return false, nil
		}
		return true, nil
	})
	return at, known, err
}

// Pushed returns Kibana's latest push of the case to the connector, nil if
// there was none. There are two records of it, and the newer counts: the
// "pushed" user action, which Kibana writes last and goes by itself, and the
// case's external_service, which is all there is if Kibana failed in between.
// found is the case as just read; nil makes Pushed read it.
func (c *Client) Pushed(ctx context.Context, space, id, connectorID string, found *Case) (*ExternalService, error) {
	if found == nil {
		var err error
		if found, err = c.head(ctx, space, id); err != nil {
			return nil, err
		}
	}
	onCase := PushedInSnapshot(found, connectorID)
	version, err := c.release(ctx)
	if err != nil {
		return nil, err
	}
	if onCase != nil && !version.atLeast(8, 7) {
		return onCase, nil // there the list of actions cannot be filtered or paged
	}
	var recorded *ExternalService
	_, err = c.eachAction(ctx, space, id, "pushed", func(a action) (bool, error) {
		push, err := a.pushed()
		if err != nil {
			return false, err
		}
		if push.ConnectorID == connectorID && push.ExternalID != "" {
			recorded = push
		}
		return recorded == nil, nil
	})
	if hasStatus(err, http.StatusNotFound) {
		// Either this Kibana has no such route, or no such case: a snapshot may
		// be of another Kibana's.
		if _, gone := c.head(ctx, space, id); isKind(gone, connector.NotFound) {
			return nil, gone
		}
	}
	if err != nil {
		return nil, err
	}
	if recorded == nil || onCase != nil && onCase.PushedAt.After(recorded.PushedAt.Time) {
		return onCase, nil
	}
	return recorded, nil
}

// PushedInSnapshot is what a case alone tells of Kibana's latest push to the
// connector: its external_service if that is of the same connector, else nil.
// A later push to another connector hides it.
func PushedInSnapshot(c *Case, connectorID string) *ExternalService {
	if c == nil || c.ExternalService == nil || c.ExternalService.ExternalID == "" ||
		c.ExternalService.ConnectorID != connectorID {
		return nil
	}
	return c.ExternalService
}
