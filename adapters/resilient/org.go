package resilient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
	"github.com/casepush/casepush/internal/httpclient"
)

// organization returns the id of the organization. Unless config.orgId is one,
// the key's session is asked, once, for the organization of this name, uuid or
// cloud account.
func (r *resilient) organization(ctx context.Context, class httpclient.Class) (string, error) {
	if isNumber(r.settings.orgID) {
		return r.settings.orgID, nil
	}
	if id := r.org.Load(); id != nil {
		return *id, nil
	}
	const op = "find organization"
	// Search: a 404 here says nothing of an incident.
	body, err := r.sendTo(ctx, "session", call{
		op: op, method: http.MethodGet, query: url.Values{"include_permissions": {"false"}}, class: class, search: true,
	})
	if err != nil {
		return "", err
	}
	orgs, err := decodeSession(body)
	if err != nil {
		return "", connector.BadAnswer(op, err)
	}
	id, err := choose(orgs, r.settings.orgID)
	if err != nil {
		// Forbidden, so that it holds the connector: no push can work.
		return "", &connector.Error{Op: op, Kind: connector.Forbidden, Effect: connector.NotApplied, Err: err}
	}
	r.org.Store(&id)
	return id, nil
}

// organization is one that the key's session shows.
type organization struct {
	ID           number `json:"id"`
	Name         string `json:"name"`
	UUID         string `json:"uuid"`
	CloudAccount string `json:"cloud_account"`
	Enabled      *bool  `json:"enabled"`
}

// decodeSession reads the organizations of a session. Without a list it is an
// error: it must never pass for a key that sees none.
func decodeSession(body []byte) ([]organization, error) {
	var session struct {
		Orgs []organization `json:"orgs"`
	}
	if err := wire.Decode(body, &session); err != nil {
		return nil, err
	}
	if session.Orgs == nil {
		return nil, errors.New(`key "orgs": missing`)
	}
	return session.Orgs, nil
}

// choose returns the id of the one that the text names.
func choose(orgs []organization, name string) (string, error) {
	for _, o := range orgs {
		if o.Name != name && o.UUID != name && o.CloudAccount != name {
			continue
		}
		if !isNumber(string(o.ID)) {
			return "", fmt.Errorf("organization %q: has no id", name)
		}
		if o.Enabled != nil && !*o.Enabled {
			return "", fmt.Errorf("organization %q: is disabled", name)
		}
		return string(o.ID), nil
	}
	return "", fmt.Errorf("organization %q: the API key sees none of this name, uuid or cloud account", name)
}
