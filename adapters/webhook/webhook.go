// Package webhook pushes incidents to any tracker with a REST API of JSON,
// through the URLs and Mustache templates of Kibana's "Webhook - Case
// Management" connector.
//
// README.md lists the configuration keys and where we differ from Kibana.
package webhook

import (
	"context"
	"fmt"
	"net/http"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
)

// TypeID is the connector type's id in Kibana.
const TypeID = ".cases-webhook"

// Names of the incident's fields: the variables of the templates without
// their "case.".
const (
	fieldTitle       = "title"
	fieldDescription = "description"
	fieldTags        = "tags"
	fieldID          = "id"
	fieldSeverity    = "severity"
	fieldStatus      = "status"
)

// Type returns the connector type.
func Type() connector.Type {
	return connector.Type{
		ID:   TypeID,
		Name: "Webhook - Case Management",
		Mapping: []connector.MappingRow{
			{Source: connector.Comments, Target: "comments", ActionType: connector.Append},
		},
		Format: format,
		Check:  check,
		New:    newConnector,
		TLS:    ownTLS,
	}
}

// webhook is one connector. All of it is read-only after newConnector.
type webhook struct {
	settings settings
	http     *http.Client
	// mistake is what a rehearsal found wrong with the templates that a create
	// needs after the incident exists; nil: nothing.
	mistake error
}

var _ connector.Connector = (*webhook)(nil)

func newConnector(def connector.Definition, deps connector.Dependencies) (connector.Connector, error) {
	s, r := parse(def)
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("webhook connector %q: %w", def.ID, err)
	}
	if deps.HTTP == nil {
		return nil, fmt.Errorf("webhook connector %q: no HTTP client given", def.ID)
	}
	return &webhook{settings: s, http: deps.HTTP, mistake: s.rehearse()}, nil
}

// ownTLS implements [connector.Type].TLS.
func ownTLS(def connector.Definition) (connector.TLS, error) {
	s, r := parse(def)
	if err := r.Err(); err != nil {
		return connector.TLS{}, fmt.Errorf("webhook connector %q: %w", def.ID, err)
	}
	return s.tls, nil
}

// Capabilities implements [connector.Connector]. A target is known by its
// templates alone, which neither search nor list.
func (w *webhook) Capabilities() connector.Capabilities {
	return connector.Capabilities{
		Address:     w.settings.origin,
		Idempotent:  w.settings.idempotencyKey,
		NoComments:  !w.settings.comments(),
		SettleTime:  w.settings.settleTime,
		MaxInFlight: w.settings.maxInFlight,
	}
}

// CreateIncident implements [connector.Connector]. The title is read after the
// incident exists, as Kibana reads it; a read that fails costs the title alone.
func (w *webhook) CreateIncident(ctx context.Context, id connector.CorrelationID, in connector.Incident) (connector.Ref, error) {
	const op = "create incident"
	body, err := w.settings.create.body.RenderJSON(caseVars(in))
	if err == nil {
		err = w.mistake
	}
	if err != nil {
		return connector.Ref{}, connector.Unsendable(op, err)
	}
	c := call{op: op, method: w.settings.create.method, url: w.settings.createURL, body: body}
	if w.settings.idempotencyKey {
		c.idempotencyKey = createKey(id)
	}
	answer, err := w.send(ctx, c)
	if err != nil {
		return connector.Ref{}, connector.AsError(op, err).OfCreate()
	}
	incidentID, err := w.settings.idKey.identity(answer)
	if err != nil {
		return connector.Ref{}, connector.BadReceipt(op, err)
	}
	return w.ref(incidentID, w.title(ctx, incidentID, answer)), nil
}

// UpdateIncident implements [connector.Connector]. The template needs every
// value of the case, so all of [format]'s fields must be given: they have one
// Source and travel together.
func (w *webhook) UpdateIncident(ctx context.Context, _ connector.CorrelationID, ref connector.Ref, in connector.Incident) error {
	const op = "update incident"
	if len(in.Fields) == 0 {
		return nil
	}
	if err := complete(in); err != nil {
		return connector.Unsendable(op, err)
	}
	c, err := w.settings.update.on(ref, caseVars(in))
	if err != nil {
		return connector.Unsendable(op, err)
	}
	c.op, c.class = op, httpclient.Updates
	_, err = w.send(ctx, c)
	return err
}
